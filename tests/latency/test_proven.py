"""What is proven stands beside what was seen, and a run in which more was seen fails."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.bounds.budget import FIGURES
from hardtalk.bounds.proof import Proof
from hardtalk.build import BuildOptions, build
from hardtalk.build.cache import BuildCache
from hardtalk.build.sources import text_root
from hardtalk.chip import default_chip
from hardtalk.cli import latency as latency_command
from hardtalk.cli.main import run
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import Cell, measure_cell
from hardtalk.latency.proven import Bounds, Proven, add_bounds, beside, machine_digest, proven
from hardtalk.latency.rows import Row
from hardtalk.report.figures import Report
from hardtalk.symbols.source_map import SourceMap

MEASURE = ["latency", "--count", "20", "--line", "TIMER", "--load", "sends", "--form", "both"]
FOUND = Proven({"arm926": Bounds({"stretch": 30, "masked": 4, "response": 50}, {"One": 7}, {"One": 90, "Two": 20})})


def row(driver: str, longest: int, form: str = "smalltalk") -> Row:
    return Row("arm926", "LINE", form, "sends", Distribution.of([1, longest]), (), driver=driver)


def test_the_bound_is_the_way_to_the_handler_and_its_way_to_the_device() -> None:
    (one, two, native, warm) = beside(
        [row("One", 57), row("Two", 57), row("One", 57, "native"), replace(row("One", 57), model="arm926-warm")], FOUND
    )
    assert (one.bound, two.bound, native.bound, warm.bound) == (57, None, None, None)
    assert not one.is_beyond_bound and not two.is_beyond_bound
    assert beside([row("One", 58)], FOUND)[0].is_beyond_bound


@pytest.mark.parametrize(
    "model, names",
    [("arm926", ("bound.stretch.cycles", "bound.handler.cycles")), ("all", ("arm926.bound.stretch.cycles",))],
)
def test_the_report_has_the_fixed_names(model: str, names: tuple[str, ...]) -> None:
    report = Report("latency", model, "sends", 1, "")
    add_bounds(report, [row("One", 1), row("Two", 1)], FOUND)
    figures = {each.name: each.value for each in report.figures}
    assert set(names) <= set(figures)
    assert figures[names[0]] == 30 and max(figures.values()) == 90


def test_a_handler_without_an_end_has_no_figure() -> None:
    assert FOUND.bounds["arm926"].longest_handler([row("One", 1), row("Three", 1)]) is None


def test_a_firmware_that_cannot_be_bounded_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hardtalk.bounds.blocks import Unprovable
    from hardtalk.latency import proven as module

    def refuse(*_: object) -> Bounds:
        raise Unprovable(0x8000, "a computed jump")

    monkeypatch.setattr(module, "figures_of", refuse)
    monkeypatch.setattr(module, "machine_digest", lambda *_: "machine")
    monkeypatch.setattr(module, "SourceMap", lambda _: None)
    monkeypatch.setattr(module, "Proof", lambda *_: None)
    found = proven(b"elf", default_chip(), ("arm926",), BuildCache(tmp_path))
    assert found == Proven({}, "0x8000: a computed jump; hardtalk bound tells the place")
    assert beside([row("One", 1)], found) == [row("One", 1)]


def test_other_drivers_leave_what_is_proven_of_the_machine() -> None:
    """Which is therefore proven once; with another collector it is another machine."""
    drivers = (text_root() / "examples" / "thermometer",)
    svd = (text_root() / "examples" / "thermometer" / "thermometer.svd",)
    options = [BuildOptions(), BuildOptions(drivers, svd), BuildOptions(collector="stop-the-world")]
    shipped, with_driver, other = (
        machine_digest(Proof(SourceMap(build(each).elf), default_chip()), "arm926") for each in options
    )
    assert with_driver == shipped != other


def test_what_the_board_shows_is_below_what_is_proven_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*MEASURE, "--json", str(tmp_path / "now.json")]) == 0
    figures = {each["name"]: each["value"] for each in json.loads((tmp_path / "now.json").read_text())["figures"]}
    seen, bound = (figures[f"smalltalk.TIMER.sends.{each}.cycles"] for each in ("max", "bound"))
    assert figures["bound.response.cycles"] < bound and seen < bound
    assert figures["bound.handler.cycles"] > bound - figures["bound.response.cycles"] > 0
    assert all(figures[f"bound.{each}.cycles"] > 0 for each in FIGURES)
    assert not any(name.startswith("native.TIMER") and "bound" in name for name in figures)
    shown = capsys.readouterr().out
    assert f"proven, arm926: stretch {figures['bound.stretch.cycles']:,}" in shown and "LONGER" not in shown


def test_more_seen_than_proven_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = measure_cell(Cell(BootOptions(), "TIMER", Load("sends"), 1, Schedule(1))).driver
    tight = Proven({"arm926": Bounds(dict.fromkeys(FIGURES, 100), {handler: 10}, {handler: 10})})
    monkeypatch.setattr(latency_command, "proven", lambda *_: tight)
    assert run(MEASURE) == 1
    told = r"LONGER THAN PROVEN: TIMER, smalltalk handler, load sends, arm926: \d\.\d µs, proven 0\.6 µs"
    assert re.search(told, capsys.readouterr().out)
