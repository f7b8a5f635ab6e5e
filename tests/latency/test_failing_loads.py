"""A load that cannot be started, ends or waits for ever is told of by name and reason, and other loads go on."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from tests.latency.lamp import PROVOKED, write_lamp

from hardtalk.bench import BootOptions
from hardtalk.cli.main import run
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loaded_board import Unmeasured, or_unmeasured
from hardtalk.latency.loads import Load
from hardtalk.latency.masked import measure_masked
from hardtalk.latency.matrix import Cell, measure_cells
from hardtalk.latency.rows import NOT_MEASURED, Row, Trouble

LOADS: Final = """"I have loads that do not go on."
Class {
	#name : #OwnLoads,
	#superclass : #LatencyWorkload,
	#category : #Own
}

{ #category : #loads }
OwnLoads >> fails [
	^ 1 / 0
]

{ #category : #loads }
OwnLoads >> ends [
	Processor activeProcess terminate
]

{ #category : #private }
OwnLoads >> prepareFor: aSymbol [
	super prepareFor: aSymbol.
	aSymbol = #cannotBeMade ifTrue: [ self error: 'there is none' ].
	aSymbol = #waits ifTrue: [ Semaphore new wait ]
]

{ #category : #loads }
OwnLoads >> cannotBeMade [
]

{ #category : #loads }
OwnLoads >> waits [
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loads")
    (folder / "OwnLoads.class.st").write_text(LOADS)
    return folder


def cell(folder: Path, selector: str, workload: str = "OwnLoads") -> Cell:
    return Cell(BootOptions((folder,)), "TIMER", Load(selector, workload), 20, Schedule(1))


def test_each_load_that_does_not_run_is_a_row_with_its_reason(folder: Path) -> None:
    failing = [cell(folder, each) for each in ("fails", "ends", "cannotBeMade", "waits")]
    *troubles, row = measure_cells([*failing, cell(folder, "sends", "LatencyWorkload")])
    assert isinstance(row, Row) and len(row.distribution) == 20
    reasons = []
    for each in troubles:
        assert isinstance(each, Trouble) and each.kind == NOT_MEASURED
        reasons.append(each.reason)
    assert [each.load for each in troubles] == ["fails", "ends", "cannot-be-made", "waits"]
    ended = "it ended while it was measured"
    started = "it cannot be started"
    error = "load fails: ZeroDivide: division of 1 by zero\nSmallInteger(Integer)>>/\nSmallInteger>>/\nOwnLoads>>fails"
    assert reasons == [
        f"load fails: {ended}:\n{error}",
        f"load ends: {ended}",
        f"load cannot-be-made: {started}: Error: there is none\nOwnLoads(Object)>>error:\nOwnLoads>>prepareFor:",
        f"load waits: {started}: ended: no answer within 100 seconds of the board's time\nOwnLoads>>prepareFor:",
    ]


def test_table_page_and_csv_have_the_load_and_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [folder / "now.csv", folder / "now.html"]
    arguments = ["latency", "--driver", str(folder), "--line", "TIMER", "--load", "fails", "--count", "20"]
    assert run([*arguments, "--csv", str(files[0]), "--html", str(files[1])]) == 1
    shown = capsys.readouterr().out
    assert "arm926  TIMER  Smalltalk  fails  20  not measured       -" in shown
    assert "NOT MEASURED: TIMER, smalltalk handler, load fails, arm926: load fails: it ended" in shown
    with files[0].open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["load"], row["count"], row["max"]) == ("fails", "20", "")
    assert row["trouble"].startswith(
        "NOT MEASURED: load fails: it ended while it was measured:\nload fails: ZeroDivide"
    )
    page = files[1].read_text(encoding="utf-8")
    assert "not measured" in page and "ZeroDivide: division of 1 by zero" in page


def test_masked_sections_are_shown_without_that_load(folder: Path) -> None:
    measure = partial(or_unmeasured, measure_masked)
    without = measure(cell(folder, "fails"))
    assert isinstance(without, Unmeasured)
    assert str(without).startswith(
        "NOT MEASURED: arm926: load fails: it ended while it was measured:\nload fails: Zero"
    )
    assert not isinstance(measure(cell(folder, "sends", "LatencyWorkload")), Unmeasured)


def test_other_loads_are_swept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loads = ["--driver", str(folder), "--line", "TIMER", "--load", "cannot-be-made", "--load", "sends"]
    assert run(["latency", "sweep", "0:2", *loads, "--workers", "1"]) == 1
    shown = capsys.readouterr().out
    assert "TIMER  Smalltalk  sends       2" in shown
    assert "NOT MEASURED: arm926: load cannot-be-made: it cannot be started: Error: there is none" in shown


def test_characters_are_sent_under_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loads = ["--driver", str(folder), "--load", "fails", "--load", "sends", "--baud", "115200", "--count", "20"]
    assert run(["uart", *loads, "--workers", "1"]) == 1
    shown = capsys.readouterr().out
    assert "sends  none lost" in shown and "NOT MEASURED: arm926: load fails: it ended" in shown


def test_a_handler_that_fails_heads_what_is_told(tmp_path: Path) -> None:
    write_lamp(tmp_path)
    (tmp_path / "lamp.py").write_text(PROVOKED)
    driver = tmp_path / "Lamp.class.st"
    driver.write_text(driver.read_text().replace("registers value.", "registers value / 0."))
    options = BootOptions((tmp_path,), svds=(tmp_path / "lamp.svd",), device_files=(tmp_path / "lamp.py",))
    failing = Cell(options, "LAMP", Load("sends"), 20, Schedule(1))
    head = "Lamp (LAMP, line 18): handleInterrupt failed; the line is masked until restart is sent: ZeroDivide"
    [trouble] = measure_cells([failing])
    assert isinstance(trouble, Trouble)
    assert trouble.reason.startswith(head) and "\nline 18 " in trouble.reason
    without = or_unmeasured(measure_masked, failing)
    assert isinstance(without, Unmeasured)
    assert without.reason.startswith(f"load sends, LAMP: {head}")
