"""A line of the user's own: the form is what was measured, the generator says when where the device lets it, and a line
that is not served is a result."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from string import Template

import pytest
from tests.latency.lamp import NAMES, PROVOKED, write_lamp

from hardtalk.bench import BootOptions, UnfitRequest
from hardtalk.cli.latency_table import latency_table, trouble_lines
from hardtalk.cli.main import run
from hardtalk.cli.new_files import DRIVER
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import Cell, measure_cell, measure_cells
from hardtalk.latency.rows import Row, Trouble, latency_report
from hardtalk.latency.subjects import NATIVE, OWN, SMALLTALK

SILENT = PROVOKED.replace("if self.CONTROL.ENABLE", "if self.VALUE.value")
HERTZ = 200_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_lamp(tmp_path)
    return tmp_path


def cell(folder: Path, device: str = "", form: str = OWN, line: str = "LAMP", seed: int = 1) -> Cell:
    if device:
        (folder / "lamp.py").write_text(device)
    options = BootOptions((folder,), svds=(folder / "lamp.svd",), device_files=(folder / "lamp.py",))
    return Cell(options, line, Load("sends"), 20, Schedule(seed), form)


def texts(rows: list[Row]) -> str:
    return "\n".join(str(each) for each in latency_table(rows, HERTZ, 20_000, 1))


def test_the_form_is_the_drivers(folder: Path) -> None:
    row = measure_cell(cell(folder))
    assert isinstance(row, Row)
    assert (row.line, row.driver, row.form) == ("LAMP", "Lamp", SMALLTALK)
    assert measure_cell(cell(folder, form=SMALLTALK)) == row
    with pytest.raises(UnfitRequest, match="no driver of LAMP has the form native"):
        measure_cell(cell(folder, form=NATIVE))


def test_a_device_that_raises_its_line_itself_is_named(folder: Path) -> None:
    row = measure_cell(cell(folder))
    assert isinstance(row, Row)
    assert not row.is_provoked
    assert "LAMP: its device raises the line when it wants to" in texts([row])
    assert "when it wants to" not in texts([replace(row, is_provoked=True)])


def test_a_device_can_be_provoked(folder: Path) -> None:
    one = measure_cell(cell(folder, PROVOKED))
    assert isinstance(one, Row)
    assert one.is_provoked and one.counts.are_good and len(one.distribution) == 20
    assert measure_cell(cell(folder, PROVOKED)) == one
    other = measure_cell(cell(folder, PROVOKED, seed=2))
    assert isinstance(other, Row)
    raised = [[each.interrupt.raised for each in row.worst] for row in (one, other)]
    assert raised[0] != raised[1]


def test_which_driver_when_there_are_several(folder: Path) -> None:
    other = Template(DRIVER).substitute(NAMES | {"Name": "OtherLamp"}).replace("#OtherLamp\n]", "#LAMP\n]")
    (folder / "OtherLamp.class.st").write_text(other)
    with pytest.raises(UnfitRequest, match="several classes drive LAMP"):
        measure_cell(cell(folder))
    row = measure_cell(cell(folder, line="LAMP:OtherLamp"))
    assert isinstance(row, Row)
    assert row.driver == "OtherLamp"
    with pytest.raises(UnfitRequest, match="no driver of LAMP is called Lump"):
        measure_cell(cell(folder, line="LAMP:Lump"))


def test_a_line_that_is_not_served_is_a_result_and_others_go_on(folder: Path) -> None:
    silent = cell(folder, SILENT)
    timer = replace(silent, line="TIMER")
    trouble, row = measure_cells([silent, timer])
    assert isinstance(trouble, Trouble)
    assert isinstance(row, Row)
    assert (trouble.line, trouble.form, trouble.served) == ("LAMP", SMALLTALK, 0)
    assert "line 18 was not raised for 100 ms" in trouble.reason
    assert len(row.distribution) == 20
    [text] = trouble_lines([trouble])
    assert str(text).startswith("NOT SERVED: LAMP, smalltalk handler, load sends, arm926: line 18 was not raised")
    figures = {each.name: each.value for each in latency_report([row], "arm926", "sends", 1, "", 1, [trouble]).figures}
    assert figures["smalltalk.LAMP.sends.served"] == 0


def test_a_handler_that_never_comes_is_a_result(folder: Path) -> None:
    driver = (folder / "Lamp.class.st").read_text()
    (folder / "Lamp.class.st").write_text(
        driver.replace("	values nextPut: registers value.\n", "	Processor activeProcess suspend.\n")
    )
    trouble = measure_cell(cell(folder, PROVOKED))
    assert isinstance(trouble, Trouble)
    assert re.search(r"line 18 is high, not served for \d+\.\d+ ms", trouble.reason)


def test_a_driver_may_ask_its_device_for_interrupts(folder: Path) -> None:
    """A device that does nothing unasked is asked beside the load; without that nothing ever comes."""
    asked = SILENT.replace("    def provoke(self)", "    def on_write_VALUE(self, value: int)").replace(
        "if self.VALUE.value", "if self.CONTROL.ENABLE"
    )
    svd = (folder / "lamp.svd").read_text()
    (folder / "lamp.svd").write_text(svd.replace("<access>read-only</access>", ""))
    unasked = cell(folder, asked)
    silent = measure_cell(replace(unasked, options=replace(unasked.options, model="instructions")))
    assert isinstance(silent, Trouble)
    driver = folder / "Lamp.class.st"
    asks = "Lamp >> provoke [\n\tregisters value: 7.\n\tself next\n]\n"
    driver.write_text(f"{driver.read_text()}\n{{ #category : #measuring }}\n{asks}")
    row = measure_cell(cell(folder))
    assert isinstance(row, Row)
    assert len(row.distribution) == 20
    assert {"load sends (30)", "stimulus (39)", "Lamp (70)"} <= {each.name for each in row.service.processes}


def figures_of_sweep(folder: Path, *window: str) -> dict[str, int]:
    path = folder / "sweep.json"
    own = ["--driver", str(folder), "--svd", str(folder / "lamp.svd"), "--device", str(folder / "lamp.py")]
    arguments = [*window, *own, "--line", "LAMP", "--load", "sends", "--workers", "1", "--json", str(path)]
    assert run(["latency", "sweep", *arguments]) == 0
    return {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}


ASKED = """
from hardtalk.devices import Device, microseconds


