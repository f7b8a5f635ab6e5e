"""Hashed collections as the class library probes them.

Their layouts are the library's own (`firmware/kernel`), but for MethodDictionary, which the virtual machine reads too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hardtalk.image.objects import ImageObject, ObjectMemory, Value
from hardtalk.vm import object_format as of

SMALLEST_METHOD_CAPACITY = 4
LONGEST_CHAIN = 12
"""Of a dictionary by identity, as it is built. The board may add a few keys before it grows."""


def method_keys(selectors: Iterable[ImageObject], nil: ImageObject) -> list[Value]:
    """The keys of a method dictionary: as many as a power of two, of which at most three quarters are used."""
    wanted = list(selectors)
    capacity = SMALLEST_METHOD_CAPACITY
    while capacity * 3 < len(wanted) * 4 or (keys := _placed(wanted, capacity, nil)) is None:
        capacity *= 2
    return keys


def _placed(selectors: Sequence[ImageObject], capacity: int, nil: ImageObject) -> list[Value] | None:
    """The selectors in a table of that capacity; None when one would be too far from where its search starts."""
    keys: list[Value] = [nil] * capacity
    for selector in selectors:
        start = selector.identity_hash & capacity - 1
        index = probe(keys, nil, start)
        if (index - start) % capacity >= of.PROBE_LIMIT:
            return None
        keys[index] = selector
    return keys


def method_dictionary_slots(
    memory: ObjectMemory, array_class: ImageObject, nil: ImageObject, methods: Mapping[ImageObject, ImageObject]
) -> list[Value]:
    """The slots of a MethodDictionary: tally, Array of methods, keys."""
    keys = method_keys(methods, nil)
    values = [methods[key] if isinstance(key, ImageObject) and key is not nil else nil for key in keys]
    array = memory.add(array_class, of.FORMATS["FormatIndexable"], values)
    return [len(methods), array, *keys]


def probe(table: Sequence[Value], nil: ImageObject, start: int) -> int:
    """The first free index from `start`, linearly and around."""
    index = start % len(table)
    while table[index] is not nil:
        index = (index + 1) % len(table)
    return index


def hashed_array(
    memory: ObjectMemory, array_class: ImageObject, nil: ImageObject, elements: Sequence[tuple[int, ImageObject]]
) -> ImageObject:
    """The array of a HashedCollection whose elements have these hashes; half of it is nil: chains are short."""
    return memory.add(array_class, of.FORMATS["FormatIndexable"], _spread(elements, max(5, len(elements) * 2 + 1), nil))


def identity_array(
    memory: ObjectMemory, array_class: ImageObject, nil: ImageObject, elements: Sequence[tuple[int, ImageObject]]
) -> ImageObject:
    """The same by identity hashes. They are given out in even steps, which in a table of an unlucky length lie side by
    side; then it is a little longer."""
    smallest = max(5, len(elements) * 2 + 1)
    for size in range(smallest, 2 * smallest):
        table = _spread(elements, size, nil)
        if _longest_chain(table, nil) <= LONGEST_CHAIN:
            break
    return memory.add(array_class, of.FORMATS["FormatIndexable"], table)


def _spread(elements: Sequence[tuple[int, ImageObject]], size: int, nil: ImageObject) -> list[Value]:
    table: list[Value] = [nil] * size
    for key_hash, element in elements:
        table[probe(table, nil, key_hash)] = element
    return table


def _longest_chain(table: Sequence[Value], nil: ImageObject) -> int:
    """The most places side by side, around the end too, that are not free."""
    longest = length = 0
    for value in (*table, *table):
        length = 0 if value is nil else length + 1
        longest = max(longest, length)
    return longest
