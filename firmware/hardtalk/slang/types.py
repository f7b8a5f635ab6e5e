"""Slang's types and the few questions asked of them.

Every value is a 32-bit word or an IEEE double; the type only says which comparison, shift and division apply.
"""

from __future__ import annotations

from enum import Enum


class Type(Enum):
    """A Slang type, spelled as in `<var: #x type: #int32>`.

    Three cannot be declared: `LITERAL`, a constant that takes the type of the other operand; `NOTHING`, what has no
    value; `UNKNOWN`, what was already complained about.
    """

    INT32 = "int32"
    UINT32 = "uint32"
    ADDRESS = "address"
    OOP = "oop"
    BOOLEAN = "boolean"
    FLOAT64 = "float64"
    LITERAL = "literal"
    NOTHING = "nothing"
    UNKNOWN = "unknown"

    @property
    def is_unsigned(self) -> bool:
        return self in _UNSIGNED

    @property
    def is_float(self) -> bool:
        return self is Type.FLOAT64

    @property
    def is_word(self) -> bool:
        """Whether arithmetic of words applies; a boolean is none, though it is kept in one."""
        return self in _WORDS


_UNSIGNED = {Type.UINT32, Type.ADDRESS, Type.OOP}
_WORDS = _UNSIGNED | {Type.INT32, Type.LITERAL}
DECLARABLE = {t.value: t for t in Type if t not in (Type.LITERAL, Type.NOTHING, Type.UNKNOWN)}
WORD_MASK = 0xFFFFFFFF


def joined(left: Type, right: Type) -> Type:
    """The type of an operation on both: a literal takes the other side's, unsigned wins over signed."""
    if left is Type.LITERAL:
        return right
    if right is Type.LITERAL:
        return left
    if left.is_unsigned:
        return left
    return right


def signed(word: int) -> int:
    """The signed reading of a 32-bit word."""
    return word - (1 << 32) if word & 0x80000000 else word
