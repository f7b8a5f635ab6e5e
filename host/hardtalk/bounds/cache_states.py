"""What the caches are known to hold at a place of the code.

Of data that is told by **values**: addresses in registers and on the stack. Where a value lies in its line is known
when the code accesses a field of an object through it (the facts say so); then lines are told apart. Of another value
only bytes are: what lies between two loaded bytes that are no further apart than a line is long lies in the line of
one of them. Places that hold the same value share what is known of it, and where two ways come together only what is
known on both is. Nothing that was loaded is evicted (docs/bounds.md), but for lines of code of which more lie in one
set than are sure to find a place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from hardtalk.vm.object_format import WORD_BYTES

Place = int | tuple[str, int]
"""A register's number; `(FRAME, offset)`, the word so far below where the stack began at the routine's entry; or
`(ENTRY, register)`, what the register held there."""
FRAME, ENTRY = "frame", "entry"
ADDRESS_MASK = 0xFFFFFFFF
Hull = tuple[int, int]
"""The lowest and the highest byte."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value and of the lines around it.

    `address` is what it is, None when nobody knows. `start`: how far it lies behind a line's start, if that is known;
    then `loaded` has numbers of lines, counted from that line, else distances of bytes from the value. Of the latter
    at least `paid` lines have been paid for, all within `hull`; None when that is longer than a line.
    """

    start: int | None = None
    loaded: frozenset[int] = frozenset()
    address: int | None = None
    paid: int = 0
    hull: Hull | None = None

    def moved(self, distance: int, line: int) -> Value:
        """The value so many bytes further."""
        if self.address is not None:
            return Value(address=self.address + distance & ADDRESS_MASK)
        if self.start is None:
            hull = None if self.hull is None else (self.hull[0] - distance, self.hull[1] - distance)
            return Value(None, frozenset(each - distance for each in self.loaded), None, self.paid, hull)
        start = self.start + distance
        return Value(start % line, frozenset(each - start // line for each in self.loaded))

    def at_start(self, start: int, line: int) -> Value:
        """The same, where it is known how far it lies behind a line's start."""
        if self.start is not None or self.address is not None:
            return self
        return Value(start, frozenset((each + start) // line for each in self.loaded))

    def holds(self, offset: int, size: int, line: int) -> bool:
        """Whether so many bytes, which lie in one line, are certainly loaded."""
        if self.start is not None:
            return (offset + self.start) // line in self.loaded
        below = [each for each in self.loaded if each <= offset]
        above = [each for each in self.loaded if each >= offset + size - 1]
        return bool(below and above) and min(above) - max(below) <= line

    def loading(self, offset: int, size: int, line: int) -> tuple[Value, int]:
        """What is known behind a load of so many bytes, and how many lines it fills at most."""
        width = min(size, WORD_BYTES)
        missing = [at for at in range(offset, offset + size, WORD_BYTES) if not self.holds(at, width, line)]
        if not missing:
            return self, 0
        if self.start is not None:
            new = {(at + self.start) // line for at in missing}
            return Value(self.start, self.loaded | new), len(new)
        first, last = missing[0], missing[-1] + width - 1
        fills = most_lines(last - first + 1, line)
        hull: Hull | None = (first, last) if last - first <= line else None
        if self.paid:
            hull = joined_hull(self.hull, hull, line)
            fills = fills if hull is None else min(fills, max(0, most_lines(line + 1, line) - self.paid))
        ends = {each for at in missing for each in (at, at + width - 1)}
        return Value(None, self.loaded | ends, None, self.paid + fills, hull), fills

    def lines(self) -> int:
        """How many lines the loaded ones are, at most."""
        if self.start is not None:
            return len(self.loaded)
        found = sorted(self.loaded)
        return bool(found) + sum(1 for before, each in pairwise(found) if each - before >= WORD_BYTES)

    def joined(self, other: Value, line: int) -> Value | None:
        """What is known of it when it is this or the other one; None for nothing."""
        if self.address is not None or other.address is not None:
            return self if self == other else None
        if self.start is not None or other.start is not None:
            return Value(self.start, self.loaded & other.loaded) if self.start == other.start else None
        if not (self.paid and other.paid):
            return None
        hull = joined_hull(self.hull, other.hull, line)
        return Value(None, self.loaded & other.loaded, None, min(self.paid, other.paid), hull)

    def both(self, other: Value, line: int) -> Value:
        """What is known of it when all is true that is known of either."""
        if self.address is not None or other.address is not None:
            return self if self.address is not None else other
        start = self.start if self.start is not None else other.start
        if start is None:
            return max(self, other, key=lambda each: (len(each.loaded), each.paid))
        return Value(start, self.at_start(start, line).loaded | other.at_start(start, line).loaded)


UNKNOWN = Value()


@dataclass(slots=True)
class State:
    """`at` has the number of the value in each place, `values` what is known of each; `absolute` and `code` are numbers
    of lines of data and of code. `depth`: by how many bytes the stack has grown since the routine's entry, None when
    that is unknown."""

    at: dict[Place, int] = field(default_factory=dict)
    values: dict[int, Value] = field(default_factory=dict)
    absolute: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()
    depth: int | None = None

    def copy(self) -> State:
        return State(dict(self.at), dict(self.values), self.absolute, self.code, self.depth)

    def number(self, place: Place) -> int:
        """The number of the value there; that of a new one when nothing is known of it."""
        if place not in self.at:
            self.put(place, UNKNOWN)
        return self.at[place]

    def value(self, place: Place) -> Value:
        return self.values[self.at[place]] if place in self.at else UNKNOWN

    def put(self, place: Place, value: Value) -> None:
        """The place gets a value that no other place has."""
        number = max(self.values, default=-1) + 1
        self.values[number] = value
        self.at[place] = number

    def share(self, place: Place, other: Place) -> None:
        """The place gets the value in the other."""
        self.at[place] = self.number(other)

    def forget(self, places: Iterable[Place]) -> None:
        for each in places:
            self.at.pop(each, None)

    def forget_loaded(self) -> None:
        """Of no line of data it is known that it is loaded."""
        self.absolute = frozenset()
        self.values = {
            number: each if each.address is not None else Value(each.start) for number, each in self.values.items()
        }

    def forget_frame(self) -> None:
        """It is unknown where the stack ends."""
        self.depth = None
        self.forget([each for each in self.at if isinstance(each, tuple) and each[0] == FRAME])

    def canonical(self) -> State:
        """The same, with values numbered in the order of their places, without those of which nothing is known."""
        places: dict[int, list[Place]] = {}
        for place in sorted(self.at, key=_order):
            places.setdefault(self.at[place], []).append(place)
        result = State({}, {}, self.absolute, self.code, self.depth)
        for number, having in places.items():
            if len(having) > 1 or self.values[number] != UNKNOWN:
                result.put(having[0], self.values[number])
                result.at.update(dict.fromkeys(having, result.at[having[0]]))
        return result

    def joined(self, other: State, line: int) -> State:
        """What holds on both of two ways that come together."""
        result = State({}, {}, self.absolute & other.absolute, self.code & other.code, self.depth)
        pairs: dict[tuple[int, int], Place] = {}
        for place in sorted(self.at.keys() & other.at.keys(), key=_order):
            pair = self.at[place], other.at[place]
            if pair in pairs:
                result.share(place, pairs[pair])
                continue
            pairs[pair] = place
            result.put(place, self.values[pair[0]].joined(other.values[pair[1]], line) or UNKNOWN)
        if self.depth != other.depth:
            result.forget_frame()
        return result.canonical()

    @property
    def data_lines(self) -> int:
        """How many lines of data are known to be loaded, at most."""
        return len(self.absolute) + sum(self.values[each].lines() for each in set(self.at.values()))


@cache
def _order(place: Place) -> str:
    """What places are sorted by."""
    return str(place)


def most_lines(size: int, line: int) -> int:
    """In how many lines so many bytes lie at most; a word lies in one."""
    return 1 if size <= WORD_BYTES else (size - WORD_BYTES) // line + 2


def joined_hull(one: Hull | None, other: Hull | None, line: int) -> Hull | None:
    """All of both; None when that is longer than a line."""
    if one is None or other is None:
        return None
    low, high = min(one[0], other[0]), max(one[1], other[1])
    return (low, high) if high - low <= line else None
