"""Measuring the emulation's own speed. Wall-clock figures are only reported; here the measurement itself is tested."""

import pytest
from board_guests import guest

from hardtalk.board import BoardError
from hardtalk.board.speed import measure

WORK = "ldr r0, =200000; ldr r1, =PROBE; again: subs r0, r0, #1; bne again; str r0, [r1, #4]; end: b end; .ltorg"


def test_both_run_to_the_mark() -> None:
    speed = measure(guest(WORK), rounds=1)
    assert speed.instructions == 2 + 400_000 + 2
    assert speed.plain > 0
    assert speed.modelled > 0


def test_a_workload_without_mark_is_refused() -> None:
    with pytest.raises(BoardError, match=r"the workload ended \(halted\) without a mark"):
        measure(guest("mcr p15, 0, r0, c7, c0, 4"), rounds=1)
