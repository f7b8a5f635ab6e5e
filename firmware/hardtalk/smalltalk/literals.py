"""Values that literals denote and Python has no exact type for.

Python's `==` confuses values that Smalltalk keeps apart (1, 1.0 and true; a String and a Symbol; 0.0 and -0.0), so
whatever compares literals does it through `literal_key`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

SMALL_INTEGER_MINIMUM = -(2**30)
SMALL_INTEGER_MAXIMUM = 2**30 - 1


class Symbol(str):
    """A unique string. Test for it before testing for `str`, of which it is a subclass."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Symbol({str.__repr__(self)})"


@dataclass(frozen=True, slots=True)
class Character:
    """One character by its code."""

    code: int


@dataclass(frozen=True, slots=True)
class ScaledDecimal:
    """The exact fraction `numerator / denominator` in lowest terms, shown with `scale` digits after the point."""

    numerator: int
    denominator: int
    scale: int


LiteralValue: TypeAlias = (
    int | float | bool | str | bytes | Symbol | Character | ScaledDecimal | tuple["LiteralValue", ...] | None
)


def literal_key(value: LiteralValue) -> Hashable:
    """A hashable that is equal for two values just when they are the same Smalltalk literal."""
    if isinstance(value, tuple):
        return (tuple, tuple([literal_key(element) for element in value]))
    if isinstance(value, float):
        return (float, value.hex())
    return (type(value), value)
