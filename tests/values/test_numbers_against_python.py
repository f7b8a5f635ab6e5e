"""Logarithms, roots, powers, digits and equality of numbers on the board, with Python as the judge.

The numbers are drawn with a fixed seed: integers up to 9,500 bits, fractions, floats of the whole range. Floats
travel as the two words that they consist of, so nothing is lost in printing.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from hardtalk.bench import Bench

Number: TypeAlias = int | float | Fraction

EPSILON = 2.0**-52
RANDOM = random.Random(1999)


@dataclass(frozen=True)
class Product:
    """`factor * 3 ** power + rest`: a large number in few characters, for the serial line is slow."""

    factor: int
    power: int
    rest: int

    @property
    def value(self) -> int:
        return self.factor * 3**self.power + self.rest


SMALL = [RANDOM.getrandbits(size) | 1 << size - 1 for size in (1, 7, 30, 31, 53, 54, 64, 100)]
LARGE = [
    Product(RANDOM.randrange(1, 1 << 29), power, RANDOM.randrange(-(1 << 29), 1 << 29))
    for power in (300, 640, 2400, 6000)
]
INTEGERS: list[int | Product] = [*SMALL, *LARGE]
FLOATS = [
    math.ldexp(RANDOM.random() + 0.5, exponent) for exponent in (-1070, -1022, -300, -40, -1, 0, 1, 20, 53, 300, 1023)
]
FRACTIONS = [(upper, lower) for upper in INTEGERS[2:10:4] for lower in INTEGERS[4:10:3]]


def words(value: float) -> tuple[int, int]:
    high, low = struct.unpack(">II", struct.pack(">d", value))
    return low, high


def text(number: Number | Product) -> str:
    """A Smalltalk expression for the number."""
    if isinstance(number, float):
        low, high = words(number)
        return f"(Float low: {low} high: {high})"
    if isinstance(number, Product):
        return f"({number.factor} * (3 raisedTo: {number.power}) + {text(number.rest)})"
    return f"({number.numerator}/{number.denominator})" if isinstance(number, Fraction) else f"{number}"


def value(number: int | Product) -> int:
    return number.value if isinstance(number, Product) else number


def answers(bench: Bench, expressions: list[str]) -> list[str]:
    """What the board answers to the expressions, sent some at a time."""
    found: list[str] = []
    for start in range(0, len(expressions), 8):
        part = expressions[start : start + 8]
        blocks = " . ".join(f"[{each}]" for each in part)
        code = (
            f"{{ {blocks} }} inject: '' into: [ :text :each | | value | "
            "value := [ each value ] on: Error do: [ :error | error class name ]. "
            "text , (value isFloat ifFalse: [ value printString ] "
            "ifTrue: [ 'f' , (value basicAt: 2) printString , ' ' , (value basicAt: 1) printString ]) , ';' ]"
        )
        found += bench.console.evaluate(code).strip("'").split(";")[:-1]
    return found


def as_float(answer: str) -> float:
    assert answer.startswith("f"), answer
    high, low = map(int, answer[1:].split())
    return float(struct.unpack(">d", struct.pack(">II", high, low))[0])


def check(bench: Bench, rows: list[tuple[str, float, float]]) -> None:
    """Rows are an expression, Python's value, and by how many units of its last place it may differ."""
    for (expression, right, units), answer in zip(rows, answers(bench, [row[0] for row in rows]), strict=True):
        found = as_float(answer)
        assert abs(found - right) <= units * EPSILON * abs(right), (expression, found, right)


def test_floors_of_roots(bench: Bench) -> None:
    found = answers(bench, [f"{text(each)} sqrtFloor" for each in INTEGERS])
    assert [int(each) for each in found] == [math.isqrt(value(each)) for each in INTEGERS]


def test_floors_of_roots_beside_squares(bench: Bench) -> None:
    for more in (-1, 0, 1):
        found = answers(bench, [f"({text(each)} squared + {more}) sqrtFloor - {text(each)}" for each in INTEGERS[1:-1]])
        assert set(found) == {"-1" if more < 0 else "0"}


@pytest.mark.parametrize("order", [3, 7])
def test_floors_of_further_roots(bench: Bench, order: int) -> None:
    for more in (-1, 0, 1):
        power = f"raisedTo: {order}) + {more} nthRootTruncated: {order})"
        found = answers(bench, [f"(({text(each)} {power} - {text(each)}" for each in INTEGERS[1:7]])
        assert set(found) == {"-1" if more < 0 else "0"}