class Lamp(Device):
    svd = "lamp.svd"

    def on_write_CONTROL(self, value: int) -> None:
        self.clock.after(microseconds(90), self.answer)

    def answer(self) -> None:
        self.STATUS.READY = 1
"""


@pytest.mark.parametrize("device", ["", ASKED], ids=["of its own accord", "asked by its driver"])
def test_a_device_that_cannot_be_provoked_is_swept(folder: Path, device: str) -> None:
    """Its line comes at each instruction, whenever the device would have raised it."""
    if device:
        (folder / "lamp.py").write_text(device)
        driver = folder / "Lamp.class.st"
        driver.write_text(
            driver.read_text()
            + "\n{ #category : #measuring }\nLamp >> provoke [\n\tregisters control enable: true\n]\n"
        )
    figures = figures_of_sweep(folder, "200:240")
    name = "smalltalk.LAMP.sends.sweep"
    assert figures[f"{name}.points"] == 40
    (folder / "lamp.py").write_text(PROVOKED)
    provoked = figures_of_sweep(folder, "200:240")
    ratio = figures[f"{name}.max.cycles"] / provoked[f"{name}.max.cycles"]
    assert 0.3 < ratio < 2, "the way is the same, but what was served before knows more of its methods"


def test_a_device_that_never_raises_its_line_cannot_be_swept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--driver", str(folder), "--svd", str(folder / "lamp.svd"), "--device", str(folder / "lamp.py")]
    (folder / "lamp.py").write_text(SILENT.replace("def provoke", "def never"))
    assert run(["latency", "sweep", "0:9", *own, "--line", "LAMP", "--load", "sends", "--workers", "1"]) == 2
    assert "its device did not raise it within 200,000,000 cycles" in capsys.readouterr().err
