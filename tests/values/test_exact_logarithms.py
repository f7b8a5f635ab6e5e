"""Logarithms and roots of integers and fractions of any size, against 60 digits of Python's decimal.

The bounds are in units of the last place of the right value: 0.5 is correct rounding.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from .test_numbers_against_python import answers, as_float

if TYPE_CHECKING:
    from hardtalk.bench import Bench

RANDOM = random.Random(2026)
DIGITS = 1500


@dataclass(frozen=True, order=True)
class Number:
    """An expression for the board, short because the line is slow, and its value."""

    text: str
    value: Fraction


def integer(size: int) -> Number:
    """Of about so many bits, at both ends of which some are set."""
    upper, lower, shift = RANDOM.getrandbits(29) | 1 << 28, RANDOM.getrandbits(29), max(size - 29, 0)
    return Number(f"(({upper} bitShift: {shift}) + {lower})", Fraction((upper << shift) + lower))


def quotient() -> Number:
    upper, lower = integer(RANDOM.randrange(1, 2400)), integer(RANDOM.randrange(1, 2400))
    return Number(f"({upper.text} / {lower.text})", upper.value / lower.value)


def near_one() -> Number:
    distance, shift = RANDOM.choice((-1, 1)) * RANDOM.randrange(1, 1 << 20), RANDOM.randrange(21, 900)
    return Number(f"(1 + ({distance} / (1 bitShift: {shift})))", 1 + Fraction(distance, 1 << shift))


FIRST = Number("((10 raisedTo: 400) / 3)", Fraction(10**400, 3))
LARGE = [FIRST, *(integer(RANDOM.randrange(1000, 3000)) for _ in range(30))]
NUMBERS = [
    *LARGE,
    Number("(3 / (10 raisedTo: 400))", Fraction(3, 10**400)),
    *(integer(RANDOM.randrange(30, 1000)) for _ in range(30)),
    *(quotient() for _ in range(80)),
    *(near_one() for _ in range(60)),
]


def units(found: float, right: Decimal) -> float:
    return float(abs(Decimal(found) - right) / Decimal(math.ulp(float(right))))


def logarithm(number: Fraction, base: int | None = None) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        quotient = Decimal(number.numerator) / Decimal(number.denominator)
        context.prec = 400 if abs(number - 1) < Fraction(1, 2) else 60
        whole = (+quotient).ln()
        return whole if base is None else whole / Decimal(base).ln()


def worst(bench: Bench, message: str, numbers: list[Number], rights: list[Decimal]) -> tuple[float, Number]:
    found = answers(bench, [f"{each.text} {message}" for each in numbers])
    return max(
        (units(as_float(answer), right), each) for answer, right, each in zip(found, rights, numbers, strict=True)
    )


def test_natural_logarithms(bench: Bench) -> None:
    """Those beyond the range of floats are the nearest but for a hundredth."""
    assert len(NUMBERS) > 200
    for numbers, bound in ((NUMBERS, 1.0), (LARGE, 0.51)):
        distance, at = worst(bench, "ln", numbers, [logarithm(each.value) for each in numbers])
        assert distance <= bound, (distance, at)


def test_logarithms_to_a_base(bench: Bench) -> None:
    numbers = NUMBERS[::4]
    for base in (2, 10):
        distance, at = worst(bench, f"log: {base}", numbers, [logarithm(each.value, base) for each in numbers])
        assert distance <= 2.5, (base, distance, at)


def test_roots_are_nearest(bench: Bench) -> None:
    numbers = [
        each for each in NUMBERS if abs(math.log2(each.value.numerator) - math.log2(each.value.denominator)) < 2000
    ]
    with localcontext() as context:
        context.prec = DIGITS
        rights = [(Decimal(each.value.numerator) / Decimal(each.value.denominator)).sqrt() for each in numbers]
    distance, at = worst(bench, "sqrt asFloat", numbers, rights)
    assert distance <= 0.5, (distance, at)
