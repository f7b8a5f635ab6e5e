"""`hardtalk inject --processes`: a short version, and what it says of a fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.bench import Bench, KeptBoard, UnfitRequest, boot
from hardtalk.cli.inject_processes import sweep_lines
from hardtalk.cli.main import run
from hardtalk.injection.moments import Moments, MomentSweep, Row, moments_of, process_options, rows_of, sweep_names
from hardtalk.injection.shared_moments import SweepResult, SweepTask

COUNT = 5


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(process_options("arm926", (Path(__file__).parent / "firmware",)))
    return bench, bench.console.keep()


@pytest.mark.parametrize("name", sweep_names())
def test_some_moments_of_each(booted: tuple[Bench, KeptBoard], name: str) -> None:
    """A few of each row; the command goes through thousands."""
    bench, kept = booted
    bench.console.put_back(kept)
    rows = rows_of(bench, name)
    assert {row.action for row in rows} == {"terminate", "terminateTwice", "suspendAndTerminate", "suspendAndResume"}
    for row in rows:
        found = MomentSweep(bench, kept, row).run(moments_of(COUNT))
        assert (found.tried, found.faults) == (COUNT, []), row.name


def test_a_semaphore_that_is_not_exact_is_found(booted: tuple[Bench, KeptBoard]) -> None:
    """NaiveSweep enters as people do who do not think of termination: wait, ensure: signal."""
    bench, kept = booted
    row = Row("NaiveSweep", "terminate", 1)
    found = MomentSweep(bench, kept, row).run(moments_of(60))
    assert 0 < len(found.faults) < 60
    assert {said for _, said in found.faults} <= {"'signals: 0'", "'signals: 2'"}
    result = SweepResult(SweepTask("NaiveSweep", 60, "arm926"), "", [(row, found)])
    first, second = sweep_lines(result)
    assert first == f"NaiveSweep: terminate 60 moments: {len(found.faults)} not sound"
    cycle, said = found.faults[0]
    assert second.startswith(
        f"  NaiveSweep.terminate.1: {len(found.faults)} of 60 moments not sound: cycle {cycle:,}: {said}"
    )


def test_the_same_moment_is_the_same_fault(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    row = Row("NaiveSweep", "terminate", 1)
    cycles = moments_of(60)
    found = MomentSweep(bench, kept, row).run(cycles)
    cycle, said = found.faults[-1]
    again = MomentSweep(bench, kept, row).run(range(cycle, cycle + 1))
    assert again == Moments(1, [(cycle, said)])


def test_moments_are_spread_over_the_window() -> None:
    moments = moments_of(1000)
    assert len(moments) == 1000 and moments[0] == 0 and moments[-1] > 115_000
    with pytest.raises(UnfitRequest):
        moments_of(0)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "processes.json"
    assert run(["inject", "--processes", "8", "--jobs", "1", "--json", str(file)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(sweep_names()) + 1
    assert printed[0] == (
        "DelaySweep: terminate 2, terminateTwice 2, suspendAndTerminate 2, suspendAndResume 2 moments: all sound"
    )
    assert printed[-1].startswith("processes: ") and printed[-1].endswith(" a second), 0 not sound")
    figures = {each["name"]: each["value"] for each in json.loads(file.read_text())["figures"]}
    assert figures["MutexSweep.suspendAndResume.moments"] == 2
    assert figures["MutexSweep.suspendAndResume.faults"] == 0


def test_some_sweeps_may_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["inject", "--processes", "8", "--jobs", "1"]
    assert run([*command, "--sweep", "QueueSweep", "--sweep", "DelaySweep", "--sweep", "QueueSweep"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in printed] == ["DelaySweep", "QueueSweep", "processes"]


def test_sweeps_that_are_not_there_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    bad = ["--sweep", "Mutex", "--sweep", "DelaySweep", "--sweep", "", "--sweep", "Mutex", "--sweep", "queueSweep"]
    assert run(["inject", "--processes", "8", *bad]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[0] == "hardtalk: there is no sweep Mutex, , queueSweep"
    assert said.count("Mutex,") == 1 and f"name one of {', '.join(sweep_names())}" in said


def test_nothing_asked_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inject", "--processes", "0"]) != 0
    assert "Give --collection, --forms, --drivers, --random or --processes." in capsys.readouterr().err
