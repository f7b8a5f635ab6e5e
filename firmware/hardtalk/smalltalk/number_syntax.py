"""Numbers as Smalltalk writes them: radix, exponent, fraction and scale.

`16rFF`, `2r1010`, `16r1.8` (one and a half), `1e10` (an Integer), `1e-3` (a Fraction), `1.5e-3`, `3.14s2`, `1_000`. An
exponent counts powers of the radix. Digits above 9 are capitals, so that `16r1e4` is unambiguous.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

from hardtalk.smalltalk.literals import ScaledDecimal

NUMBER_PATTERN: Final = (
    r"[0-9]+r-?[0-9A-Z]+(?:\.[0-9A-Z]+)?(?:[edq][+-]?[0-9]+(?![A-Za-z0-9_]))?"
    r"|[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[edq][+-]?[0-9]+(?![A-Za-z0-9_])|s[0-9]*(?![A-Za-z0-9_]))?"
)
_PARTS: Final = re.compile(
    r"(?:(?P<radix>[0-9]+)r(?P<sign>-?))?(?P<whole>[0-9A-Z]+)(?:\.(?P<fraction>[0-9A-Z]+))?"
    r"(?:[edq](?P<exponent>[+-]?[0-9]+)|(?P<scale>s[0-9]*))?"
)
_GREATEST_EXPONENT: Final = 1000
_GREATEST_LENGTH: Final = 2000


class NumberError(ValueError):
    """A number that cannot be read; the arguments are the message and the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_number(text: str) -> int | float | ScaledDecimal | Fraction:
    """The value of an unsigned number matched by NUMBER_PATTERN; a Fraction for one like `1e-3`."""
    if len(text) > _GREATEST_LENGTH:
        raise NumberError(f"The number has {len(text)} characters.", f"At most {_GREATEST_LENGTH} are read.")
    if text.isdigit():
        return int(text)
    match = _PARTS.fullmatch(text.replace("_", ""))
    if match is None:
        raise NumberError(f"`{text}` is not a number.", "Write digits, with capitals for digits above 9.")
    radix = int(match["radix"] or "10")
    if not 2 <= radix <= 36:
        raise NumberError(f"The radix {radix} is not between 2 and 36.", "Use a radix such as 2 or 16.")
    digits = match["whole"] + (match["fraction"] or "")
    for digit in digits:
        if int(digit, 36) >= radix:
            raise NumberError(f"`{digit}` is not a digit in radix {radix}.", "Write the radix that fits the digits.")
    exponent = int(match["exponent"] or "0")
    if abs(exponent) > _GREATEST_EXPONENT:
        raise NumberError(f"The exponent {exponent} is too large.", f"The greatest is {_GREATEST_EXPONENT}.")
    fraction_digits = len(match["fraction"] or "")
    value = Fraction(int(digits, radix)) * Fraction(radix) ** (exponent - fraction_digits)
    if match["sign"]:
        value = -value
    if match["scale"]:
        scale = int(match["scale"][1:]) if len(match["scale"]) > 1 else fraction_digits
        if scale > _GREATEST_EXPONENT:
            raise NumberError(f"The scale {scale} is too large.", f"The greatest is {_GREATEST_EXPONENT}.")
        return ScaledDecimal(value.numerator, value.denominator, scale)
    if fraction_digits:
        return _float(value, text)
    if value.denominator != 1:
        return value
    return value.numerator


def _float(value: Fraction, text: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise NumberError(f"`{text}` is greater than any Float.", "The greatest Float is about 1.797e308.") from None


def print_number(value: int | float | ScaledDecimal) -> str:
    """Text that reads back as the same number, with its sign."""
    if isinstance(value, ScaledDecimal):
        return _print_scaled_decimal(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written as a literal")
        mantissa, _, exponent = repr(value).partition("e")
        if "." not in mantissa:
            mantissa += ".0"
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return str(value)


def _print_scaled_decimal(value: ScaledDecimal) -> str:
    fraction_digits = 0
    scaled = Fraction(abs(value.numerator), value.denominator)
    while scaled.denominator != 1:
        if fraction_digits > 2 * _GREATEST_EXPONENT:
            raise ValueError(f"{value} has no finite decimal expansion")
        scaled *= 10
        fraction_digits += 1
    digits = str(scaled.numerator).rjust(fraction_digits + 1, "0")
    sign = "-" if value.numerator < 0 else ""
    if fraction_digits:
        digits = f"{digits[:-fraction_digits]}.{digits[-fraction_digits:]}"
    return f"{sign}{digits}s{value.scale}"
