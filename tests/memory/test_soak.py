"""`hardtalk soak`: sound for a while, the same again with the same seed, and loud when something is wrong."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.cli.main import run
from hardtalk.cli.memory_board import boot_with_heap
from hardtalk.cli.memory_run import workload_folder
from hardtalk.cli.soak import Job, carry_out, complaint_of
from hardtalk.memory.soak import Soak

CYCLES = 100_000_000
JOB = Job(seed=3, cycles=CYCLES, heap_bytes=4 << 20, audit_every=5_000_000, model="arm926")


def test_the_command_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "soak.json"
    arguments = ["soak", "--cycles", str(CYCLES), "--seed", "3", "--heap", "2M", "--json", str(path)]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "seed 3:" in text and "sound" in text and "permille external waste at end" in text
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
    bench, _ = boot_with_heap([workload_folder()], 4 << 20, "arm926")
    bench.console.evaluate("SoakWorkload startWithSeed: 5. 0")
    return Soak(bench.board, 5, complaint_of(bench))


def test_the_first_violation_ends_it() -> None:
    soak = started()
    soak.run(CYCLES, 1_000_000, lambda run: damaged_ring(run) if run.audits == 3 else None)
    assert soak.violation.startswith("cycle ")
    assert soak.audits == 4 and soak.cycles < CYCLES // 2


def test_what_the_console_says_is_a_violation() -> None:
    bench, _ = boot_with_heap([workload_folder()], 4 << 20, "arm926")
    bench.console.evaluate("SoakWorkload startWithSeed: 5. 0")
    check = "SoakWorkload current check: #x answered: 1 expected: 2"
    bench.console.evaluate(f"[(Delay forMilliseconds: 5) wait. {check}] fork. 0")
    soak = Soak(bench.board, 5, complaint_of(bench))
    soak.run(CYCLES, 1_000_000)
    assert "Error: x a" in soak.violation


def test_mistakes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--cycles", "0"]) == 2
    assert "above zero" in capsys.readouterr().err
