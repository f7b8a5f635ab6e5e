"""The selectors that Slang itself gives a meaning to: one row each, from which the checker, the lowering and the host
simulation take theirs.

A `Form` is what an operator is for one kind of operands: in the IR an operation, a condition code or a routine of the
run-time class Arithmetic, and in the simulation a Python expression of {0} and {1}, words or floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from hardtalk.slang.types import Type
from hardtalk.vm.constants import PENDING_BIT, PINNED_REGISTERS


class Kind(Enum):
    """What a message of Slang's own does, and so how it is checked and lowered."""

    ARITHMETIC = auto()
    SHIFT = auto()
    DIVISION = auto()
    RELATION = auto()
    UNARY = auto()
    LOAD = auto()
    STORE = auto()
    VALUE = auto()
    EFFECT = auto()
    TEST = auto()
    OVERFLOW = auto()
    ADDRESS = auto()
    TRANSFER = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """See the module. `by_constant` is the shorter Python where {1} is a constant below 32; `before` a constant operand
    that the operation has before those of the message."""

    operation: str
    python: str
    by_constant: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """A message to a value. Operands without a form are refused."""

    selector: str
    kind: Kind
    signed: Form | None
    unsigned: Form | None
    floats: Form | None = None

    def form(self, operands: Type) -> Form | None:
        """What it is for operands of that joined type."""
        if operands.is_float:
            return self.floats
        return self.unsigned if operands.is_unsigned else self.signed


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A message to self. `operands` has a letter an argument: `w` word, `f` float, `b` block, `s` symbol."""

    selector: str
    kind: Kind
    operands: str
    result: Type
    operation: str
    python: str
    detail: str = ""


def _word(selector: str, kind: Kind, operation: str, python: str, floats: Form | None = None) -> Operator:
    form = Form(operation, python)
    return Operator(selector, kind, form, form, floats)


def _relation(selector: str, python: str, signed: str, unsigned: str, floats: str) -> Operator:
    plain = "({0} " + python + " {1})"
    ordered = plain if signed == unsigned else "(({0} ^ 0x80000000) " + python + " ({1} ^ 0x80000000))"
    return Operator(selector, Kind.RELATION, Form(signed, ordered), Form(unsigned, plain), Form(floats, plain))


_RIGHT_UNSIGNED = Form("shr", "shift_right_logical({0}, {1})", "({0} >> {1})")
_NEGATED = Form("sub", "(-{0} & 0xFFFFFFFF)", before=0)
_IS_PENDING = f"(R[{PINNED_REGISTERS['dispatchBase']}] & {PENDING_BIT} != 0)"
_LEFT = Form("shl", "shift_left({0}, {1})", "(({0} << {1}) & 0xFFFFFFFF)")

OPERATORS = {
    row.selector: row
    for row in (
        _word("+", Kind.ARITHMETIC, "add", "(({0} + {1}) & 0xFFFFFFFF)", Form("fadd", "float_add({0}, {1})")),
        _word("-", Kind.ARITHMETIC, "sub", "(({0} - {1}) & 0xFFFFFFFF)", Form("fsub", "float_subtract({0}, {1})")),
        _word("*", Kind.ARITHMETIC, "mul", "(({0} * {1}) & 0xFFFFFFFF)", Form("fmul", "float_multiply({0}, {1})")),
        Operator("/", Kind.ARITHMETIC, None, None, Form("fdiv", "float_divide({0}, {1})")),
        _word("bitAnd:", Kind.ARITHMETIC, "and", "({0} & {1})"),
        _word("&", Kind.ARITHMETIC, "and", "({0} & {1})"),
        _word("bitOr:", Kind.ARITHMETIC, "or", "({0} | {1})"),
        _word("|", Kind.ARITHMETIC, "or", "({0} | {1})"),
        _word("bitXor:", Kind.ARITHMETIC, "xor", "({0} ^ {1})"),
        Operator("<<", Kind.SHIFT, _LEFT, _LEFT),
        Operator(">>", Kind.SHIFT, Form("sar", "shift_right_arithmetic({0}, {1})"), _RIGHT_UNSIGNED),
        Operator(
            "//",
            Kind.DIVISION,
            Form("floorQuotientOf:and:", "floor_divide_signed({0}, {1})"),
            Form("unsignedQuotientOf:and:", "divide_unsigned({0}, {1})"),
        ),
        Operator(
            "\\\\",
            Kind.DIVISION,
            Form("floorRemainderOf:and:", "modulo_signed({0}, {1})"),
            Form("unsignedRemainderOf:and:", "remainder_unsigned({0}, {1})"),
        ),
        Operator(
            "quo:",
            Kind.DIVISION,
            Form("truncatedQuotientOf:and:", "quotient_signed({0}, {1})"),
            Form("unsignedQuotientOf:and:", "divide_unsigned({0}, {1})"),
        ),
        Operator(
            "rem:",
            Kind.DIVISION,
            Form("truncatedRemainderOf:and:", "remainder_signed({0}, {1})"),
            Form("unsignedRemainderOf:and:", "remainder_unsigned({0}, {1})"),
        ),
        # condition codes for signed words, unsigned words, floats (after FMSTAT; unordered is false, but for ~=)
        _relation("<", "<", "lt", "lo", "mi"),
        _relation("<=", "<=", "le", "ls", "ls"),
        _relation(">", ">", "gt", "hi", "gt"),
        _relation(">=", ">=", "ge", "hs", "ge"),
        _relation("=", "==", "eq", "eq", "eq"),
        _relation("==", "==", "eq", "eq", "eq"),
        _relation("~=", "!=", "ne", "ne", "ne"),
        _relation("~~", "!=", "ne", "ne", "ne"),
        Operator("negated", Kind.UNARY, _NEGATED, _NEGATED, Form("fneg", "(-{0})")),
        _word("bitInvert", Kind.UNARY, "mvn", "({0} ^ 0xFFFFFFFF)"),
    )
}

INTRINSICS = {
    row.selector: row
    for row in (
        Intrinsic("wordAt:", Kind.LOAD, "w", Type.INT32, "ld", "word_at({0})", "w"),
        Intrinsic("halfAt:", Kind.LOAD, "w", Type.INT32, "ld", "half_at({0})", "h"),
        Intrinsic("byteAt:", Kind.LOAD, "w", Type.INT32, "ld", "byte_at({0})", "b"),
        Intrinsic("signedHalfAt:", Kind.LOAD, "w", Type.INT32, "ld", "signed_half_at({0})", "sh"),
        Intrinsic("signedByteAt:", Kind.LOAD, "w", Type.INT32, "ld", "signed_byte_at({0})", "sb"),
        Intrinsic("floatAt:", Kind.LOAD, "w", Type.FLOAT64, "fld", "float_at({0})"),
        Intrinsic("wordAt:put:", Kind.STORE, "ww", Type.INT32, "st", "word_at_put({0}, {1})", "w"),
        Intrinsic("halfAt:put:", Kind.STORE, "ww", Type.INT32, "st", "half_at_put({0}, {1})", "h"),
        Intrinsic("byteAt:put:", Kind.STORE, "ww", Type.INT32, "st", "byte_at_put({0}, {1})", "b"),
        Intrinsic("floatAt:put:", Kind.STORE, "wf", Type.FLOAT64, "fst", "float_at_put({0}, {1})"),
        Intrinsic("countLeadingZeros:", Kind.VALUE, "w", Type.INT32, "clz", "count_leading_zeros({0})"),
        Intrinsic("countTrailingZeros:", Kind.VALUE, "w", Type.INT32, "ctz", "count_trailing_zeros({0})"),
        Intrinsic("highProductOf:and:", Kind.VALUE, "ww", Type.UINT32, "mulhi", "({0} * {1} >> 32)"),
        Intrinsic("squareRoot:", Kind.VALUE, "f", Type.FLOAT64, "fsqrt", "square_root({0})"),
        Intrinsic("floatFromInteger:", Kind.VALUE, "w", Type.FLOAT64, "itof", "float(signed({0}))"),
        Intrinsic("integerFromFloat:", Kind.VALUE, "f", Type.INT32, "ftoi", "integer_from_float({0})"),
        Intrinsic("maskInterrupts", Kind.EFFECT, "", Type.NOTHING, "mask", "mask_interrupts()"),
        Intrinsic("unmaskInterrupts", Kind.EFFECT, "", Type.NOTHING, "unmask", "unmask_interrupts()"),
        Intrinsic(
            "isInterruptPending",
            Kind.TEST,
            "",
            Type.BOOLEAN,
            "br",
            _IS_PENDING,
            "tn",
        ),
        Intrinsic("sumOf:and:ifOverflow:", Kind.OVERFLOW, "wwb", Type.INT32, "ovf", "signed({0}) + signed({1})", "add"),
        Intrinsic(
            "differenceOf:and:ifOverflow:", Kind.OVERFLOW, "wwb", Type.INT32, "ovf", "signed({0}) - signed({1})", "sub"
        ),
        Intrinsic(
            "productOf:and:ifOverflow:", Kind.OVERFLOW, "wwb", Type.INT32, "ovf", "signed({0}) * signed({1})", "mul"
        ),
        Intrinsic("addressOf:", Kind.ADDRESS, "s", Type.ADDRESS, "sym", "address_of({0!r})"),
        Intrinsic("addressOfState:", Kind.ADDRESS, "s", Type.ADDRESS, "add", "{0}"),
        Intrinsic("nextBytecode", Kind.TRANSFER, "", Type.NOTHING, "next", "NEXT"),
        Intrinsic("currentBytecode", Kind.TRANSFER, "", Type.NOTHING, "current", "CURRENT"),
        Intrinsic("transferTo:", Kind.TRANSFER, "w", Type.NOTHING, "transfer", "({0}, ())"),
        Intrinsic("transferTo:with:", Kind.TRANSFER, "ww", Type.NOTHING, "transfer", "({0}, ({1},))"),
        Intrinsic("transferTo:with:with:", Kind.TRANSFER, "www", Type.NOTHING, "transfer", "({0}, ({1}, {2}))"),
    )
}

CONDITIONALS = {"ifTrue:", "ifFalse:", "ifTrue:ifFalse:", "ifFalse:ifTrue:"}
BLOCK_LOOPS = {"whileTrue:", "whileFalse:", "whileTrue", "whileFalse", "repeat"}
"""Loops whose receiver is a block."""
COUNTED_LOOPS = {"to:do:", "to:by:do:", "timesRepeat:"}
JUNCTIONS = {"and:", "or:"}


def shift_of_division(selector: str, is_unsigned: bool, divisor: int) -> int | None:
    """The power of two by whose shift or mask a division is done, or None when it needs the run-time routine."""
    if divisor in (0, 1 << 31) or divisor & (divisor - 1) or not (is_unsigned or selector in ("//", "\\\\")):
        return None
    return divisor.bit_length() - 1
