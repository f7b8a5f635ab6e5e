"""The conditions under which an ARM instruction runs, as the IR and everything behind it names them: one row each.

A comparison of words has those with a meaning for words, one of floats those with a meaning for floats, as FMSTAT sets
the flags. `tz` and `tn`, not among ARM's, ask whether two words have no bit or some bit in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hardtalk.arm import encode as arm
from hardtalk.slang.types import signed


@dataclass(frozen=True, slots=True)
class Condition:
    """`inverse` holds when this does not; `swapped` is the same with the operands exchanged."""

    name: str
    code: int
    inverse: str
    swapped: str = ""
    of_words: Callable[[int, int], bool] | None = None
    of_floats: Callable[[float, float], bool] | None = None


CONDITIONS = {
    row.name: row
    for row in (
        Condition("eq", arm.EQ, "ne", "eq", lambda a, b: a == b, lambda a, b: a == b),
        Condition("ne", arm.NE, "eq", "ne", lambda a, b: a != b, lambda a, b: a != b),
        Condition("lo", arm.CC, "hs", "hi", lambda a, b: a < b),
        Condition("ls", arm.LS, "hi", "hs", lambda a, b: a <= b, lambda a, b: a <= b),
        Condition("hi", arm.HI, "ls", "lo", lambda a, b: a > b),
        Condition("hs", arm.CS, "lo", "ls", lambda a, b: a >= b),
        Condition("lt", arm.LT, "ge", "gt", lambda a, b: signed(a) < signed(b)),
        Condition("le", arm.LE, "gt", "ge", lambda a, b: signed(a) <= signed(b)),
        Condition("gt", arm.GT, "le", "lt", lambda a, b: signed(a) > signed(b), lambda a, b: a > b),
        Condition("ge", arm.GE, "lt", "le", lambda a, b: signed(a) >= signed(b), lambda a, b: a >= b),
        Condition("mi", arm.MI, "pl", of_floats=lambda a, b: a < b),
        Condition("pl", arm.PL, "mi"),
        Condition("vs", arm.VS, "vc"),
        Condition("vc", arm.VC, "vs"),
        Condition("tz", arm.EQ, "tn", "tz", lambda a, b: a & b == 0),
        Condition("tn", arm.NE, "tz", "tn", lambda a, b: a & b != 0),
    )
}


def holds(name: str, left: int, right: int) -> bool:
    """Whether the comparison of two words comes out so."""
    of_words = CONDITIONS[name].of_words
    assert of_words is not None, name
    return of_words(left, right)


def holds_of_floats(name: str, left: float, right: float) -> bool:
    """Whether the comparison of two floats comes out so; only `ne` holds of not-a-number."""
    of_floats = CONDITIONS[name].of_floats
    assert of_floats is not None, name
    return of_floats(left, right)
