"""The firmware under everything at once: the same trace twice, and however the run is cut into slices."""

from __future__ import annotations

from itertools import cycle

import pytest

from hardtalk.bench import BootOptions
from hardtalk.board import StopReason
from hardtalk.latency.loaded_board import boot_latency_bench, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import SUBJECTS, send_character

CYCLES = 3_000_000
CHARACTERS_EVERY = 50_021


def digest_of_run(model: str, slices: list[int]) -> tuple[str, int, int]:
    """Digest, cycles and instructions when the cycles have passed in slices of these lengths, again and again.

    Characters come at cycles of the clock, whatever the slices are.
    """
    bench = boot_latency_bench(BootOptions(model=model))
    board = bench.board
    start_load(bench, SUBJECTS["UART"], Load("together"))
    board.clock.every(CHARACTERS_EVERY, lambda: send_character(board))
    end = board.clock.cycles + CYCLES
    for size in cycle(slices):
        left = end - board.clock.cycles
        if left <= 0:
            break
        assert board.run(min(size, left)).reason is StopReason.CYCLES
    return board.trace.digest(), board.clock.cycles, board.instructions


@pytest.mark.parametrize("model", ["arm926", "arm926-cold"])
def test_the_trace_is_the_same_twice_and_in_any_slices(model: str) -> None:
    whole = digest_of_run(model, [CYCLES])
    assert digest_of_run(model, [CYCLES]) == whole
    for slices in ([10_000], [997, 31_337, 5]):
        assert digest_of_run(model, slices) == whole
