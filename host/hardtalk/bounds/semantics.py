"""What bytecodes and primitives answer, as far as a bound needs it: ranges of integers, truth, kinds of object.

Everything here is a statement about what the virtual machine does; docs/primitives.md has the primitives. A primitive
that is not in the table may answer anything, and may fail, so that its method's own bytecodes run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardtalk.bounds.values import INTEGER, WORD, Range

ARITHMETIC: Final = ("+", "-", "*", "//", "\\\\", "bitAnd:", "bitOr:", "bitShift:")
COMPARISONS: Final = ("<", ">", "<=", ">=", "=", "~=")
LARGEST_SHIFT: Final = 64
SIZE: Final = Range(0, 1 << 27)


@dataclass(frozen=True)
class Meaning:
    """What a primitive answers: a range, `boolean`, `receiver`, `new` (an instance of the receiver) or `anything`.
    `may_fail`: whether it can, with operands as the virtual machine has checked them; `accesses`: a device."""

    answer: Range | str
    may_fail: bool = True
    accesses: bool = False


MEANINGS: Final = {
    "Size": Meaning(SIZE),
    "New": Meaning("new", may_fail=False),
    "NewWithArg": Meaning("new"),
    "Class": Meaning("class", may_fail=False),
    "Identical": Meaning("boolean", may_fail=False),
    "Signal": Meaning("receiver", may_fail=False),
    "FinishLine": Meaning("boolean"),
    "WriteController": Meaning("receiver"),
    "ReadRegister": Meaning(WORD, may_fail=False, accesses=True),
    "WriteRegister": Meaning("anything", accesses=True),
    "RegisterBit": Meaning("boolean", may_fail=False, accesses=True),
    "ReadView": Meaning(WORD, may_fail=False, accesses=True),
    "WriteView": Meaning("anything", accesses=True),
    "ViewBit": Meaning("boolean", may_fail=False, accesses=True),
    "ReadWord": Meaning(WORD, may_fail=False, accesses=True),
    "WriteWord": Meaning("anything", accesses=True),
    "ReadWords": Meaning("anything", accesses=True),
    "WriteWords": Meaning("anything", accesses=True),
}
"""By the names of hardtalk.vm.primitives. Those of registers fail when their receiver was never given an address, or
without memory for the answer: a handler with such registers is none that works."""

UNSIGNED_ARGUMENTS: Final = frozenset({"WriteView", "WriteWord", "WriteController", "FinishLine"})
"""Primitives that cannot fail when the argument is an integer that a word can hold."""

OF_INTEGERS: Final = {
    "Add": "+",
    "AddIntegers": "+",
    "Subtract": "-",
    "SubtractIntegers": "-",
    "Multiply": "*",
    "MultiplyIntegers": "*",
    "FloorDivide": "//",
    "FloorDivideIntegers": "//",
    "Modulo": "\\\\",
    "ModuloIntegers": "\\\\",
    "BitAnd": "bitAnd:",
    "BitAndIntegers": "bitAnd:",
    "BitOr": "bitOr:",
    "BitOrIntegers": "bitOr:",
    "BitXor": "bitXor:",
    "BitXorIntegers": "bitXor:",
    "BitShift": "bitShift:",
    "BitShiftInteger": "bitShift:",
    "LessThan": "<",
    "LessIntegers": "<",
    "GreaterThan": ">",
    "GreaterIntegers": ">",
    "LessOrEqual": "<=",
    "LessOrEqualIntegers": "<=",
    "GreaterOrEqual": ">=",
    "GreaterOrEqualIntegers": ">=",
    "Equal": "=",
    "EqualIntegers": "=",
    "NotEqual": "~=",
    "NotEqualIntegers": "~=",
}
"""Primitives whose operands, when both are integers, give an integer or a truth as the selector says. Those of any
integers fail then only for a divisor of zero, a result beyond the largest, or without memory: which are errors."""


def arithmetic(selector: str, left: Range, right: Range) -> Range:
    """The integers that an operation can answer."""
    return _OPERATIONS[selector](left, right) if selector in _OPERATIONS else INTEGER


def compared(selector: str, left: Range, right: Range) -> bool | None:
    """Whether a comparison holds, None when it may or may not."""
    if selector in ("=", "~="):
        is_one = left.low is not None and left.low == left.high == right.low == right.high
        is_apart = _is_below(left, right) or _is_below(right, left)
        return None if not (is_one or is_apart) else is_one == (selector == "=")
    if selector in (">", ">="):
        return compared("<" if selector == ">" else "<=", right, left)
    if selector == "<":
        never = left.low is not None and right.high is not None and left.low >= right.high
        return True if _is_below(left, right) else False if never else None
    never = left.low is not None and right.high is not None and left.low > right.high
    always = left.high is not None and right.low is not None and left.high <= right.low
    return True if always else False if never else None


def limits(selector: str, right: Range) -> tuple[int | None, int | None]:
    """Between what an integer lies for which a comparison with one of `right` holds."""
    low, high = right.low, right.high
    if selector == "<":
        return None, None if high is None else high - 1
    if selector == "<=":
        return None, high
    if selector == ">":
        return None if low is None else low + 1, None
    if selector == ">=":
        return low, None
    return (low, high) if selector == "=" else (None, None)


def _is_below(left: Range, right: Range) -> bool:
    return left.high is not None and right.low is not None and left.high < right.low


def _sum(left: Range, right: Range) -> Range:
    low = None if left.low is None or right.low is None else left.low + right.low
    high = None if left.high is None or right.high is None else left.high + right.high
    return Range(low, high)


def _difference(left: Range, right: Range) -> Range:
    return _sum(left, Range(None if right.high is None else -right.high, None if right.low is None else -right.low))


def _product(left: Range, right: Range) -> Range:
    ends = (left.low, left.high), (right.low, right.high)
    if any(each is None for pair in ends for each in pair):
        is_positive = all(pair[0] is not None and pair[0] >= 0 for pair in ends)
        return Range(0, None) if is_positive else INTEGER
    found = [first * second for first in ends[0] for second in ends[1] if first is not None and second is not None]
    return Range(min(found), max(found))


def _quotient(left: Range, right: Range) -> Range:
    if right.low is None or right.low < 1:
        return INTEGER
    if right.low == right.high:
        ends = (None if each is None else each // right.low for each in (left.low, left.high))
        return Range(*ends)
    low = None if left.low is None else min(left.low, 0)
    high = None if left.high is None else max(left.high // right.low, 0)
    if left.low is not None and left.low >= 0:
        low = 0
    return Range(low, high)


def _modulo(_left: Range, right: Range) -> Range:
    if right.low is None or right.low < 1:
        return INTEGER
    return Range(0, None if right.high is None else right.high - 1)


def _both(left: Range, right: Range) -> Range:
    highs = [each.high for each in (left, right) if each.low is not None and each.low >= 0 and each.high is not None]
    is_positive = any(each.low is not None and each.low >= 0 for each in (left, right))
    return Range(0, min(highs, default=None)) if is_positive else INTEGER


def _either(left: Range, right: Range) -> Range:
    if left.low is None or right.low is None or left.low < 0 or right.low < 0:
        return INTEGER
    if left.high is None or right.high is None:
        return Range(0, None)
    return Range(0, (1 << max(left.high, right.high).bit_length()) - 1)


def _shift(left: Range, right: Range) -> Range:
    if right.low is None or right.high is None or right.high > LARGEST_SHIFT or right.low < -LARGEST_SHIFT:
        return Range(0, None) if left.low is not None and left.low >= 0 else INTEGER
    lows = [_shifted(left.low, by) for by in (right.low, right.high)]
    highs = [_shifted(left.high, by) for by in (right.low, right.high)]
    low = None if left.low is None else min(each for each in lows if each is not None)
    high = None if left.high is None else max(each for each in highs if each is not None)
    return Range(low, high)


def _shifted(number: int | None, by: int) -> int | None:
    return None if number is None else number << by if by >= 0 else number >> -by


_OPERATIONS: Final[dict[str, Callable[[Range, Range], Range]]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "//": _quotient,
    "\\\\": _modulo,
    "bitAnd:": _both,
    "bitOr:": _either,
    "bitXor:": _either,
    "bitShift:": _shift,
}

FAILURES: Final = frozenset(
    {
        *("Object>>error:", "Object>>primitiveFailed", "Object>>subclassResponsibility", "Object>>halt"),
        "Object>>loopAt:exceeds:",
        *("Exception>>signal", "Exception>>signal:", "Exception class>>signal", "Exception class>>signal:"),
        *("Device>>report:", "SerialPort>>report:"),
    }
)
"""Methods that a working handler does not come to; a report says that the line stays masked."""
