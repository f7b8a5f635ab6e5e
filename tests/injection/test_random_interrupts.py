"""`hardtalk inject --random`: every interrupt is counted from both sides, and what does not add up is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.bench import UnfitRequest
from hardtalk.cli.main import run
from hardtalk.injection import shared_random
from hardtalk.injection.plan import InjectionPlan
from hardtalk.injection.shared_random import StormTask, booted, run_task, tasks_for
from hardtalk.latency.loads import Load, known_loads

COUNT = 300
TOGETHER = Load("together")


@pytest.mark.parametrize("form", ["smalltalk", "native"])
@pytest.mark.parametrize("line", ["TIMER", "UART"])
def test_all_are_served_and_counted(line: str, form: str) -> None:
    row = run_task(StormTask(line, form, TOGETHER, COUNT, 3, "arm926"))
    assert row.storm.violation == ""
    assert row.storm.count == COUNT < row.storm.entries
    assert row.storm.worst is not None and row.storm.worst.latency == max(row.storm.latencies)
    assert row.activity


def test_the_same_seed_is_the_same_storm() -> None:
    first, again, other = (
        run_task(StormTask("TIMER", "smalltalk", Load("sends"), COUNT, seed, "arm926")) for seed in (5, 5, 6)
    )
    assert first.storm.latencies == again.storm.latencies != other.storm.latencies


def test_an_entry_that_the_firmware_does_not_count_is_told() -> None:
    """The stub adds 2 to its count of interrupts."""
    bench, kept = booted("arm926")
    board = bench.board
    bench.console.put_back(kept)
    at = board.firmware.address_of("interruptEntry")
    while int.from_bytes(board.ram.read(at, 4), "little") != 0xE2833001:  # add r3, r3, #1
        at += 4
    board.ram.write(at, 0xE2833002.to_bytes(4, "little"))
    board.cpu.forget_code()
    broken = bench.console.keep()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_random, "booted", lambda _model: (bench, broken))
        row = run_task(StormTask("TIMER", "smalltalk", Load("sends"), COUNT, 3, "arm926"))
    bench.console.put_back(kept)
    assert row.storm.violation == f"the CPU entered {COUNT:,} interrupts, the firmware counted {2 * COUNT:,}"


def test_interrupts_are_shared_evenly_over_rows() -> None:
    tasks = tasks_for(1_000_000, 7, "arm926", list(known_loads().values()))
    assert len({task.name for task in tasks}) == len(tasks) > 40
    assert len({task.count for task in tasks}) == 1 and sum(task.count for task in tasks) >= 1_000_000
    assert [task.seed for task in tasks] == list(range(7, 7 + len(tasks)))


def test_the_command_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "random.json"
    some = ["--load", "sends", "--load", "together"]
    assert run(["inject", "--random", "80", *some, "--jobs", "1", "--json", str(path)]) == 0
    report = json.loads(path.read_text(encoding="utf-8"))
    figures = {each["name"]: each["value"] for each in report["figures"]}
    assert sum(value for name, value in figures.items() if name.endswith(".count")) == 80
    assert figures["smalltalk.UART.together.count"] == 10
    assert figures["native.TIMER.sends.violations"] == 0 < figures["native.TIMER.sends.max.cycles"]
    text = capsys.readouterr().out
    assert "worst smalltalk: " in text and "worst native: " in text


@pytest.mark.parametrize(
    ("what", "message"),
    [({}, "nothing is to be interrupted"), ({"interrupts": 5, "first": -1}, "numbers from 0 on")],
)
def test_a_plan_that_makes_no_sense_is_refused(what: dict[str, int], message: str) -> None:
    with pytest.raises(UnfitRequest, match=message):
        InjectionPlan("arm926", **what)


def test_a_plan_takes_only_what_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    plan = InjectionPlan("arm926", ("working",), heap_bytes=4 << 20)
    assert [(each.program, each.heap_bytes, each.model) for each in plan.collections] == [
        ("working", 4 << 20, "arm926")
    ]
    assert not plan.storms and not plan.windows
    assert run(["inject", "--forms", "--count", "-1"]) == 2
    assert "numbers from 0 on" in capsys.readouterr().err
