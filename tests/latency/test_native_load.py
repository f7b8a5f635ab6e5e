"""No line waits for native code that is less urgent than its handler, wherever in the VM it was raised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hardtalk.bench import Bench, BootOptions
from hardtalk.board import StopReason
from hardtalk.latency.laboratory import Laboratory, Schedule
from hardtalk.latency.matrix import booted
from hardtalk.latency.subjects import SUBJECTS
from hardtalk.symbols.moments import watched_addresses

LONGEST_CYCLES = 20_000
COMPUTING = (
    "Smalltalk at: #Block put: (Bitmap new: 2). "
    "Smalltalk at: #Computing put: (NativeProcess routine: #latencyCompute: argument: Block priority: 35)"
)


@pytest.fixture
def bench() -> Bench:
    bench = booted(BootOptions())
    bench.console.evaluate("LatencyTimer start")
    bench.console.evaluate(COMPUTING)
    return bench


def waits_for_a_process(bench: Bench) -> None:
    """The VM goes to sleep, and native code, which is ready, runs instead."""
    bench.console.evaluate("Computing resume. [ (Delay forMilliseconds: 100) wait ] forkAt: 40")


def makes_native_code_ready(bench: Bench) -> None:
    """A Smalltalk process resumes a native one that goes before it."""
    bench.console.evaluate("[ (Delay forMilliseconds: 100) wait. Computing resume ] forkAt: 30")


@pytest.mark.parametrize(
    ("prepare", "routine", "instructions"),
    [
        (waits_for_a_process, ">>yieldToNative", 250),
        (makes_native_code_ready, "primitiveResumeNative:arguments:", 450),
    ],
)
def test_a_line_raised_before_native_code_takes_over_is_served_first(
    bench: Bench, prepare: Callable[[Bench], None], routine: str, instructions: int
) -> None:
    board, subject = bench.board, SUBJECTS["TIMER"]
    prepare(bench)
    name = next(name for name in bench.source_map.names if name.endswith(routine))
    address = bench.source_map.address_of(name)
    assert address is not None
    assert board.run_to(address, 40_000_000).reason is StopReason.REACHED
    start = board.snapshot()
    watched = watched_addresses(bench.source_map)
    inject = subject.immediate_injector(board)
    assert inject is not None
    late, places = [], set()
    laboratory = Laboratory(board, subject.line(board), None, watched, Schedule(0, patience_cycles=2_000_000))
    for number in range(instructions):
        board.restore(start)
        if number:
            board.step(number)
        places.add(board.firmware.describe(board.cpu.pc).split("<")[1].split("+")[0].rstrip(">"))
        with laboratory.listening():
            latency = laboratory.next_now(inject).latency
        if latency > LONGEST_CYCLES:
            late.append((number, latency))
    assert not late
    assert any("latencyCompute" in place for place in places), places
