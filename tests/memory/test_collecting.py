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

HEAP_BYTES = 2 << 20
ENOUGH = {"marking": 30, "freeing": 1}
MOST_STOPS = 6_000
SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES = 5_000, 60_000


@pytest.mark.parametrize("program", ["pairs", "replacements", "chain"])
def test_the_heap_is_sound_all_through_collections(program: str) -> None:
    bench, console = boot_with_heap([workload_folder()], HEAP_BYTES, "arm926")
    console.prompt.enter(expression_for(program))
    bench.board.uart(0).send(console.prompt.take_outgoing())
    seen: Counter[str] = Counter()
    strides = random.Random(1)
    for _ in range(MOST_STOPS):
        bench.board.run(strides.randint(SHORTEST_STRIDE_CYCLES, LONGEST_STRIDE_CYCLES))
        settle(bench.board)
        if phase_of(Machine.of_board(bench.board)) == "idle":
            continue
        report = audit(bench.board)
        assert report.is_sound, f"cycle {bench.board.clock.cycles:,}\n{report.text()}"
        seen[report.phase] += 1
        if all(seen[phase] >= count for phase, count in ENOUGH.items()):
            return
    pytest.fail(f"the board was stopped in too few phases: {dict(seen)}")
