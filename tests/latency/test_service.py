"""What becomes of an interrupt beyond its first access: others that poll, a handler that drains or cannot keep up."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.table import Table
from tests.latency.lamp import PROVOKED, write_lamp

from hardtalk.bench import BootOptions
from hardtalk.bench.process_watch import NATIVE_PROCESSES
from hardtalk.cli.latency_service import handler_cells, handler_lines, process_lines
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loads import Load, all_loads
from hardtalk.latency.matrix import Cell, measure_cell
from hardtalk.latency.rows import Row, Trouble
from hardtalk.latency.subjects import NATIVE, OWN

HERTZ = 200_000_000
AGAIN = """
from hardtalk.devices import Device, microseconds


class Lamp(Device):
    svd = "lamp.svd"

    def provoke(self) -> None:
        if self.CONTROL.ENABLE:
            self.STATUS.READY = 1
            self.clock.after({later}, self.again)

    def again(self) -> None:
        self.STATUS.READY = 1
"""
LOADS = """"I look at a lamp while its interrupts are measured."
Class {
	#name : #LampWorkload,
	#superclass : #LatencyWorkload,
	#category : #Lamp
}

{ #category : #loads }
LampWorkload >> polls [
	| registers |
	registers := (Peripheral named: #LAMP) registers.
	1000 timesRepeat: [ registers status ready ]
]

{ #category : #loads }
LampWorkload >> clears [
	| registers |
	registers := (Peripheral named: #LAMP) registers.
	1000 timesRepeat: [ registers status ready: false ]
]
"""
TAKEN = "	values nextPut: registers value.\n	registers status ready: false"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_lamp(tmp_path)
    (tmp_path / "lamp.py").write_text(PROVOKED)
    (tmp_path / "LampWorkload.class.st").write_text(LOADS)
    return tmp_path


def handle(folder: Path, body: str) -> None:
    driver = (folder / "Lamp.class.st").read_text()
    assert TAKEN in driver
    (folder / "Lamp.class.st").write_text(driver.replace(TAKEN, body))


def cell(folder: Path, load: str = "sends", count: int = 50) -> Cell:
    options = BootOptions((folder,), svds=(folder / "lamp.svd",), device_files=(folder / "lamp.py",))
    return Cell(options, "LAMP", all_loads([folder])[load], count, Schedule(1), OWN)


def row_of(cell: Cell) -> Row:
    row = measure_cell(cell)
    assert isinstance(row, Row), row.reason
    return row


def test_a_service_ends_when_the_handler_waits_again(folder: Path) -> None:
    calm = Schedule(1, shortest_gap_cycles=12_000)
    row = row_of(replace(cell(folder), schedule=calm))
    service = row.service
    assert service.run is not None and service.high is not None and service.period is not None
    assert (len(service.run), len(service.period)) in {(49, 49), (50, 49)}
    assert row.distribution.median < service.run.median + row.distribution.min < 20_000
    assert service.high.max >= row.distribution.max
    assert (service.polled, service.drained, service.foreign, service.overruns) == (0, 0, 0, 0)
    assert service.keeps_up


def test_the_rows_of_processes_are_all_of_the_time(folder: Path) -> None:
    service = row_of(cell(folder)).service
    times = {each.name: each for each in service.processes}
    assert set(times) == {"load sends (30)", "Lamp (70)"}
    total = sum(each.cycles for each in times.values())
    assert times["Lamp (70)"].cycles / total == pytest.approx(service.share, rel=0.05)
    assert times["Lamp (70)"].turns in (49, 50)
    assert service.period is not None
    assert sum(service.period.cycles) <= total


def test_what_another_process_reads_is_no_service(folder: Path) -> None:
    """It reads the very register all the time: the wait would end with the first of these."""
    still = row_of(cell(folder))
    polled = row_of(cell(folder, "polls"))
    assert polled.service.foreign > 0
    assert polled.service.polled == 0
    assert polled.distribution.min >= still.distribution.min - 100
    assert len(polled.distribution) == 50


def test_an_interrupt_whose_line_others_lower_has_no_latency(folder: Path) -> None:
    row = row_of(cell(folder, "clears"))
    assert row.service.polled > 0
    assert row.service.foreign >= row.service.polled
    assert len(row.distribution) == 50
    assert row.distribution.min >= row_of(cell(folder)).distribution.min - 100


def test_what_the_handler_drains_is_told_apart(folder: Path) -> None:
    """The second value comes while the first is being taken, and is taken with it."""
    (folder / "lamp.py").write_text(AGAIN.format(later="microseconds(20)"))
    handle(
        folder, f"{TAKEN}.\n	100 timesRepeat: [ registers status ready ifTrue: [ registers status ready: false ] ]"
    )
    row = row_of(cell(folder))
    assert row.service.drained >= 40
    assert row.service.overruns >= 40
    assert row.service.polled == 0
    assert "overruns" in handler_cells(row, HERTZ)[-1]


def test_the_device_itself_may_withdraw_its_interrupt(folder: Path) -> None:
    withdrawn = PROVOKED.replace(
        "            self.STATUS.READY = 1\n",
        "            self.STATUS.READY = 1\n            self.clock.after(20, self.withdraw)\n",
    )
    (folder / "lamp.py").write_text(f"{withdrawn}\n    def withdraw(self) -> None:\n        self.STATUS.READY = 0\n")
    trouble = measure_cell(cell(folder, count=5))
    assert isinstance(trouble, Trouble)
    assert trouble.served == 0


def test_trouble_tells_who_had_the_processor(folder: Path) -> None:
    handle(folder, "	[ true ] whileTrue")
    trouble = measure_cell(cell(folder))
    assert isinstance(trouble, Trouble)
    whose = r"line 18 is high, not served for .*; the processor's time since then: Lamp \(70\) 100%"
    assert re.search(whose, trouble.reason)


def test_native_handlers_and_native_processes() -> None:
    options = BootOptions()
    row = row_of(Cell(options, "TIMER", Load("messages"), 50, Schedule(1), NATIVE))
    assert row.service.run is not None
    assert row.service.run.max < 1_000
    assert len(row.service.run) >= 49
    assert row.service.keeps_up
    assert NATIVE_PROCESSES in {each.name for each in row.service.processes}


def test_the_tables(folder: Path) -> None:
    row = row_of(cell(folder, count=20))
    texts = [str(each) for each in handler_lines([row], HERTZ)]
    assert "overrun: the line was raised while the handler was busy" in texts[-1]
    [_, table, _] = list(handler_lines([row, replace(row, model="arm926-cold")], HERTZ))
    assert isinstance(table, Table)
    assert str(table.columns[0].header) == "model"
    [_, title, processes] = list(process_lines([row], HERTZ))
    assert str(title) == "processes of LAMP, smalltalk handler, load sends, arm926"
    assert isinstance(processes, Table)
    assert processes.row_count == 2
