"""What a variable or a word of the stack can be while a handler runs: a set of kinds of object, or anything.

An integer is a range; instances are of exactly one class; constants are one object of the image each. Ranges that grow
are widened to the next of a few limits, so that every search for what a loop or a field can hold comes to an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardtalk.vm.object_format import SMALL_INTEGER_MAXIMUM, SMALL_INTEGER_MINIMUM

LIMITS: Final = (
    *(SMALL_INTEGER_MINIMUM, -1, 0, 1, 15, 16, 31, 32, 255, 256, 4_095, 65_535, 65_536),
    *(SMALL_INTEGER_MAXIMUM, (1 << 32) - 1, (1 << 62) - 1),
)
NEAR: Final = (1 << 62) - 1
MOST_KINDS: Final = 8


@dataclass(frozen=True)
class Range:
    """The integers from `low` to `high`; None is no limit."""

    low: int | None
    high: int | None

    @property
    def is_small(self) -> bool:
        """Whether each of them is a SmallInteger."""
        low, high = self.low, self.high
        return low is not None and high is not None and low >= SMALL_INTEGER_MINIMUM and high <= SMALL_INTEGER_MAXIMUM

    @property
    def is_near(self) -> bool:
        """Whether each of them is held in two words."""
        return self.low is not None and self.high is not None and self.low >= -NEAR and self.high <= NEAR

    def joined(self, other: Range) -> Range:
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        return Range(low, high)

    def widened(self, before: Range) -> Range:
        """At the next limit where it reaches beyond what it was."""
        low, high = self.low, self.high
        if low is not None and (before.low is None or low < before.low):
            low = max((each for each in LIMITS if each <= low), default=None)
        if high is not None and (before.high is None or high > before.high):
            high = min((each for each in LIMITS if each >= high), default=None)
        return Range(low, high)

    def cut(self, low: int | None, high: int | None) -> Range | None:
        """Those of them within the limits; None when there are none."""
        new_low = self.low if low is None else low if self.low is None else max(low, self.low)
        new_high = self.high if high is None else high if self.high is None else min(high, self.high)
        empty = new_low is not None and new_high is not None and new_low > new_high
        return None if empty else Range(new_low, new_high)


@dataclass(frozen=True)
class Instance:
    """Of exactly this class."""

    class_oop: int


@dataclass(frozen=True)
class Constant:
    """This object of the image."""

    oop: int


@dataclass(frozen=True)
class Closure:
    """A block of a method, from the bytecode at `offset` on, with what it holds."""

    method: int
    owner: int
    offset: int
    arguments: int
    receiver: Value
    copied: tuple[Value, ...]


@dataclass(frozen=True)
class Row:
    """A Peripheral, of this row of the chip's table in the image."""

    oop: int


@dataclass(frozen=True)
class Unset:
    """nil in a variable that no method makes nil, before it has a value. It may be asked for, not be used."""


Kind = Range | Instance | Constant | Closure | Row | Unset
Value = frozenset[Kind] | None
"""None: anything."""

NOTHING: Final[frozenset[Kind]] = frozenset()
INTEGER: Final = Range(None, None)
WORD: Final = Range(0, (1 << 32) - 1)


def only(kind: Kind) -> Value:
    return frozenset([kind])


def joined(first: Value, second: Value) -> Value:
    if first is None or second is None:
        return None
    if first == second:
        return first
    ranges = [each for each in first | second if isinstance(each, Range)]
    others = {each for each in first | second if not isinstance(each, Range)}
    if len(others) > MOST_KINDS:
        return None
    if not ranges:
        return frozenset(others)
    whole = ranges[0]
    for each in ranges[1:]:
        whole = whole.joined(each)
    return frozenset({*others, whole})


def widened(value: Value, before: Value) -> Value:
    """`value`, which contains `before`, with a range that grew at its next limit."""
    old, new = range_of(before), range_of(value)
    if value is None or new is None or old is None or new == old:
        return value
    return frozenset({*(each for each in value if each != new), new.widened(old)})


def used(value: Value) -> Value:
    """What it is when it is used."""
    return value if value is None else value - {Unset()}


def range_of(value: Value) -> Range | None:
    """The integers among what it can be."""
    return next((each for each in value or () if isinstance(each, Range)), None)


def integers(value: Value) -> Range | None:
    """The range of a value that is an integer and nothing else."""
    found = range_of(value)
    return found if value is not None and len(value) == 1 else None
