"""Every load runs, does what it is named for, and lasts: what it leaves in memory allows 100,000 interrupts."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.board import StopReason
from hardtalk.cli.boards import Bench
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_floods import Metronome
from hardtalk.cli.latency_loads import Load, known_loads
from hardtalk.cli.latency_subjects import SUBJECTS
from hardtalk.cli.main import run
from hardtalk.devices import microseconds

CYCLES = 4_000_000
LONGEST_RUN_CYCLES = 100_000 * 16_200

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
def test_load_runs_and_fits_the_heap(bench: Bench, load: Load) -> None:
    board = bench.board
    booted = board.snapshot()
    start_load(bench, SUBJECTS["TIMER"], load)
    free, first = counter(bench, "bytesFree"), board.clock.cycles
    stop = board.run(CYCLES)
    assert stop.reason is StopReason.CYCLES
    left = counter(bench, "bytesFree")
    used_a_cycle = (free - left) / (board.clock.cycles - first)
    assert used_a_cycle * LONGEST_RUN_CYCLES < left, f"{used_a_cycle * 1000:.1f} bytes for each 1,000 cycles"
    assert bench.console.evaluate("3 + 4") == "7"
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
