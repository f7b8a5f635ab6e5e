"""The audit while the collector works: sound in the midst of collections, the tri-colour invariant included."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from hardtalk.bench import BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.machine import Machine
from hardtalk.memory.rings import phase_of
from hardtalk.memory.run import expression_for
from hardtalk.memory.safepoints import settle

GARBAGE = "1 to: 20000 do: [ :each | Array new: 2 ]. "
PROGRAMS = {
    "pairs": (2 << 20, "pairs"),
    "replacements": (2 << 20, "replacements"),
    "chain": (3 << 20, GARBAGE + "MemoryWorkload new chain"),
}
"""Each with a heap so small that collections begin. A chain alone leaves too little to free for a stop to see it."""
ENOUGH = {"marking": 30, "freeing": 1}
MOST_STOPS = 6_000
SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES = 5_000, 60_000
STRIDE_BEFORE_FREEING_CYCLES = 500
"""Freeing what little garbage there is takes a moment only, so the phases before it are passed slowly."""


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_the_heap_is_sound_all_through_collections(program: str) -> None:
    heap_bytes, expression = PROGRAMS[program]
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=heap_bytes))
    console = bench.console
    console.prompt.enter(expression_for(expression))
    bench.board.uart(0).send(console.prompt.take_outgoing())
    seen: Counter[str] = Counter()
    strides = random.Random(1)
    phase = "idle"
    for _ in range(MOST_STOPS):
        stride = strides.randint(SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES)
        bench.board.run(STRIDE_BEFORE_FREEING_CYCLES if phase in ("weak", "flushing", "burying") else stride)
        settle(bench.board)
        phase = phase_of(Machine.of_board(bench.board))
        if phase == "idle" or seen[phase] >= ENOUGH.get(phase, MOST_STOPS):
            continue
        report = audit(bench.board)
        assert report.is_sound, f"cycle {bench.board.clock.cycles:,}\n{report.text()}"
        seen[report.phase] += 1
        if all(seen[phase] >= count for phase, count in ENOUGH.items()):
            return
    pytest.fail(f"the board was stopped in too few phases: {dict(seen)}")
