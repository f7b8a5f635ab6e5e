"""The audit while the collector works: sound in the midst of collections, the tri-colour invariant included."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from hardtalk.cli.memory_board import boot_with_heap
from hardtalk.cli.memory_run import expression_for, workload_folder
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import Machine
from hardtalk.memory.rings import phase_of
from hardtalk.memory.safepoints import settle

HEAP_BYTES = {"pairs": 2 << 20, "replacements": 2 << 20, "chain": 3 << 20}
"""So little that collections begin, and enough that they run beside the program."""
ENOUGH = {"marking": 30, "freeing": 1}
MOST_STOPS = 1_500
SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES = 5_000, 60_000
STRIDE_BEFORE_FREEING_CYCLES = 500
"""Freeing what little garbage there is takes a moment only, so the phases before it are passed slowly."""


@pytest.mark.parametrize("program", sorted(HEAP_BYTES))
def test_the_heap_is_sound_all_through_collections(program: str) -> None:
    bench, console = boot_with_heap([workload_folder()], HEAP_BYTES[program], "arm926")
    console.prompt.enter(expression_for(program))
    bench.board.uart(0).send(console.prompt.take_outgoing())
    seen: Counter[str] = Counter()
    strides = random.Random(1)
    phase = "idle"
    for _ in range(MOST_STOPS):
        stride = strides.randint(SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES)
        bench.board.run(STRIDE_BEFORE_FREEING_CYCLES if phase in ("weak", "flushing", "burying") else stride)
        settle(bench.board)
        phase = phase_of(Machine.of_board(bench.board))
        if phase == "idle":
            continue
        report = audit(bench.board)
        assert report.is_sound, f"cycle {bench.board.clock.cycles:,}\n{report.text()}"
        seen[report.phase] += 1
        if all(seen[phase] >= count for phase, count in ENOUGH.items()):
            return
    pytest.fail(f"the board was stopped in too few phases: {dict(seen)}")
