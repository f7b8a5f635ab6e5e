"""Compiled code interrupted at every instruction, and processes that run it ended at any moment."""

from __future__ import annotations

import pytest

from hardtalk.bench import boot
from hardtalk.injection.collection import CollectionSweep
from hardtalk.injection.moments import MomentSweep, moments_of, process_options, rows_of
from hardtalk.injection.shared_collection import CollectionRecipe

WORKLOAD = ("InjectionWorkload", "OrderedCollection", "Interval", "Semaphore")
SWEEPS = ("UnwindingSweep", "SemaphoreSweep", "EndingSweep")
POINTS = 600
MOMENTS = 12


@pytest.mark.parametrize("permille", [20, 300, 700])
def test_every_instruction_of_windows_of_a_collection(permille: int) -> None:
    """A program in machine code works while memory is collected; the heap is audited behind each interrupt."""
    recipe = CollectionRecipe("working", 2 << 20, "arm926", complete_every=8, compiled=WORKLOAD)
    prepared = recipe()
    sweep = CollectionSweep(prepared.board, prepared.start, prepared.counts, recipe.complete_every)
    found = sweep.run(prepared.instructions * permille // 1000, POINTS)
    assert found.violation == ""
    assert found.points == POINTS and found.outcomes >= 1


@pytest.fixture(scope="module")
def swept() -> object:
    bench = boot(process_options("arm926", compiled=(*SWEEPS, "ProcessSweep", "BlockClosure", "Semaphore")))
    return bench, bench.console.keep()


@pytest.mark.parametrize("name", SWEEPS)
def test_ended_at_moments(swept: tuple, name: str) -> None:
    bench, kept = swept
    bench.console.put_back(kept)
    for row in rows_of(bench, name):
        found = MomentSweep(bench, kept, row).run(moments_of(MOMENTS))
        assert (found.tried, found.faults) == (MOMENTS, []), row.name
