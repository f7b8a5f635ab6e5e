"""Baseline, CSV and page of `hardtalk latency`, and the worst with what ran then."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hardtalk.cli.main import run

MEASURE = ["latency", "--count", "60", "--line", "TIMER", "--load", "sends"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("latency")
    outputs = ["--json", str(folder / "now.json"), "--csv", str(folder / "now.csv"), "--html", str(folder / "now.html")]
    assert run([*MEASURE, *outputs]) == 0
    return folder


def changed_baseline(files: Path, name: str, value: object, is_figure: bool = True) -> str:
    data = json.loads((files / "now.json").read_text(encoding="utf-8"))
    if is_figure:
        (figure,) = (each for each in data["figures"] if each["name"] == name)
        figure["value"] += value
    else:
        data[name] = value
    path = files / "changed.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def test_the_same_again_is_no_worse(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*MEASURE, "--baseline", str(files / "now.json")]) == 0
    assert "no figure is worse than the baseline's" in capsys.readouterr().out


def test_a_figure_that_got_worse_fails(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed_baseline(files, "smalltalk.TIMER.sends.max.cycles", -1)
    assert run([*MEASURE, "--baseline", path]) == 1
    assert "worse than the baseline: smalltalk.TIMER.sends.max.cycles: " in capsys.readouterr().out


def test_a_figure_that_got_better_passes(files: Path) -> None:
    assert run([*MEASURE, "--baseline", changed_baseline(files, "smalltalk.p99.cycles", 5)]) == 0


def test_other_circumstances_are_not_compared(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed_baseline(files, "seed", 7, is_figure=False)
    assert run([*MEASURE, "--baseline", path]) == 2
    assert "the baseline's seed is 7, not 1" in capsys.readouterr().err
    path = changed_baseline(files, "smalltalk.count", 1)
    assert run([*MEASURE, "--baseline", path]) == 2


def test_a_baseline_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]", encoding="utf-8")
    assert run([*MEASURE, "--baseline", str(path)]) == 2
    assert "no file of figures" in capsys.readouterr().err


def test_csv_has_the_figures_of_the_json(files: Path) -> None:
    with (files / "now.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    figures = {each["name"]: each["value"] for each in json.loads((files / "now.json").read_text())["figures"]}
    assert (row["model"], row["line"], row["form"], row["load"]) == ("arm926", "TIMER", "smalltalk", "sends")
    assert (row["count"], row["raised"], row["served"], row["lost"]) == ("60", "60", "60", "0")
    assert int(row["p99.9"]) == figures["smalltalk.TIMER.sends.p99.9.cycles"]


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag


def test_page_is_whole_and_needs_nothing_else(files: Path) -> None:
    text = (files / "now.html").read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(text)
    assert not outline.open and not outline.links
    assert outline.tags.count("table") == 5 and "svg" in outline.tags and "script" not in outline.tags
    assert "LatencyWorkload" in text and "firmware/vm/" in text and "send" in text


def test_histogram_and_worst_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*MEASURE, "--histogram", "--worst"]) == 0
    shown = capsys.readouterr().out
    assert "TIMER, smalltalk handler, load sends" in shown and "####" in shown
    assert "the worst of TIMER" in shown and "to safepoint" in shown and ", bytecode " in shown
