"""The back end under duress: few registers, other colour orders. What the code computes must not change."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hardtalk.slang import allocate

from .test_three_ways import expressions, statements
from .three_ways import agreed, program

PROGRAM = """Sample >> run: a with: b [
	| x y z |
	x := a. y := b. z := 7. counter := 3. total := 0.
	%s
	^ %s + counter - total
]

Sample >> helper: p with: q [
	<noInline>
	counter := counter + 1.
	p > q ifTrue: [ ^ p - counter ].
	^ q bitXor: total
]
"""


@pytest.mark.parametrize("scratch", [(0, 1, 2, 3), (3, 2, 1, 0, 12), (14, 12, 3, 2, 1, 0)], ids=str)
@settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate]
)
@given(body=statements, result=expressions, arguments=st.lists(st.integers(0, 0xFFFFFFFF), min_size=2, max_size=2))
def test_few_registers(scratch: tuple[int, ...], body: str, result: str, arguments: list[int]) -> None:
    saved = allocate.SCRATCH, allocate.CALLEE_SAVED, allocate.PINNED
    allocate.SCRATCH, allocate.CALLEE_SAVED = scratch, (11,)
    allocate.PINNED = ()  # type: ignore[assignment]  # fewer registers than the shipped tuple has
    try:
        ways = program(PROGRAM % (body, result))
    finally:
        allocate.SCRATCH, allocate.CALLEE_SAVED, allocate.PINNED = saved
    agreed(ways.call("run:with:", *arguments, data=bytes(range(256)) * 4))


@pytest.mark.parametrize("seed", range(4))
def test_random_colour_orders(seed: int) -> None:
    orders = list(allocate.SCRATCH), list(allocate.PINNED)
    for order in orders:
        random.Random(seed).shuffle(order)
    saved = allocate.SCRATCH, allocate.PINNED
    allocate.SCRATCH, allocate.PINNED = tuple(orders[0]), tuple(orders[1])
    try:
        ways = program(
            PROGRAM
            % (
                "1 to: 9 do: [ :i | x := x + (self helper: y with: i). y := y bitXor: x << 3. "
                "(x > y and: [ i < 5 ]) ifTrue: [ z := z * 31 + i ] ifFalse: [ total := total + (z >> 2) ] ].",
                "(self helper: (x quo: 7) with: (y rem: 13)) + z",
            )
        )
    finally:
        allocate.SCRATCH, allocate.PINNED = saved
    for left, right in ((1, 2), (0xFFFFFFFF, 5), (0x80000000, 0x7FFFFFFF), (12345, 678)):
        agreed(ways.call("run:with:", left, right))
