"""Float primitives against Python's doubles, bit by bit."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .small_memory import Failed, SmallMemory

CHECKED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
NUMBERS = st.one_of(FLOATS, st.integers(-(2**30), 2**30 - 1))
COMPARISONS: dict[int, Callable[[float, float], bool]] = {
    43: operator.lt, 44: operator.gt, 45: operator.le, 46: operator.ge, 47: operator.eq, 48: operator.ne,
}  # fmt: skip
ARITHMETIC: dict[int, Callable[[float, float], float]] = {41: operator.add, 42: operator.sub, 49: operator.mul}


def answer(memory: SmallMemory, number: int, *operands: float) -> object:
    memory.reset()
    result = memory.run(number, *(memory.number(operand) for operand in operands))
    return memory.value(result) if isinstance(result, int) else result


def assert_same(actual: object, expected: float) -> None:
    assert isinstance(actual, float)
    if math.isnan(expected):
        assert math.isnan(actual)
    else:
        assert struct.pack("<d", actual) == struct.pack("<d", expected)


@pytest.mark.parametrize("number", ARITHMETIC)
@CHECKED
@given(a=FLOATS, b=NUMBERS)
@example(a=math.inf, b=-math.inf)
@example(a=-0.0, b=0)
@example(a=5e-324, b=5e-324)
def test_arithmetic(memory: SmallMemory, number: int, a: float, b: float) -> None:
    assert_same(answer(memory, number, a, b), ARITHMETIC[number](a, float(b)))


@CHECKED
@given(a=FLOATS, b=NUMBERS)
@example(a=1.0, b=-0.0)
@example(a=1.0, b=0)
def test_division_fails_for_zero_only(memory: SmallMemory, a: float, b: float) -> None:
    result = answer(memory, 50, a, b)
    if b == 0:
        assert isinstance(result, Failed)
    else:
        assert_same(result, a / b)


@pytest.mark.parametrize("number", COMPARISONS)
@CHECKED
@given(a=FLOATS, b=NUMBERS)
@example(a=math.nan, b=math.nan)
@example(a=0.0, b=-0.0)
@example(a=1.0, b=1)
def test_comparison(memory: SmallMemory, number: int, a: float, b: float) -> None:
    assert answer(memory, number, a, b) is COMPARISONS[number](a, b)


@CHECKED
@given(a=st.one_of(FLOATS, st.floats(-(2.0**31), 2.0**31)))
@example(a=2.0**30 - 0.5)
@example(a=2.0**30)
@example(a=-(2.0**30) + 0.5)
@example(a=-0.75)
@example(a=math.nan)
def test_truncated(memory: SmallMemory, a: float) -> None:
    result = answer(memory, 51, a)
    if abs(a) < 2**30:
        assert result == int(a)
    else:
        assert isinstance(result, Failed)


@CHECKED
@given(a=FLOATS)
@example(a=-1.5)
@example(a=-3.0)
@example(a=2.0**52 + 1)
@example(a=2.0**51 + 0.5)
@example(a=2.0**20 + 0.25)
@example(a=1048577.75)
@example(a=2097153.5)
def test_fraction_part(memory: SmallMemory, a: float) -> None:
    result = answer(memory, 52, a)
    if math.isfinite(a):
        assert isinstance(result, float) and result == math.fmod(a, 1.0)
    else:
        assert isinstance(result, Failed)


@CHECKED
@given(a=FLOATS)
@example(a=5e-324)
@example(a=2.2250738585072014e-308)
@example(a=2.0**-1043)
@example(a=2.0**-1042)
def test_exponent(memory: SmallMemory, a: float) -> None:
    result = answer(memory, 53, a)
    if math.isfinite(a) and a != 0:
        assert result == math.frexp(a)[1] - 1
    else:
        assert isinstance(result, Failed)


@CHECKED
@given(a=FLOATS, power=st.one_of(st.integers(-2200, 2200), st.integers(-(2**30), 2**30 - 1)))
@example(a=1.0, power=-1074)
@example(a=1.0, power=-1075)
@example(a=1.9999999999999998, power=-1074)
@example(a=1.5, power=-1074)
@example(a=1.7976931348623157e308, power=-2097)
@example(a=5e-324, power=2097)
@example(a=1.0, power=-1023)
def test_times_two_power(memory: SmallMemory, a: float, power: int) -> None:
    try:
        expected = math.ldexp(a, max(-5000, power))
    except OverflowError:
        expected = math.copysign(math.inf, a)
    assert_same(answer(memory, 54, a, power), expected)


@CHECKED
@given(a=FLOATS)
@example(a=-0.0)
@example(a=2.0)
def test_square_root(memory: SmallMemory, a: float) -> None:
    result = answer(memory, 55, a)
    if a < 0:
        assert isinstance(result, Failed)
    else:
        assert_same(result, math.sqrt(a))


@CHECKED
@given(a=st.integers(-(2**30), 2**30 - 1))
def test_as_float(memory: SmallMemory, a: int) -> None:
    assert_same(answer(memory, 40, a), float(a))


@pytest.mark.parametrize("number", [*ARITHMETIC, *COMPARISONS, 50])
def test_other_objects_fail(memory: SmallMemory, number: int) -> None:
    text = memory.string(b"1.5")
    assert isinstance(memory.run(number, memory.float(1.0), text), Failed)
    assert isinstance(memory.run(number, text, memory.float(1.0)), Failed)
    assert isinstance(memory.run(number, memory.integer(3), memory.float(1.0)), Failed)
