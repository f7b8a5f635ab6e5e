"""Run-time arithmetic of simulated Slang, as docs/slang.md defines it.

Words are Python integers 0 .. 2**32 - 1 throughout; whether an operation is signed is known when a method is
translated and chooses the function. What Python's own operators already do right (masked +, unsigned //) is emitted
in line.
"""

from __future__ import annotations

import math
import struct

WORD_MASK = 0xFFFFFFFF
SIGN_BIT = 0x80000000
QUIET_BIT = 0x00080000
DEFAULT_NAN_HIGH = 0x7FF80000


def signed(word: int) -> int:
    return (word ^ SIGN_BIT) - SIGN_BIT


def shift_left(word: int, amount: int) -> int:
    amount &= 0xFF
    return (word << amount) & WORD_MASK if amount < 32 else 0


def shift_right_logical(word: int, amount: int) -> int:
    return word >> (amount & 0xFF)


def shift_right_arithmetic(word: int, amount: int) -> int:
    return (signed(word) >> (amount & 0xFF)) & WORD_MASK


def floor_divide_signed(a: int, b: int) -> int:
    return (signed(a) // signed(b)) & WORD_MASK if b else 0


def modulo_signed(a: int, b: int) -> int:
    return (signed(a) % signed(b)) & WORD_MASK if b else a


def quotient_signed(a: int, b: int) -> int:
    if not b:
        return 0
    dividend, divisor = signed(a), signed(b)
    magnitude = abs(dividend) // abs(divisor)
    return (magnitude if (dividend < 0) == (divisor < 0) else -magnitude) & WORD_MASK


def remainder_signed(a: int, b: int) -> int:
    return (signed(a) - signed(quotient_signed(a, b)) * signed(b)) & WORD_MASK


def divide_unsigned(a: int, b: int) -> int:
    return a // b if b else 0


def remainder_unsigned(a: int, b: int) -> int:
    return a % b if b else a


def count_leading_zeros(word: int) -> int:
    return 32 - word.bit_length()


def count_trailing_zeros(word: int) -> int:
    return (word & -word).bit_length() - 1 if word else 32


def _without_number(a: float, b: float) -> float:
    """The not-a-number that VFP answers: an operand's, made quiet, or the default one, which is positive.

    A signalling operand goes before a quiet one, the first before the second.
    """
    operands = [words_of_float(value) for value in (a, b) if value != value]
    if not operands:
        return float_of_words(0, DEFAULT_NAN_HIGH)
    low, high = next((words for words in operands if not words[1] & QUIET_BIT), operands[0])
    return float_of_words(low, high | QUIET_BIT)


def float_add(a: float, b: float) -> float:
    result = a + b
    return result if result == result else _without_number(a, b)


def float_subtract(a: float, b: float) -> float:
    result = a - b
    return result if result == result else _without_number(a, b)


def float_multiply(a: float, b: float) -> float:
    result = a * b
    return result if result == result else _without_number(a, b)


def float_divide(a: float, b: float) -> float:
    if b == 0.0 and a == a and a != 0.0:
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    result = a / b if b != 0.0 else math.nan
    return result if result == result else _without_number(a, b)


def square_root(a: float) -> float:
    if a == a:
        return math.sqrt(a) if a >= 0.0 else float_of_words(0, DEFAULT_NAN_HIGH)
    return _without_number(a, 0.0)


def integer_from_float(a: float) -> int:
    """VFP's FTOSIZD: toward zero, saturating, not-a-number gives 0."""
    if a != a:
        return 0
    if a >= 2147483647.0:
        return 0x7FFFFFFF
    if a <= -2147483648.0:
        return SIGN_BIT
    return int(a) & WORD_MASK


def float_of_words(low: int, high: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<II", low, high))[0]
    return value


def words_of_float(value: float) -> tuple[int, int]:
    low, high = struct.unpack("<II", struct.pack("<d", value))
    return low, high
