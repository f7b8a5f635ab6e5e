"""Control-C ends a command and the processes that it has begun, soon and without a word of theirs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.bench.console import BoardConsole
from hardtalk.benchmarks.programs import PROGRAMS
from hardtalk.board.interruption import interrupts_deferred
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.main import run
from hardtalk.cli.progress import measured_in_turn
from hardtalk.injection.plan import Injected, InjectionPlan, Listener
from hardtalk.mediawire import Signal
from hardtalk.power_cuts import SECTORS, CutPlan, Tally
from hardtalk.ring.member import Member
from hardtalk.tasks.worker_pool import WorkerPool

if TYPE_CHECKING:
    from hardtalk.bench import Bench

SOON_SECONDS = 8  # two are wanted; other tests may keep the processors busy
PROGRAM = Path(sys.executable).with_name("hardtalk")


def test_processes_that_work_end_soon() -> None:
    process = subprocess.Popen(
        [PROGRAM, "inject", "--primitives", "--calls", "100000", "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("calls: ")
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (INTERRUPTED, "")
    assert time.monotonic() - began < SOON_SECONDS


def test_an_interrupt_that_is_deferred_is_raised_at_the_end() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        reached.append(True)
    assert reached
    with interrupts_deferred():
        pass


def test_work_is_done_and_errors_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with WorkerPool(2) as pool:
        assert list(pool.map(abs, [-3, 4])) == [3, 4]
        with pytest.raises(ValueError, match="invalid literal"):
            pool.submit(int, "no number").result()
    assert signal.getsignal(signal.SIGINT) is before


def test_what_was_measured_before_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def steps() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyboardInterrupt

    assert measured_in_turn(steps(), 3, output.console()) == ([1, 2], False)
    assert capsys.readouterr().out == "interrupted: what was measured before\n"
    assert measured_in_turn(iter([1, 2]), 2, output.console()) == ([1, 2], True)
    with pytest.raises(KeyboardInterrupt):
        measured_in_turn((each for each in steps() if each > 2), 3, output.console())


def test_a_bench_that_is_interrupted_shows_its_first_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(_: Bench) -> dict[int, int]:
        raise KeyboardInterrupt

    monkeypatch.setattr("hardtalk.benchmarks.programs.allocation_costs", interrupted)
    file = tmp_path / "bench.json"
    assert run(["bench", "--json", str(file)]) == INTERRUPTED
    names = {each["name"] for each in json.loads(file.read_text())["figures"]}
    assert names == {f"{program}.{unit}" for program in PROGRAMS for unit in ("instructions", "cycles")}


def test_a_program_that_never_ends_is_recorded_until_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(console: BoardConsole, _expression: str, _cycles: int) -> str:
        console.run(400_000)
        raise KeyboardInterrupt

    file = tmp_path / "program.vcd"
    monkeypatch.setattr(BoardConsole, "evaluate", interrupted)
    assert run(["trace", "--program", "[ true ] whileTrue", "--vcd", str(file)]) == INTERRUPTED
    assert "interrupted after 2 ms" in capsys.readouterr().out
    assert "$enddefinitions" in file.read_text()


def test_cuts_of_the_power_that_were_tried_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(plan: CutPlan, progress: Callable[[Tally], None]) -> Tally:
        tally = Tally()
        progress(tally)
        tally.cuts = 1_234
        if plan.sector_bytes == max(SECTORS):
            raise KeyboardInterrupt
        return tally

    monkeypatch.setattr("hardtalk.cli.flash_cuts.run_cuts", interrupted)
    assert run(["flash", "cuts"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "interrupted: what was measured before" in shown and shown.count("1,234") == len(SECTORS)


def test_parts_of_an_injection_that_are_whole_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_plan: InjectionPlan, _executor: Executor, listener: Listener, _injected: Injected) -> None:
        listener.points_done("collecting", 5, 10)
        raise KeyboardInterrupt

    monkeypatch.setattr("hardtalk.cli.inject.carry_out", interrupted)
    file = tmp_path / "inject.json"
    assert run(["inject", "--collection", "--json", str(file)]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert shown == "collecting: 5 of 10 points\ninterrupted: what is told above was done before\n"
    assert json.loads(file.read_text())["figures"] == []


def test_a_ring_shows_what_its_boards_did(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    windows = iter(range(1, 100))
    run_window = Member.run_window

    def interrupted(member: Member, signals: list[Signal]) -> list[Signal]:
        if next(windows) == 9:
            raise KeyboardInterrupt
        return run_window(member, signals)

    monkeypatch.setattr(Member, "run_window", interrupted)
    assert run(["ring", "--nodes", "2"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "interrupted: what was done before" in shown and shown.count("running") == 2
