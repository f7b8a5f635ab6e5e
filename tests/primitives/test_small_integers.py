"""SmallInteger primitives: exact or failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .small_memory import Failed, SmallMemory

CHECKED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SMALL = st.one_of(
    st.sampled_from([0, 1, -1, 2, 2**30 - 1, -(2**30), 2**15, -(2**15)]), st.integers(-(2**30), 2**30 - 1)
)
OPERATIONS: dict[int, Callable[[int, int], int | bool | None]] = {
    1: lambda a, b: a + b,
    2: lambda a, b: a - b,
    3: lambda a, b: a < b,
    4: lambda a, b: a > b,
    5: lambda a, b: a <= b,
    6: lambda a, b: a >= b,
    7: lambda a, b: a == b,
    8: lambda a, b: a != b,
    9: lambda a, b: a * b,
    10: lambda a, b: None if b == 0 or a % b else a // b,
    11: lambda a, b: a % b if b else None,
    12: lambda a, b: a // b if b else None,
    13: lambda a, b: (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1) if b else None,
    14: lambda a, b: a & b,
    15: lambda a, b: a | b,
    16: lambda a, b: a ^ b,
    17: lambda a, b: (a << min(b, 99)) if b >= 0 else a >> min(-b, 99),
}


def check(memory: SmallMemory, number: int, a: int, b: int) -> None:
    memory.reset()
    expected = OPERATIONS[number](a, b)
    result = memory.run(number, memory.integer(a), memory.integer(b))
    fits = expected is not None and -(2**30) <= expected < 2**30
    if number == 17 and b > 30:
        assert isinstance(result, Failed) or memory.value(result) == expected == 0
    elif fits:
        assert isinstance(result, int) and memory.value(result) == expected
        assert isinstance(memory.value(result), bool) == isinstance(expected, bool)
    else:
        assert isinstance(result, Failed)


@pytest.mark.parametrize("number", OPERATIONS)
@CHECKED
@given(a=SMALL, b=SMALL)
@example(a=-(2**30), b=-1)
@example(a=-7, b=2)
@example(a=7, b=-2)
@example(a=6, b=-3)
def test_operations(memory: SmallMemory, number: int, a: int, b: int) -> None:
    check(memory, number, a, b)


@CHECKED
@given(a=SMALL, shift=st.integers(-40, 40))
@example(a=1, shift=29)
@example(a=1, shift=30)
@example(a=-1, shift=30)
def test_shift(memory: SmallMemory, a: int, shift: int) -> None:
    check(memory, 17, a, shift)


@pytest.mark.parametrize("number", OPERATIONS)
def test_other_operands_fail(memory: SmallMemory, number: int) -> None:
    assert isinstance(memory.run(number, memory.integer(3), memory.float(1.0)), Failed)
    assert isinstance(memory.run(number, memory.integer(2**40), memory.integer(1)), Failed)


def test_points_hold_what_they_are_made_of(memory: SmallMemory) -> None:
    text = memory.string(b"y")
    point = memory.run(18, memory.integer(-3), text)
    assert isinstance(point, int) and memory.class_of(point) == "Point"
    assert memory.body(point) == memory.integer(-3).to_bytes(4, "little") + text.to_bytes(4, "little")
