"""Control-C within the first part of a command: how far it is, is shown, and said not to be all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hardtalk.bench.console import BoardConsole
from hardtalk.benchmarks.filing import file_in
from hardtalk.board import Board
from hardtalk.board.bare import BareEngine
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.main import run
from hardtalk.injection.forms import FormSweep
from hardtalk.injection.moments import MomentSweep
from hardtalk.latency.laboratory import PROGRESS_STEP, Laboratory
from hardtalk.memory.run import START_MARK, STOP_MARK, MemoryRun
from hardtalk.soak.soak import Soak
from hardtalk.tasks.side_by_side import CutShort, leaving, shared_out
from hardtalk.trace.recording import Instant, Recording
from hardtalk.trace.vcd_file import vcd_text


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared out is done in this process, where it can be interrupted at a certain place."""
    monkeypatch.setattr("hardtalk.cli.progress.WorkerPool", ThreadPoolExecutor)


def interrupted_at(number: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but that Control-C comes instead of its call of that number, counted from 1."""
    calls = count(1)

    def called(*given: Any, **options: Any) -> Any:
        if next(calls) == number:
            raise KeyboardInterrupt
        return real(*given, **options)

    return called


def values_in(file: Path) -> dict[str, int]:
    return {each["name"]: each["value"] for each in json.loads(file.read_text())["figures"]}


def counted_to(last: int) -> list[int]:
    """The numbers below `last`; Control-C comes at the fourth."""
    found: list[int] = []
    with leaving(found, lambda: bool(found)):
        for number in range(last):
            if number == 3:
                raise KeyboardInterrupt
            found.append(number)
    return found


def test_what_is_whole_and_what_is_begun_are_both_heard_of() -> None:
    heard: list[tuple[int, list[int], bool]] = []
    with ThreadPoolExecutor(1) as executor, pytest.raises(CutShort):
        shared_out(executor, counted_to, [(2,), (9,)], lambda *what: heard.append(what))
    assert heard == [(0, [0, 1], True), (1, [0, 1, 2], False)]


def test_nothing_so_far_is_nothing() -> None:
    with pytest.raises(CutShort) as cut, leaving([], lambda: False):
        raise KeyboardInterrupt
    assert cut.value.done == []


@pytest.mark.usefixtures("here")
def test_points_of_the_first_window(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(FormSweep, "_point", interrupted_at(3, FormSweep._point))
    assert run(["inject", "--forms", "--jobs", "1"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "Smalltalk code, for a Smalltalk handler: 2 points so far (" in shown and "\nforms: 2 points in " in shown


@pytest.mark.usefixtures("here")
def test_random_interrupts_of_the_first_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Laboratory, "_run_until", interrupted_at(2, Laboratory._run_until))
    file = tmp_path / "random.json"
    options = ["--load", "idle", "--jobs", "1", "--json", str(file)]
    assert run(["inject", "--random", "40000", *options]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert f"smalltalk.TIMER.idle: {PROGRESS_STEP} interrupts of 10,000 so far, " in shown
    assert "not yet counted" in shown and "all counted" not in shown
    assert "worst smalltalk: " in shown
    assert values_in(file)["smalltalk.TIMER.idle.count"] == PROGRESS_STEP


@pytest.mark.usefixtures("here")
def test_moments_of_the_first_sweep(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(MomentSweep, "said_at", interrupted_at(3, MomentSweep.said_at))
    assert run(["inject", "--processes", "500", "--sweep", "DelaySweep", "--jobs", "1"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "DelaySweep: terminate 2 moments so far: all sound\nprocesses: 2 moments in " in shown


@pytest.mark.usefixtures("here")
def test_calls_of_the_first_batch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate = BoardConsole.evaluate

    def interrupted(console: BoardConsole, expression: str, *patience: int) -> str:
        if expression.startswith("PrimitiveCalls current store"):
            console.prompt.enter(expression)
            console.board.uart(0).send(console.prompt.take_outgoing())
            console.run(20_000_000)
            raise KeyboardInterrupt
        return evaluate(console, expression, *patience)

    monkeypatch.setattr(BoardConsole, "evaluate", interrupted)
    assert run(["inject", "--stores", "--calls", "1000", "--jobs", "1"]) == INTERRUPTED
    told = re.search(r"interrupted: what was called before\nstores: ([\d,]+) of", capsys.readouterr().out)
    assert told is not None and 0 < int(told[1].replace(",", "")) < 1000


def test_characters_of_the_first_rate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def interrupted(board: Board, cycles: int) -> None:
        asked.append(cycles)
        board.run(cycles // 2 if len(asked) == 1 else cycles)
        if len(asked) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("hardtalk.uart.reception.run_for", interrupted)
    file = tmp_path / "uart.json"
    options = ["--load", "idle", "--count", "100", "--workers", "1", "--json", str(file)]
    assert run(["uart", "--baud", "115200", "--baud", "230400", *options]) == INTERRUPTED
    shown = capsys.readouterr().out
    figures = values_in(file)
    sent = figures["idle.115200.sent"]
    assert 45 <= sent <= 55 and figures["idle.115200.lost"] == 0 and figures["idle.115200.interrupts"] == sent
    assert re.search(rf"idle +none of {sent} lost +- +none so far\n", shown)
    assert "fastest" not in figures and "the fastest rate without" not in shown


@pytest.mark.parametrize(("call", "is_seen"), [(2, True), (1, False)])
def test_masked_sections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: int, is_seen: bool) -> None:
    monkeypatch.setattr(Laboratory, "_run_until", interrupted_at(call, Laboratory._run_until))
    file = tmp_path / "masked.json"
    options = ["--load", "idle", "--line", "TIMER", "--workers", "1", "--json", str(file)]
    assert run(["latency", "masked", *options]) == INTERRUPTED
    figures = values_in(file)
    seen = [value for name, value in figures.items() if name.endswith(".seen")]
    assert any(name.endswith(".code.cycles") for name in figures)  # those of the code were there before
    assert seen and any(value >= PROGRESS_STEP for value in seen) == is_seen


@pytest.fixture
def stopped_program(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Control-C comes in a program's first slice."""
    take = MemoryRun._take
    interrupted: list[MemoryRun] = []

    def taken(run: MemoryRun, watch: Any) -> None:
        if START_MARK in run._marks and STOP_MARK not in run._marks and not interrupted:
            interrupted.append(run)
            raise KeyboardInterrupt
        take(run, watch)

    monkeypatch.setattr(MemoryRun, "_take", taken)
    yield
    assert interrupted


@pytest.mark.usefixtures("stopped_program")
def test_a_program_of_memory(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "--program", "pairs"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "interrupted: what was measured before" in shown and "not at its end: what follows is so far" in shown
    cycles = re.search(r"time +([\d,]+) cycles", shown)
    assert cycles is not None and int(cycles[1].replace(",", "")) > 0 and "audit   sound" in shown


@pytest.mark.usefixtures("stopped_program")
def test_a_program_with_the_first_collector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "compare.json"
    assert run(["memory", "compare", "--program", "pairs", "--json", str(file)]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert re.search(r"pairs, so far +treadmill +[\d,]+ ", shown)
    assert "ratio" not in shown and "all: program" not in shown
    assert set(values_in(file)) == {"heap.bytes", "rounds"}


def test_turns_of_speed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first is not measured, the fourth has no time without the board. Nothing is filed in."""
    monkeypatch.setattr(BareEngine, "run", interrupted_at(4, BareEngine.run))
    file = tmp_path / "speed.json"
    assert run(["speed", "--turns", "3", "--json", str(file)]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "the fastest of 2 turns of each" in shown and "filing in" not in shown
    assert values_in(file)["board.time"] > 0


def test_what_was_filed_in_until_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("hardtalk.benchmarks.filing.file_in", interrupted_at(2, file_in))
    assert run(["speed", "--turns", "2"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "the fastest of 2 turns of each" in shown and "filing in" in shown and "interrupted" in shown


def test_a_soak_until_then(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(Soak, "_run_to", interrupted_at(3, Soak._run_to))
    file = tmp_path / "soak.json"
    options = ["--executor", "threads", "--heap", "4M", "--json", str(file)]
    assert run(["soak", *options]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "3 audits" in shown and ": sound so far" in shown and "interrupted: what was done before" in shown
    figures = values_in(file)
    assert figures["1.audits"] == 3 and 10_000_000 <= figures["1.cycles"] < 11_000_000


@pytest.mark.parametrize(("call", "recorded"), [(1, 0), (2, PROGRESS_STEP), (4, 2 * PROGRESS_STEP)])
def test_a_recording(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], call: int, recorded: int
) -> None:
    """The fourth call is in the second pass, which only looks whether recording changed anything."""
    monkeypatch.setattr(Laboratory, "_run_until", interrupted_at(call, Laboratory._run_until))
    file = tmp_path / "load.vcd"
    options = ["--load", "sends", "--count", str(2 * PROGRESS_STEP), "--vcd", str(file)]
    assert run(["trace", *options]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "interrupted: what was recorded before" in shown and f"{recorded:,} interrupts: " in shown
    assert ("longest: " in shown) == bool(recorded)
    assert "$enddefinitions" in file.read_text()


def test_a_long_recording_is_written_without_looking_through_it_for_each_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Recording] = []
    cycles = Recording._cycles

    def counted(recording: Recording) -> Any:
        looked.append(recording)
        return cycles(recording)

    monkeypatch.setattr(Recording, "_cycles", counted)
    recording = Recording(200_000_000)
    recording.track("marks").instants += [Instant("mark", cycle) for cycle in range(1000, 1100)]
    assert "#495" in vcd_text(recording, "many")
    assert len(looked) == 2  # its first moment and its last
