"""Classes and compiled methods of a firmware's image, as the virtual machine finds them.

A method is found as on the board: class after class, probing each method dictionary from the selector's hash. So it is
known, too, how many classes and keys the virtual machine looks at when its cache does not know the method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from hardtalk.smalltalk.bytecodes import (
    DOUBLE_POP_INTO_RECEIVER_VARIABLE,
    DOUBLE_STORE_LITERAL_VARIABLE,
    DOUBLE_STORE_RECEIVER_VARIABLE,
    LITERAL_VARIABLE,
    RECEIVER_VARIABLE,
    SPECIAL_SELECTORS,
)
from hardtalk.smalltalk.disassembler import Instruction, disassemble
from hardtalk.symbols.image_objects import METACLASS_INSTANCE_SLOT, ImageObjects
from hardtalk.symbols.source_map import MethodLines, SourceMap
from hardtalk.vm.object_format import (
    BODY_OFFSET,
    FORMATS,
    HEADER_FIELDS,
    METHOD_HEADER,
    PROBE_LIMIT,
    SLOTS,
    WORD_BYTES,
    method_primitive,
)
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

Oop = int
OFFSETS = {field.constant: field.offset for field in HEADER_FIELDS}
HEADER = {bits.name: bits for bits in METHOD_HEADER}
SUPERCLASS, DICTIONARY = (SLOTS["Class"].index(name) for name in ("Superclass", "MethodDictionary"))
DICTIONARY_METHODS, DICTIONARY_KEYS = (SLOTS["Dictionary"].index(name) for name in ("Methods", "Keys"))
LARGEST_DEPTH = 64
DOUBLE_STORES = (DOUBLE_STORE_RECEIVER_VARIABLE, DOUBLE_POP_INTO_RECEIVER_VARIABLE)


@dataclass(frozen=True)
class Method:
    """A compiled method: `code` from its first bytecode on, which is at `start` in memory."""

    oop: Oop
    name: str
    owner: Oop
    primitive: int
    arguments: int
    temporaries: int
    is_large: bool
    literals: tuple[Oop, ...]
    start: int
    code: tuple[Instruction, ...]
    lines: MethodLines

    def place(self, offset: int) -> str:
        return str(self.lines.place(self.start + offset))


class Found(NamedTuple):
    """A method in the `levels`-th class of the chain; at most `probes` keys of one dictionary are looked at."""

    method: Oop
    owner: Oop
    levels: int
    probes: int


class Image:
    """Of the firmware in `source_map`."""

    def __init__(self, source_map: SourceMap) -> None:
        self.source_map = source_map
        self.objects = ImageObjects(source_map)
        self._array = self._word_of_state("specialObjects")
        self._find = lru_cache(maxsize=None)(self._found)

    def _word_of_state(self, name: str) -> int:
        address = self.source_map.address_of(name)
        assert address is not None
        return int.from_bytes(self.source_map.read(address, WORD_BYTES), "little")

    @cached_property
    def special(self) -> dict[str, Oop]:
        """The special objects by name, associations not among them."""
        return {
            each.name: self.objects.slot(self._array, each.index)
            for each in SPECIAL_OBJECTS
            if each.kind != "association"
        }

    # Objects

    def class_of(self, oop: Oop) -> Oop:
        return self.special["SmallInteger"] if oop & 1 else self.objects.word(oop + OFFSETS["ClassOffset"])

    def size_of(self, oop: Oop) -> int:
        return self.objects.word(oop + OFFSETS["SizeOffset"])

    def format_of(self, oop: Oop) -> int:
        return self.objects.word(oop + OFFSETS["FormatOffset"]) & 0xFF

    def elements(self, oop: Oop) -> tuple[Oop, ...]:
        return tuple(self.objects.slot(oop, index) for index in range(self.size_of(oop)))

    def integer(self, oop: Oop) -> int | None:
        """The value of a SmallInteger."""
        return None if not oop & 1 else (oop - (1 << 32) if oop >> 31 else oop) >> 1

    def magnitude(self, oop: Oop) -> int:
        """Of a large integer, the least significant byte first."""
        return int.from_bytes(self.text(oop).encode("latin-1"), "little")

    def text(self, oop: Oop) -> str:
        return self.objects.text(oop)

    def name(self, class_oop: Oop) -> str:
        return self.objects.class_name(class_oop) or "?"

    def is_class(self, oop: Oop) -> bool:
        return not oop & 1 and self.objects.class_name(oop) is not None

    def is_symbol(self, oop: Oop) -> bool:
        return not oop & 1 and self.name(self.class_of(oop)) == "Symbol"

    @cached_property
    def classes(self) -> dict[str, Oop]:
        """Every class and metaclass, by name."""
        found = {}
        for oop in self.objects.starts:
            name = self.objects.class_name(oop)
            if name is not None:
                found[name] = oop
        return found

    def chain(self, class_oop: Oop) -> Iterator[Oop]:
        """The class and its superclasses."""
        for _ in range(LARGEST_DEPTH):
            if class_oop == self.special["nil"]:
                return
            yield class_oop
            class_oop = self.objects.slot(class_oop, SUPERCLASS)

    def superclass(self, class_oop: Oop) -> Oop:
        return self.objects.slot(class_oop, SUPERCLASS)

    def inherits(self, class_oop: Oop, name: str) -> bool:
        return any(self.name(each) == name for each in self.chain(class_oop))

    # Methods

    def _dictionary(self, class_oop: Oop) -> tuple[tuple[Oop, ...], tuple[Oop, ...]]:
        """Keys and methods."""
        dictionary = self.objects.slot(class_oop, DICTIONARY)
        if dictionary == self.special["nil"]:
            return (), ()
        slots = self.elements(dictionary)
        return slots[DICTIONARY_KEYS:], self.elements(slots[DICTIONARY_METHODS])

    def methods_of(self, class_oop: Oop) -> list[Oop]:
        keys, methods = self._dictionary(class_oop)
        return [method for key, method in zip(keys, methods, strict=False) if key != self.special["nil"]]

    def selectors_of(self, class_oop: Oop) -> dict[str, Oop]:
        keys, methods = self._dictionary(class_oop)
        found = zip(keys, methods, strict=False)
        return {self.text(key): method for key, method in found if key != self.special["nil"]}

    @cached_property
    def implementors(self) -> dict[str, tuple[str, ...]]:
        """The classes that have a method of a selector, by its text."""
        found: dict[str, list[str]] = {}
        for name, class_oop in self.classes.items():
            for selector in self.selectors_of(class_oop):
                found.setdefault(selector, []).append(name)
        return {selector: tuple(names) for selector, names in found.items()}

    def find(self, selector: Oop, class_oop: Oop) -> Found | None:
        """The method that a send finds whose lookup starts at the class."""
        return self._find(selector, class_oop)

    def _found(self, selector: Oop, class_oop: Oop) -> Found | None:
        most = 0
        for levels, each in enumerate(self.chain(class_oop), 1):
            keys, methods = self._dictionary(each)
            place, probes = self._probe(selector, keys)
            most = max(most, probes)
            if place is not None:
                return Found(methods[place], each, levels, most)
        return None

    def _probe(self, selector: Oop, keys: tuple[Oop, ...]) -> tuple[int | None, int]:
        if not keys:
            return None, 0
        hashed = self.objects.word(selector + OFFSETS["FormatOffset"]) >> 16
        for probe in range(PROBE_LIMIT):
            index = hashed + probe & len(keys) - 1
            if keys[index] == selector:
                return index, probe + 1
            if keys[index] == self.special["nil"]:
                return None, probe + 1
        return None, PROBE_LIMIT

    @cached_property
    def symbols(self) -> dict[str, Oop]:
        """Every Symbol that is a key or a literal of the image, by its text."""
        return {self.text(oop): oop for oop in self.objects.starts if self.is_symbol(oop)}

    @cached_property
    def special_selectors(self) -> tuple[Oop, ...]:
        """In the order of their bytecodes."""
        pairs = self.elements(self.special["specialSelectors"])
        assert len(pairs) == 2 * len(SPECIAL_SELECTORS)
        return pairs[::2]

    @cache  # noqa: B019 - an image lives as long as the command
    def method(self, oop: Oop, owner: Oop) -> Method:
        raw = self.objects.slot(oop, 0)
        count = HEADER["LiteralCount"].take(raw)
        assert self.format_of(oop) == FORMATS["FormatMethod"]
        start = oop + BODY_OFFSET + WORD_BYTES * (1 + count)
        lines = self.source_map.method_at(oop)
        assert lines is not None
        end = oop + BODY_OFFSET + self.size_of(oop) - 2
        return Method(
            oop,
            lines.name,
            owner,
            method_primitive(raw),
            HEADER["ArgumentCount"].take(raw),
            HEADER["TemporaryCount"].take(raw),
            bool(HEADER["LargeContext"].take(raw)),
            tuple(self.objects.slot(oop, index + 1) for index in range(count)),
            start,
            tuple(disassemble(self.source_map.read(start, end - start))),
            lines,
        )

    @cached_property
    def stored_bindings(self) -> frozenset[Oop]:
        """Associations of global variables that some method of the image stores into."""
        found = set()
        for class_oop in self.classes.values():
            for oop in self.methods_of(class_oop):
                method = self.method(oop, class_oop)
                for each in method.code:
                    index = _stored_binding(each)
                    if index is not None:
                        found.add(method.literals[index])
        return frozenset(found)

    @cache  # noqa: B019
    def storing(self, class_oop: Oop, index: int) -> tuple[Method, ...]:
        """The methods of a class and its superclasses that store into that instance variable."""
        methods = (self.method(oop, each) for each in self.chain(class_oop) for oop in self.methods_of(each))
        return tuple(method for method in methods if any(_stored_variable(each) == index for each in method.code))

    def instance_of_metaclass(self, metaclass: Oop) -> Oop:
        return self.objects.slot(metaclass, METACLASS_INSTANCE_SLOT)


def _stored_variable(instruction: Instruction) -> int | None:
    name, operands = instruction.row.name, instruction.operands
    if name == "popIntoReceiverVariable":
        return operands[0]
    if name in ("extendedStore", "extendedPopInto") and operands[0] == RECEIVER_VARIABLE:
        return operands[1]
    is_double = name == "doubleExtended" and operands[0] in DOUBLE_STORES
    return operands[2] if is_double else None


def _stored_binding(instruction: Instruction) -> int | None:
    name, operands = instruction.row.name, instruction.operands
    if name in ("extendedStore", "extendedPopInto") and operands[0] == LITERAL_VARIABLE:
        return operands[1]
    return operands[2] if name == "doubleExtended" and operands[0] == DOUBLE_STORE_LITERAL_VARIABLE else None
