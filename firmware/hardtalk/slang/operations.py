"""The operations of the intermediate representation: one row each, and all that any stage wants to know of them.

The optimiser asks what is pure, what touches memory and which operands change nothing; folding and the IR interpreter
take `meaning`; instruction selection takes `form`, the method of the selector that makes machine instructions of it,
and `machine`, the machine operation that it makes. A new operation is a new row and, if no form fits, a new form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from hardtalk.slang.types import WORD_MASK, signed


class Memory(Enum):
    """What an operation does to memory: nothing, a load, a store that its operands locate, or anything."""

    NONE = auto()
    LOAD = auto()
    STORE = auto()
    ANYTHING = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """`operands` has a letter an operand: `w` word, `f` float, `a` base address, `o` offset, a last `*` any number of
    words; `result` is `w`, `f` or empty. `neutral` is the right operand that gives the left one, `zero` says that 0 on
    the right gives 0, `of_same` is what two equal operands give: `left` or `zero`. `base_at` is the base address's
    position among the operands.
    """

    name: str
    operands: str
    result: str
    form: str
    machine: str = ""
    meaning: Callable[..., Any] | None = None
    is_pure: bool = False
    memory: Memory = Memory.NONE
    is_terminator: bool = False
    is_commutative: bool = False
    neutral: int | None = None
    zero: bool = False
    of_same: str = ""

    base_at: int | None = field(init=False)
    is_of_words: bool = field(init=False)
    is_variadic: bool = field(init=False)

    def __post_init__(self) -> None:
        position = self.operands.find("a")
        object.__setattr__(self, "base_at", None if position < 0 else position)
        object.__setattr__(self, "is_of_words", self.result == "w" and "f" not in self.operands)
        object.__setattr__(self, "is_variadic", self.operands.endswith("*"))


def _pure(name: str, operands: str, result: str, form: str, machine: str, meaning: Any, **facts: Any) -> Operation:
    return Operation(name, operands, result, form, machine, meaning, is_pure=True, **facts)


def _end(name: str, operands: str, form: str, result: str = "") -> Operation:
    return Operation(name, operands, result, form, is_terminator=True)


def _shift_left(a: int, b: int) -> int:
    return a << (b & 255) if b & 255 < 32 else 0


def _shift_right(a: int, b: int) -> int:
    return a >> (b & 255) if b & 255 < 32 else 0


def _shift_arithmetic(a: int, b: int) -> int:
    return signed(a) >> min(b & 255, 31)


def _divide(a: float, b: float) -> float:
    if b == 0.0:
        if a == 0.0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def _saturated(value: float) -> int:
    """FTOSIZD: toward zero, saturating, 0 for NaN."""
    if math.isnan(value):
        return 0
    return int(max(-2147483648.0, min(2147483647.0, value)))


ROWS: Final = (
    _pure("mov", "w", "w", "move", "mov", lambda a: a),
    _pure("add", "ww", "w", "data", "add", lambda a, b: a + b, is_commutative=True, neutral=0),
    _pure("sub", "ww", "w", "data", "sub", lambda a, b: a - b, neutral=0, of_same="zero"),
    _pure("rsb", "ww", "w", "data", "rsb", lambda a, b: b - a),
    _pure("mul", "ww", "w", "registers", "mul", lambda a, b: a * b, is_commutative=True, neutral=1, zero=True),
    _pure("mulhi", "ww", "w", "high_product", "umull", lambda a, b: a * b >> 32, is_commutative=True, zero=True),
    _pure(
        "and", "ww", "w", "data", "and", lambda a, b: a & b,
        is_commutative=True, neutral=WORD_MASK, zero=True, of_same="left",
    ),
    _pure("or", "ww", "w", "data", "orr", lambda a, b: a | b, is_commutative=True, neutral=0, of_same="left"),
    _pure("xor", "ww", "w", "data", "eor", lambda a, b: a ^ b, is_commutative=True, neutral=0, of_same="zero"),
    _pure("bic", "ww", "w", "data", "bic", lambda a, b: a & ~b),
    _pure("shl", "ww", "w", "shift", "lsl", _shift_left, neutral=0),
    _pure("shr", "ww", "w", "shift", "lsr", _shift_right, neutral=0),
    _pure("sar", "ww", "w", "shift", "asr", _shift_arithmetic, neutral=0),
    _pure("mvn", "w", "w", "inverted", "mvn", lambda a: ~a),
    _pure("clz", "w", "w", "registers", "clz", lambda a: 32 - a.bit_length()),
    _pure("sym", "", "w", "symbol", "sym", None),
    _pure("set", "ww", "w", "set", "set", None),
    _pure("fmov", "f", "f", "move", "fmov", lambda a: a),
    _pure("fadd", "ff", "f", "registers", "fadd", lambda a, b: a + b),
    _pure("fsub", "ff", "f", "registers", "fsub", lambda a, b: a - b),
    _pure("fmul", "ff", "f", "registers", "fmul", lambda a, b: a * b),
    _pure("fdiv", "ff", "f", "registers", "fdiv", _divide),
    _pure("fneg", "f", "f", "registers", "fneg", lambda a: -a),
    _pure("fsqrt", "f", "f", "registers", "fsqrt", lambda a: math.sqrt(a) if a >= 0 else math.nan),
    _pure("itof", "w", "f", "registers", "itof", lambda a: float(signed(a))),
    _pure("ftoi", "f", "w", "truncated", "ftoi", _saturated),
    Operation("ld", "ao", "w", "load", "ld", memory=Memory.LOAD),
    Operation("fld", "ao", "f", "float_load", "fld", memory=Memory.LOAD),
    Operation("st", "wao", "", "store", "st", memory=Memory.STORE),
    Operation("fst", "fao", "", "float_store", "fst", memory=Memory.ANYTHING),
    Operation("call", "*", "w", "call", "bl", memory=Memory.ANYTHING),
    Operation("mask", "", "", "mask", "mask", memory=Memory.ANYTHING),
    Operation("unmask", "", "", "mask", "unmask", memory=Memory.ANYTHING),
    _end("jmp", "", "jump"),
    _end("br", "ww", "branch"),
    _end("fbr", "ff", "float_branch"),
    _end("ovf", "ww", "overflow", "w"),
    _end("ret", "*", "return"),
    _end("next", "", "dispatch"),
    _end("current", "", "dispatch"),
    _end("tail", "*", "tail"),
    _end("transfer", "w*", "transfer"),
)  # fmt: skip

OPERATIONS: Final = {row.name: row for row in ROWS}
PURE: Final = frozenset(row.name for row in ROWS if row.is_pure)
TERMINATORS: Final = frozenset(row.name for row in ROWS if row.is_terminator)
MOVES: Final = frozenset(row.name for row in ROWS if row.form == "move")
SHIFTS: Final = tuple(row.name for row in ROWS if row.form == "shift")
EXACT: Final[dict[str, Callable[[int, int], int]]] = {
    "add": lambda a, b: signed(a) + signed(b),
    "sub": lambda a, b: signed(a) - signed(b),
    "mul": lambda a, b: signed(a) * signed(b),
}
"""What `ovf` finds before it looks whether that fits, by its detail."""

SIZES: Final = {"w": 4, "h": 2, "b": 1, "sh": 2, "sb": 1}
"""Bytes that `ld` and `st` move, by their detail."""
