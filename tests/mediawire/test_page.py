"""The page's examples: those in Smalltalk run on the board, the one in Python makes a ring; and the example's test."""

from __future__ import annotations

import re

import pytest

from hardtalk.bench import Bench
from hardtalk.build.sources import text_root
from hardtalk.cli.main import run
from hardtalk.devices import Device, seconds

PAGE = text_root() / "docs" / "mediawire.md"
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERS = ("an OrderedCollection(source ", "a Process(messages", "0")


def blocks(language: str) -> list[str]:
    found = BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
    return [each["text"] for each in found if each["language"] == language]


def test_every_example_has_its_answer() -> None:
    assert len(blocks("smalltalk")) == len(ANSWERS)


@pytest.mark.parametrize(("source", "expected"), list(zip(blocks("smalltalk"), ANSWERS, strict=False)), ids=ANSWERS)
def test_an_example_runs(bench: Bench, source: str, expected: str) -> None:
    assert bench.console.evaluate(source).startswith(expected)


def test_the_ring_of_the_page_is_cut_and_mended() -> None:
    names: dict[str, type[Device]] = {}
    exec(blocks("python")[0], names)
    home = names["Home"]()
    home.write("CONTROL", 3)
    home.clock.advance(seconds(1))
    home.clock.advance(50_000_000 // 1000)
    assert home.read("STATUS") == 4
    home.clock.advance(seconds(1))
    assert home.read("STATUS") == 1


def test_the_examples_test_passes_as_its_readme_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(text_root())
    readme = (text_root() / "examples" / "README.md").read_text(encoding="utf-8")
    [command] = [line for line in readme.splitlines() if line.startswith("hardtalk test examples/mediawire ")]
    assert run(command.split()[1:]) == 0
    assert "3 passed" in capsys.readouterr().out
