"""`hardtalk soak`: sound for a while, the same again with the same seed, and loud when something is wrong."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.board import Mark
from hardtalk.cli.main import run
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.programs import shared_programs
from hardtalk.soak.jobs import Job, carry_out, complaint_of, soak_options
from hardtalk.soak.progress import FIRST_MARK, STUCK_CYCLES, Progress
from hardtalk.soak.soak import Soak, start_expression

CYCLES = 100_000_000
JOB = Job(seed=3, cycles=CYCLES, heap_bytes=4 << 20, audit_every=5_000_000, model="arm926")


def test_the_command_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "soak.json"
    arguments = ["soak", "--cycles", str(CYCLES), "--seed", "3", "--heap", "2M", "--json", str(path)]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "seed 3:" in text and "sound" in text and "programs ended: pairs " in text and "largest free" in text
    found = {each["name"]: each["value"] for each in json.loads(path.read_text())["figures"]}
    assert found["3.cycles"] >= CYCLES and found["3.audits"] >= CYCLES // 5_000_000
    assert found["3.collections"] >= 1 and found["3.interrupts"] > 100 and found["3.bytes_echoed"] > 100
    assert found["3.programs"] > 1 and found["3.violations"] == 0


def test_the_same_seed_is_the_same_run_on_any_executor() -> None:
    jobs = [replace(JOB, cycles=20_000_000), replace(JOB, cycles=20_000_000), replace(JOB, cycles=20_000_000, seed=4)]
    with ThreadPoolExecutor(1) as executor:
        outcomes = sorted(carry_out(executor, jobs), key=lambda outcome: outcome.job.seed)
    assert [each.violation for each in outcomes] == ["", "", ""]
    assert outcomes[0].counts == outcomes[1].counts != outcomes[2].counts


def damaged_ring(soak: Soak) -> None:
    """An object in the midst of the black ring says that nothing precedes it."""
    each = soak.board.firmware.address_of("blackRing")
    for _ in range(2_000):
        each = int.from_bytes(soak.board.ram.read(each, 4), "little")
    soak.board.ram.write(each + 4, bytes(4))


def started() -> Soak:
    bench = boot_settled(soak_options(4 << 20))
    bench.console.evaluate(start_expression(5, shared_programs()))
    return Soak(bench.board, 5, complaint_of(bench), tuple(shared_programs()))


def test_the_first_violation_ends_it() -> None:
    soak = started()
    soak.run(CYCLES, 1_000_000, lambda run: damaged_ring(run) if run.audits == 3 else None)
    assert soak.violation.startswith("cycle ")
    assert soak.audits == 4 and soak.cycles < CYCLES // 2


def test_what_the_console_says_is_a_violation() -> None:
    bench = boot_settled(soak_options(4 << 20))
    bench.console.evaluate(start_expression(5, shared_programs()))
    check = "SoakWorkload current check: #x answered: 1 expected: 2"
    bench.console.evaluate(f"[(Delay forMilliseconds: 5) wait. {check}] fork. 0")
    soak = Soak(bench.board, 5, complaint_of(bench))
    soak.run(CYCLES, 1_000_000)
    assert "Error: x a" in soak.violation


def test_mistakes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--cycles", "0"]) == 2
    assert "above zero" in capsys.readouterr().err


def progress(*values: tuple[int, int, int]) -> Progress:
    """Of programs a and b, from marks of (cycle, worker, program's number)."""
    found = Progress(("a", "b"), 1_000)
    for cycle, worker, index in values:
        found.hear(Mark(cycle, FIRST_MARK + 256 * worker + index, 0))
    return found


def test_marks_are_counted_by_program_and_worker() -> None:
    found = progress((2_000, 1, 1), (3_000, 2, 1), (4_000, 1, 2))
    assert (found.ended, found.by_worker) == ({"a": 2, "b": 1}, {1: 2, 2: 1})
    assert found.programs == 3 and found.complaint(5_000) == ""


def test_other_marks_are_none_of_its_business() -> None:
    found = progress()
    found.hear(Mark(2_000, 1, 0))
    found.hear(None)
    assert found.programs == 0


def test_a_worker_that_makes_no_progress_fails_the_run() -> None:
    later = STUCK_CYCLES + 3_000
    found = progress((2_000, 1, 1), (2_000, 3, 2), (later, 1, 2), (later, 3, 2))
    assert found.complaint(later).startswith("worker 2 has ended no program for")


def test_a_program_that_is_left_out_fails_the_run() -> None:
    found = progress(*[(2_000, worker, 1) for worker in (1, 2, 3, 1)])
    assert found.complaint(3_000) == "a ended 4 times and b 0 times"


def test_a_worker_that_waits_for_ever_is_told() -> None:
    soak = started()
    soak.progress.hear(Mark(soak.board.clock.cycles - STUCK_CYCLES, FIRST_MARK + 256 * 2 + 1, 0))
    soak.run(10_000_000, 5_000_000)
    assert "worker 2 has ended no program" in soak.violation


def test_several_boards_on_threads(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["soak", "--cycles", "30000000", "--boards", "3", "--jobs", "2", "--executor", "threads", "--seed", "8"]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"seed {seed}: 1\d,\d\d\d,\d\d\d cycles", text) for seed in (8, 9, 10))
    assert "interrupts" in text and "largest free block" in text and "waste" in text
