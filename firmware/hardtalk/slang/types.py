"""Slang's types and the few questions asked of them.

Every value is a 32-bit word or an IEEE double; the type only says which comparison, shift and division apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from hardtalk.vm.records import ANY_OBJECT, RECORDS, Record


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

    @property
    def plain(self) -> Type:
        """The type that the result of an operator on it has."""
        return self


@dataclass(frozen=True, eq=False, slots=True)
class RecordType:
    """The type of a record's address: an unsigned word whose fields can be named."""

    record: Record

    @property
    def value(self) -> str:
        return self.record.name

    @property
    def is_unsigned(self) -> bool:
        return True

    @property
    def is_float(self) -> bool:
        return False

    @property
    def is_word(self) -> bool:
        return True

    @property
    def plain(self) -> Type:
        return Type.OOP if self.record.is_object else Type.ADDRESS


SlangType: TypeAlias = Type | RecordType
_UNSIGNED = {Type.UINT32, Type.ADDRESS, Type.OOP}
_WORDS = _UNSIGNED | {Type.INT32, Type.LITERAL}
_RECORD_TYPES = {name: RecordType(record) for name, record in RECORDS.items() if name != ANY_OBJECT}
DECLARABLE: dict[str, SlangType] = {
    **{t.value: t for t in Type if t not in (Type.LITERAL, Type.NOTHING, Type.UNKNOWN)},
    **_RECORD_TYPES,
}
WORD_MASK = 0xFFFFFFFF
WORD_BITS = 32


def joined(left: SlangType, right: SlangType) -> SlangType:
    """The type of what is one or the other: a literal takes the other side's, unsigned wins over signed."""
    if left is Type.LITERAL or left is right:
        return right
    if right is Type.LITERAL:
        return left
    return left.plain if left.is_unsigned else right.plain


def record_of(kind: SlangType) -> Record | None:
    """The record whose fields a value of that type has."""
    if isinstance(kind, RecordType):
        return kind.record
    return RECORDS[ANY_OBJECT] if kind is Type.OOP else None


def signed(word: int) -> int:
    """The signed reading of a 32-bit word."""
    return word - (1 << 32) if word & 0x80000000 else word
