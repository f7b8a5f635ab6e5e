"""What the compiler makes: a method as data, independent of any object memory.

Whoever installs it (image bootstrap or the serial line) turns the references among the literals into Associations. The
header's layout is that of Squeak V3, as raw tagged word: bit 0 the SmallInteger's tag, 1-9 the low nine bits of the
primitive, 10-17 number of literals, 18 large context, 19-24 number of temporaries (arguments included), 25-28 number of
arguments, 29 the primitive's high bit.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, TypeAlias

from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import LiteralValue

GREATEST_PRIMITIVE: Final = 1023
GREATEST_LITERAL_COUNT: Final = 255
GREATEST_TEMPORARY_COUNT: Final = 63
GREATEST_ARGUMENT_COUNT: Final = 15
SMALL_FRAME: Final = 16
LARGE_FRAME: Final = 56
"""Slots for temporaries and stack in a small and in a large context."""

QUICK_CONSTANT_PRIMITIVE: Final = 256
"""256-263 answer self, true, false, nil, -1, 0, 1, 2 (`bytecodes.SPECIAL_CONSTANTS`)."""
QUICK_VARIABLE_PRIMITIVE: Final = 264
GREATEST_QUICK_PRIMITIVE: Final = 519
"""264-519 answer instance variable 0-255."""


@dataclass(frozen=True, slots=True)
class GlobalRef:
    """The Association of a global variable."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassVariableRef:
    """The Association of a class variable in the pool of the class that defines it."""

    class_name: str
    name: str


@dataclass(frozen=True, slots=True)
class ClassBindingRef:
    """The Association whose value is the method's class (its metaclass for `class_side`)."""

    class_name: str
    class_side: bool = False


MethodLiteral: TypeAlias = LiteralValue | GlobalRef | ClassVariableRef | ClassBindingRef


@dataclass(frozen=True, slots=True)
class MethodHeader:
    primitive: int
    literal_count: int
    is_large: bool
    temporary_count: int
    argument_count: int

    def pack(self) -> int:
        """The raw tagged word."""
        for value, greatest in (
            (self.primitive, GREATEST_PRIMITIVE),
            (self.literal_count, GREATEST_LITERAL_COUNT),
            (self.temporary_count, GREATEST_TEMPORARY_COUNT),
            (self.argument_count, GREATEST_ARGUMENT_COUNT),
        ):
            if not 0 <= value <= greatest:
                raise ValueError(f"{self} does not fit a method header")
        return (
            1
            | (self.primitive & 0x1FF) << 1
            | self.literal_count << 10
            | int(self.is_large) << 18
            | self.temporary_count << 19
            | self.argument_count << 25
            | (self.primitive >> 9) << 29
        )

    @classmethod
    def unpack(cls, word: int) -> MethodHeader:
        """The fields of a raw tagged word."""
        return cls(
            primitive=(word >> 1 & 0x1FF) | (word >> 29 & 1) << 9,
            literal_count=word >> 10 & 0xFF,
            is_large=bool(word >> 18 & 1),
            temporary_count=word >> 19 & 0x3F,
            argument_count=word >> 25 & 0xF,
        )


@dataclass(frozen=True, slots=True)
class CompiledMethodSpec:
    """A compiled method. `header` is the raw tagged word. The last literal is the ClassBindingRef, the one before it
    the selector's Symbol. `source_map` has pairs (offset in `bytecodes`, offset in the method's text), ascending.
    `warnings` say what means something, but perhaps not what was meant."""

    selector: str
    header: int
    literals: tuple[MethodLiteral, ...]
    bytecodes: bytes
    source_map: tuple[tuple[int, int], ...]
    warnings: tuple[SourceError, ...] = field(default=(), compare=False, repr=False)

    def lines(self, text: str, first: int) -> list[tuple[int, int]]:
        """Pairs (offset in `bytecodes`, line from there on), ascending, where the text begins on line `first`."""
        starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))][:-1]
        found: list[tuple[int, int]] = []
        for offset, place in self.source_map:
            line = first + bisect_right(starts, place) - 1
            if not found or found[-1][1] != line:
                found.append((offset, line))
        return found

    @property
    def fields(self) -> MethodHeader:
        """The header's fields."""
        return MethodHeader.unpack(self.header)

    @property
    def header_value(self) -> int:
        """The header as the SmallInteger that Smalltalk code sees."""
        return self.header >> 1

    @property
    def primitive(self) -> int:
        return self.fields.primitive

    def source_offset(self, bytecode_offset: int) -> int:
        """The offset in the method's text of what the bytecode at `bytecode_offset` does."""
        found = 0
        for offset, source_offset in self.source_map:
            if offset > bytecode_offset:
                break
            found = source_offset
        return found
