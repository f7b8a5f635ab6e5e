"""How often a test can be passed on a variable that moves the same way in each turn of a loop."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Final

from hardtalk.slang.ranges import ZERO, Range

NEGATED: Final = {
    "lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "lo": "hs", "ls": "hi", "hi": "ls", "hs": "lo", "eq": "ne",
    "ne": "eq",
}  # fmt: skip
MIRRORED: Final = {
    "lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "lo": "hi", "ls": "hs", "hi": "lo", "hs": "ls", "eq": "eq",
    "ne": "ne",
}  # fmt: skip


@dataclass(frozen=True)
class Test:
    """A relation that holds in each turn that is not the last: its condition code and its operands."""

    code: str
    left: Range
    right: Range


@dataclass(frozen=True)
class Moved:
    """A variable of a loop: the mark of what it is when a turn begins, what it was before the loop, and by how much a
    turn moves it at least and at most."""

    mark: int
    entry: Range
    step: tuple[float, float]


def passes(test: Test, moved: Moved) -> float:
    """How often the test is passed at most for each time the loop is entered; infinite when nothing limits that."""
    found = inf
    for code, value, limit in (
        (test.code, test.left, test.right),
        (MIRRORED[test.code], test.right, test.left),
    ):
        if moved.mark in value:
            nearest, farthest = value[moved.mark]
            low, high = moved.step
            if low >= 1:
                found = min(found, _rising(code, moved, limit, (nearest, farthest), (low, high)))
            elif high <= -1:
                falling = Moved(moved.mark, _mirrored(moved.entry), (-high, -low))
                below = limit.get(ZERO, (0, 0))[0] + (code == "hi")
                if code not in ("hi", "hs") or below >= -low:  # else an unsigned word may fall through 0
                    found = min(
                        found,
                        _rising(MIRRORED[code], falling, _mirrored(limit), (-farthest, -nearest), falling.step),
                    )
    return found


def _mirrored(value: Range) -> Range:
    """The range of the negated word, the marks standing for negated words, too."""
    return {mark: (-high, -low) for mark, (low, high) in value.items()}


def _rising(code: str, moved: Moved, limit: Range, offset: tuple[float, float], step: tuple[float, float]) -> float:
    """For a variable that grows. `offset`: how far the operand lies from the variable."""
    way, least_way = inf, -inf
    for mark in moved.entry.keys() & limit.keys():
        (low, high), (least, most) = moved.entry[mark], limit[mark]
        way = min(way, most - low)
        if least == most:
            least_way = max(least_way, least - high)
    way -= offset[0]
    if way == inf:
        return inf
    if code in ("lt", "lo"):
        return max(ceil(way / step[0]), 0)
    if code in ("le", "ls"):
        return max(floor(way / step[0]) + 1, 0)
    if code == "ne" and offset[0] == offset[1] and step[0] == step[1]:
        least_way -= offset[0]
        meets = step[0] == 1 or (least_way == way and way % step[0] == 0)
        return way / step[0] if least_way >= 0 and meets else inf
    return inf