def test_roots(bench: Bench) -> None:
    def root(number: int) -> float:
        return float(Fraction(math.isqrt(number << 2400), 1 << 1200))

    integers = [each for each in INTEGERS if 1 < value(each) < 1 << 2040]
    rows = [(f"{text(each)} sqrt asFloat", root(value(each)), 1.0) for each in integers]
    check(bench, rows + [(f"{text(each)} sqrt", math.sqrt(each), 0.0) for each in FLOATS])


@pytest.mark.parametrize(
    ("message", "judge"), [("ln", math.log), ("log", math.log10), ("log: 2", math.log2)], ids=["ln", "log10", "log2"]
)
def test_logarithms(bench: Bench, message: str, judge: Callable[[float], float]) -> None:
    rows = [(f"{text(each)} {message}", judge(value(each)), 4.0) for each in INTEGERS]
    rows += [(f"{text(each)} {message}", judge(each), 4.0) for each in FLOATS]
    for upper, lower in FRACTIONS:
        logarithm = judge(value(upper)) - judge(value(lower))
        cancelled = judge(value(upper)) / abs(logarithm)
        rows.append((f"({text(upper)} / {text(lower)}) {message}", logarithm, 4 + 4 * cancelled))
    check(bench, rows)


@pytest.mark.parametrize("base", [2, 3, 5, 7, 10, 16])
def test_logarithms_of_powers_are_whole(bench: Bench, base: int) -> None:
    exponents = [1, 2, 3, 10, 15, 29, 100, 1000]
    check(bench, [(f"(({base} raisedTo: {each}) log: {base})", float(each), 0) for each in exponents])


def test_powers(bench: Bench) -> None:
    rows: list[tuple[str, float, float]] = []
    for number in (0.3, 1.0000001, 2.0, 7.25, 1e10):
        for exponent in (-7.0, -2.5, 0.1, 1.0, 3.0, 11.75, 29.0):
            units = 4 + 4 * abs(exponent * math.log(number))
            rows.append((f"{text(number)} raisedTo: {text(exponent)}", number**exponent, units))
    check(bench, rows)


def test_powers_of_integers_and_fractions(bench: Bench) -> None:
    bases: list[Number] = [2, -3, 10, 12345678901, Fraction(-2, 3), Fraction(10**20, 7)]
    pairs = [(base, exponent) for base in bases for exponent in (-30, -1, 0, 1, 63)]
    found = answers(bench, [f"{text(base)} raisedTo: {exponent}" for base, exponent in pairs])
    assert [Fraction(each.strip("()")) for each in found] == [Fraction(base) ** exponent for base, exponent in pairs]


def huge(number: Number) -> str:
    """As `text`, with the infinite ones."""
    if isinstance(number, float) and math.isinf(number):
        return "Float infinity" if number > 0 else "Float negativeInfinity"
    return text(number)


def test_equality_and_order(bench: Bench) -> None:
    """Exact, over all pairs of numbers that lie close together, of each class."""
    near: list[Number] = [
        2**53 - 1,
        2**53,
        2**53 + 1,
        2.0**53,
        Fraction(2**54 + 1, 2),
        2**70,
        2.0**70,
        2**70 + 1,
        0.1,
        Fraction(1, 10),
    ]
    near += [
        Fraction(0.1),
        1,
        1.0,
        Fraction(1, 4),
        0.25,
        math.inf,
        10**400,
        -(10**400),
        -math.inf,
        Fraction(1, 10**400),
    ]
    pairs = [(one, other) for one in range(len(near)) for other in range(len(near))]
    code = (
        f"| numbers | numbers := OrderedCollection new. {' '.join(f'numbers add: {huge(each)}.' for each in near)} "
        "String streamContents: [ :out | numbers do: [ :one | numbers do: [ :other | "
        "out nextPut: (one < other ifTrue: [ $< ] ifFalse: [ one > other ifTrue: [ $> ] ifFalse: [ "
        "one = other ifTrue: [ $= ] ifFalse: [ $? ] ] ]). "
        "(one = other and: [ one hash ~= other hash ]) ifTrue: [ out nextPut: $# ] ] ] ]"
    )
    expected = "".join(
        "<" if near[one] < near[other] else ">" if near[one] > near[other] else "=" for one, other in pairs
    )
    assert bench.console.evaluate(code).strip("'") == expected


def test_roots_of_very_large_integers_are_quick(bench: Bench) -> None:
    """The square root of 2,000 factorial costs less than the factorial itself."""
    start = bench.board.clock.cycles
    bench.console.evaluate("Smalltalk at: #F put: 2000 factorial. 0")
    middle = bench.board.clock.cycles
    root = bench.console.evaluate("((Smalltalk at: #F) sqrtFloor printString: 16) size")
    assert int(root) == len(f"{math.isqrt(math.factorial(2000)):X}")
    assert bench.board.clock.cycles - middle < middle - start
