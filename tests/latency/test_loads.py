"""Every load runs, does what it is named for, and lasts: what it drops is collected."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.bench import Bench
from hardtalk.board import StopReason
from hardtalk.cli.main import run
from hardtalk.devices import microseconds
from hardtalk.latency.floods import Metronome
from hardtalk.latency.loaded_board import boot_latency_bench, start_load
from hardtalk.latency.loads import MANY, Load, all_loads, growth_loads, known_loads
from hardtalk.latency.subjects import SUBJECTS
from hardtalk.vm.codes import COLLECTOR_PHASES

CYCLES = 4_000_000
LONG_CYCLES = 60_000_000

OWN_LOAD = """
"I am a load of a user's own."
Class {
	#name : #Juggling,
	#superclass : #LatencyWorkload,
	#category : #Own
}

{ #category : #loads }
Juggling >> threeBalls [
	value := 3
]

{ #category : #private }
Juggling >> drop [
	^ self error: 'never'
]
"""


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot_latency_bench()


def counter(bench: Bench, name: str) -> int:
    return int(bench.console.evaluate(f"Smalltalk vmValue: #{name}"))


@pytest.mark.parametrize("load", known_loads().values(), ids=lambda load: load.name)
def test_load_runs_and_lasts(bench: Bench, load: Load) -> None:
    """Memory that it drops comes back: over the run it may take more than there is, and never runs short."""
    board = bench.board
    booted = board.snapshot()
    start_load(bench, SUBJECTS["TIMER"], load)
    stop = board.run(LONG_CYCLES)
    assert stop.reason is StopReason.CYCLES
    assert bench.console.evaluate("3 + 4") == "7"
    assert counter(bench, "bytesFree") > counter(bench, "liveBytes") // 4
    assert bench.console.evaluate("LatencyLaboratory isRunning") == "true"
    board.restore(booted)


@pytest.mark.parametrize(
    "load", [load for load in growth_loads().values() if load.many == MANY[0]], ids=lambda load: load.name
)
def test_growth_runs_and_lasts(bench: Bench, load: Load) -> None:
    board = bench.board
    booted = board.snapshot()
    start_load(bench, SUBJECTS["TIMER"], load)
    board.run(CYCLES)
    assert bench.console.evaluate("LatencyLaboratory isRunning") == "true"
    assert counter(bench, "bytesFree") > counter(bench, "liveBytes") // 4
    board.restore(booted)


def test_growth_is_of_each_kind_in_each_number() -> None:
    names = set(growth_loads())
    assert {f"delays-{many}" for many in (10, 1_000, 100_000)} <= names
    assert len(names) >= 45 and set(all_loads()) == names | set(known_loads())


def test_the_collector_runs_all_the_time_under_collection(bench: Bench) -> None:
    board = bench.board
    booted = board.snapshot()
    start_load(bench, SUBJECTS["TIMER"], known_loads()["collection"])
    board.run(CYCLES)
    before = counter(bench, "cyclesCompleted")
    phase = board.firmware.address_of("collectorPhase")
    seen = []
    for _ in range(2_000):
        board.run(20_011)
        seen.append(board.ram.read(phase, 1)[0])
    assert seen.count(COLLECTOR_PHASES["PhaseIdle"]) < len(seen) // 50
    assert {COLLECTOR_PHASES["PhaseMarking"], COLLECTOR_PHASES["PhaseFreeing"]} <= set(seen)
    assert counter(bench, "cyclesCompleted") > before
    board.restore(booted)


def test_large_takes_more_than_there_is(bench: Bench) -> None:
    board = bench.board
    booted = board.snapshot()
    free = counter(bench, "bytesFree")
    start_load(bench, SUBJECTS["TIMER"], known_loads()["large"])
    first = counter(bench, "bytesAllocated")
    while (counter(bench, "bytesAllocated") - first) % (1 << 30) < 2 * free:
        board.run(LONG_CYCLES)
    assert counter(bench, "cyclesCompleted") > 0
    assert bench.console.evaluate("LatencyLaboratory isRunning") == "true"
    board.restore(booted)


@pytest.mark.parametrize(("name", "line"), [("serial-flood", 14), ("timer-flood", 20)])
def test_floods_flood(bench: Bench, name: str, line: int) -> None:
    board = bench.board
    booted = board.snapshot()
    start_load(bench, SUBJECTS["TIMER"], known_loads()[name])
    before = board.trace.lines[line].served if line in board.trace.lines else 0
    board.run(CYCLES)
    assert board.trace.lines[line].served - before >= CYCLES // 20_000 - 2
    assert board.uart(2).overruns == 0
    metronome = board.device("METRONOME")
    assert isinstance(metronome, Metronome) and metronome.missed == 0
    board.restore(booted)


def test_metronome_beats_and_counts_what_was_missed() -> None:
    metronome = Metronome()
    metronome.write("PERIOD", 10)
    metronome.clock.advance(microseconds(35))
    assert (metronome.beats, metronome.missed, metronome.line.level) == (3, 2, True)
    metronome.write("STATUS", 0)
    metronome.write("PERIOD", 0)
    metronome.clock.advance(microseconds(100))
    assert (metronome.beats, metronome.line.level) == (3, False)


def test_own_loads_are_found_by_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Juggling.class.st").write_text(OWN_LOAD, encoding="utf-8")
    known = known_loads([tmp_path])
    assert known["three-balls"] == Load("threeBalls", "Juggling")
    assert "drop" not in known
    arguments = ["latency", "--driver", str(tmp_path), "--load", "three-balls", "--line", "TIMER", "--count", "20"]
    assert run(arguments) == 0
    assert "three-balls" in capsys.readouterr().out
