"""Control-C while something is measured: what was measured before remains, and is shown."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.fuzz import judge
from hardtalk.cli.main import run
from hardtalk.fuzz import kinds, run_campaign
from hardtalk.latency.laboratory import PROGRESS_STEP, Schedule
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import Cell, measure_cells
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, side_by_side

ENOUGH = 100
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Task:
    """Answers its number, or is interrupted."""

    number: int
    is_interrupted: bool = False
    count: int = 1


def carry_out(task: Task) -> int:
    if task.is_interrupted:
        raise KeyboardInterrupt
    return task.number


def ignore(_count: int) -> None:
    pass


def test_without_interrupt_all_is_done_in_order() -> None:
    tasks = [Task(3), Task(1), Task(2)]
    heard: list[int] = []
    assert side_by_side(carry_out, tasks, None, heard.append) == [3, 1, 2]
    assert heard == [1, 1, 1]
    with ThreadPoolExecutor(2) as threads:
        assert side_by_side(carry_out, tasks, threads, ignore) == [3, 1, 2]


def test_progress_is_told_while_a_task_goes_on() -> None:
    heard: list[int] = []

    def slow(task: Task) -> int:
        tell(3)
        end = time.monotonic() + PATIENCE_SECONDS
        while not heard and time.monotonic() < end:
            time.sleep(0.01)
        return task.number

    with ThreadPoolExecutor(1) as threads:
        assert side_by_side(slow, [Task(7, count=10)], threads, heard.append) == [7]
    assert heard == [3, 7]
    tell(5)  # outside of a task nobody hears
    assert heard == [3, 7]


def test_one_after_the_other_what_was_done_remains() -> None:
    with pytest.raises(CutShort) as caught:
        side_by_side(carry_out, [Task(3), Task(1), Task(2, True), Task(4)], None, ignore)
    assert caught.value.done == [3, 1]


PROGRAM = """
import os, signal, time
from dataclasses import dataclass
from pathlib import Path

from hardtalk.tasks.worker_pool import WorkerPool
from hardtalk.tasks.side_by_side import CutShort, side_by_side


FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    number: int
    is_long: bool
    count: int = 1


def carry_out(task):
    try:
        if task.is_long:
            FOLDER.joinpath(str(task.number)).touch()
            time.sleep(60)
    except KeyboardInterrupt:
        raise CutShort([-task.number])
    return task.number


def press_control_c(_count):
    while not all(FOLDER.joinpath(number).exists() for number in "23"):
        time.sleep(0.01)
    os.killpg(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with WorkerPool(2) as pool:
            side_by_side(carry_out, [Task(1, False), Task(2, True), Task(3, True)], pool, press_control_c)
    except CutShort as cut:
        print(sorted(cut.done))
"""


def test_workers_hand_over_what_they_have_so_far(tmp_path: Path) -> None:
    """In a group of its own, which gets the signal, as from a terminal."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=60, start_new_session=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[-3, -2, 1]\n", "")


def test_a_row_of_the_interrupts_that_were_served_before() -> None:
    def interrupt(_count: int) -> None:
        raise KeyboardInterrupt

    whole, twice = (
        Cell(BootOptions(), "TIMER", Load("sends"), count, Schedule(1)) for count in (PROGRESS_STEP, 2 * PROGRESS_STEP)
    )
    (expected,) = measure_cells([whole])
    with pytest.raises(CutShort) as caught:
        measure_cells([twice, twice], None, interrupt)
    assert caught.value.done == [expected]


def test_the_command_shows_it_and_says_that_it_was_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(cells: list[Cell], *_others: object) -> list[object]:
        rows = measure_cells([cells[0]])
        raise CutShort(rows)

    monkeypatch.setattr("hardtalk.cli.latency.measure_cells", measured)
    assert run(["latency", "--count", str(ENOUGH)]) == INTERRUPTED
    told = capsys.readouterr().out
    assert told.startswith("interrupted: what was measured before\n")
    assert "TIMER" in told and "UART   " not in told
    assert "nothing is proven: the command was interrupted" in told


def test_a_campaign_of_fuzzing_counts_what_it_tried() -> None:
    tally = run_campaign(kinds()["baseline"], 100, 1, judge, partial(interrupt_at, 7))
    assert (tally.tried, tally.is_cut) == (7, True)


def interrupt_at(limit: int, tried: int) -> None:
    if tried == limit:
        raise KeyboardInterrupt
