"""Hashed collections as the class library probes them.

Their layouts are the library's own (`firmware/kernel`), but for MethodDictionary, which the virtual machine reads too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hardtalk.image.objects import ImageObject, ObjectMemory, Value
from hardtalk.vm import object_format as of

SMALLEST_METHOD_CAPACITY = 4


def method_dictionary_capacity(count: int) -> int:
    """A power of two of which at most three quarters are used, so a probe always finds a nil."""
    capacity = SMALLEST_METHOD_CAPACITY
    while capacity * 3 < count * 4:
        capacity *= 2
    return capacity


def method_dictionary_slots(
    memory: ObjectMemory, array_class: ImageObject, nil: ImageObject, methods: Mapping[ImageObject, ImageObject]
) -> list[Value]:
    """The slots of a MethodDictionary: tally, Array of methods, keys."""
    capacity = method_dictionary_capacity(len(methods))
    keys: list[Value] = [nil] * capacity
    values: list[Value] = [nil] * capacity
    for selector, method in methods.items():
        index = probe(keys, nil, selector.identity_hash & capacity - 1)
        keys[index] = selector
        values[index] = method
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
    """The array of a HashedCollection whose elements have these hashes; at least a quarter of it is nil."""
    table: list[Value] = [nil] * max(5, (len(elements) * 4 + 2) // 3 + 1)
    for key_hash, element in elements:
        table[probe(table, nil, key_hash)] = element
    return memory.add(array_class, of.FORMATS["FormatIndexable"], table)
