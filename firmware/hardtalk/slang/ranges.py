"""What is known of a word without running anything: how far it lies from others, for the greatest numbers of turns.

A `Range` says how far a word lies at least and at most from each of some **marks**. A mark is a number that stands for
a value nobody knows: what a parameter was given, what a load answered. The mark 0 is zero itself, so there stand the
least and the greatest value. Sums and differences are those of integers; that one wraps around is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from hardtalk.slang.types import SlangType, Type

ZERO = 0
Limits = tuple[float, float]
Range = dict[int, Limits]

WIDTHS: dict[str, Limits] = {"b": (0, 0xFF), "h": (0, 0xFFFF), "sb": (-0x80, 0x7F), "sh": (-0x8000, 0x7FFF)}
"""What a load of less than a word answers."""


def type_limits(declared: SlangType) -> Limits:
    """The values that a word of the type has."""
    if declared is Type.BOOLEAN:
        return (0, 1)
    return (0, 0xFFFFFFFF) if declared.is_unsigned else (-0x80000000, 0x7FFFFFFF)


def constant(value: int) -> Range:
    return {ZERO: (value, value)}


def as_type(value: Range, declared: SlangType) -> Range:
    """The range when the word is kept as that type: a value that the type has not is another one there."""
    low, high = value.get(ZERO, (-inf, inf))
    least, most = type_limits(declared)
    return {**value, ZERO: (low, high) if least <= low and high <= most else (least, most)}


@dataclass
class Marks:
    """The marks that have been given out, each with the least and the greatest value of what it stands for."""

    limits: list[Limits] = field(default_factory=lambda: [(0, 0)])

    def unknown(self, limits: Limits) -> Range:
        """A word of which only that is known, with a mark of its own."""
        self.limits.append(limits)
        return {len(self.limits) - 1: (0, 0), ZERO: limits}

    def from_mark(self, value: Range, mark: int) -> Limits:
        """How far the word lies from the mark."""
        if mark in value:
            return value[mark]
        low, high = value.get(ZERO, (-inf, inf))
        least, most = self.limits[mark]
        return low - most, high - least

    def joined(self, one: Range, other: Range) -> Range:
        """What holds of both."""
        found = {}
        for mark in {**one, **other}:
            (low, high), (least, most) = self.from_mark(one, mark), self.from_mark(other, mark)
            if min(low, least) > -inf or max(high, most) < inf:
                found[mark] = min(low, least), max(high, most)
        return found


def total(one: Range, other: Range) -> Range:
    """The sum."""
    found: Range = {}
    for value, added in ((one, other), (other, one)):
        low, high = added.get(ZERO, (-inf, inf))
        for mark, (least, most) in value.items():
            _narrow(found, mark, (least + low, most + high))
    return found


def difference(one: Range, other: Range) -> Range:
    """The first less the second: by the marks of the first, and by each mark of both how far they are apart."""
    low, high = other.get(ZERO, (-inf, inf))
    found: Range = {}
    for mark, (least, most) in one.items():
        _narrow(found, mark, (least - high, most - low))
    for limits in apart(one, other):
        _narrow(found, ZERO, limits)
    return found


def apart(one: Range, other: Range) -> Iterator[Limits]:
    """How far the first lies from the second, by each mark of both."""
    for mark in one.keys() & other.keys():
        (low, high), (least, most) = one[mark], other[mark]
        yield low - most, high - least


def at_most(value: Range, other: Range, less: int) -> Range:
    """The value, known to be no greater than the other less `less`."""
    found = dict(value)
    for mark, (_, most) in other.items():
        _narrow(found, mark, (-inf, most - less))
    return found


def at_least(value: Range, other: Range, more: int) -> Range:
    """The value, known to be no less than the other and `more`."""
    found = dict(value)
    for mark, (least, _) in other.items():
        _narrow(found, mark, (least + more, inf))
    return found


def _narrow(found: Range, mark: int, limits: Limits) -> None:
    low, high = found.get(mark, (-inf, inf))
    found[mark] = max(low, limits[0]), min(high, limits[1])
