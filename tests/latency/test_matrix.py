"""The table of all models, lines, forms and loads: the same over any executor, each row by itself, all in one file."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.cli.main import run
from hardtalk.latency.counts import Counts, counts_of, storms_of
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import LatencyPlan, booted, measure_cell, measure_cells

MODELS = ("arm926", "arm926-warm", "arm926-cold")
CELLS = LatencyPlan(
    (BootOptions(model="arm926"), BootOptions(model="arm926-cold")),
    ("TIMER",), ("smalltalk", "native"), (Load("sends"), Load("allocation")), 20, Schedule(1),
).cells  # fmt: skip


def test_rows_are_the_same_over_any_executor_and_in_any_order() -> None:
    rows = measure_cells(CELLS)
    assert [(row.model, row.form, row.load) for row in rows] == [
        (cell.options.model, cell.form, cell.load.name) for cell in CELLS
    ]
    with ThreadPoolExecutor(1) as executor:
        assert measure_cells(CELLS[::-1], executor) == rows[::-1]


def test_a_row_has_its_spread_its_worst_and_its_counts() -> None:
    row = measure_cell(CELLS[0])
    assert len(row.distribution) == row.counts.raised == row.counts.served == 20
    assert row.worst[0].interrupt.latency == row.distribution.max
    assert row.worst[0].activity.routine
    assert any(each.activity.method for each in row.worst)  # a send of the virtual machine's own is in no method
    assert row.counts.delivered >= 20 and row.counts.are_good


def test_command_measures_all_models_over_two_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "all.json"
    arguments = ["latency", "--model", "all", "--form", "both", "--line", "TIMER", "--load", "sends", "--count", "20"]
    assert run([*arguments, "--workers", "2", "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    for model in MODELS:
        assert figures[f"{model}.smalltalk.TIMER.sends.count"] == figures[f"{model}.native.count"] == 20
        assert figures[f"{model}.native.max.cycles"] < figures[f"{model}.smalltalk.min.cycles"]
        assert figures[f"{model}.smalltalk.lost"] == figures[f"{model}.smalltalk.spurious"] == 0
    assert figures["arm926-cold.smalltalk.median.cycles"] > 2 * figures["arm926.smalltalk.median.cycles"]
    assert "counted: 120 raised, 120 served" in capsys.readouterr().out


def test_counters_show_what_was_not_delivered() -> None:
    """A line that nobody has a semaphore for, one that is not lowered, and an interrupt without a line."""
    bench = booted(BootOptions())
    console = bench.console
    line = bench.board.chip.peripheral("TIMER23").lines[0]
    before = counts_of(bench, line)
    console.evaluate("InterruptController current unmask: 8; raise: 8")
    console.evaluate("LatencyTimer start")
    bench.board.raise_line(line)
    bench.board.run(20_000_000)
    bench.board.lower_line(line)
    counts = counts_of(bench, line) - before + storms_of(bench)
    assert (counts.stray, counts.storms, counts.lost) == (1, 1, 0)
    assert counts.delivered > 1_000 and not counts.are_good
    assert "1 stray, 0 spurious, 1 storms" in str(counts)


def test_the_prompt_answers_after_the_floods() -> None:
    boards, loads = (BootOptions(model="arm926-cold"),), (Load("together"),)
    cells = LatencyPlan(boards, ("UART",), ("smalltalk",), loads, 20, Schedule(1)).cells
    (row,) = measure_cells(cells)
    assert row.counts.raised >= 20 and row.counts.storms == 0


def test_counts_add_up() -> None:
    counts = Counts(1, 2, 3, 4, 5, 6, 7)
    assert counts + counts - counts == counts
    assert Counts(raised=5, served=5, delivered=9).are_good and Counts(raised=5, served=4).are_good
    assert not Counts(raised=5, served=3).are_good
    for name in ("lost", "stray", "spurious", "storms"):
        assert not replace(Counts(), **{name: 1}).are_good
