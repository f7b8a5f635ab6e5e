"""The tutorial shows the example's files as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "thermometer"
BLOCKS = re.findall(r"```\w*\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["thermometer.py", "Thermometer.class.st", "ThermometerTest.class.st"])
def test_whole_file_is_shown(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") in BLOCKS


def test_the_description_is_quoted_from_the_file() -> None:
    [quoted] = [block for block in BLOCKS if block.startswith("<peripheral>")]
    text = [line.strip() for line in (FOLDER / "thermometer.svd").read_text(encoding="utf-8").splitlines()]
    wanted = [line.strip() for line in quoted.splitlines()]
    start = text.index(wanted[0])
    assert text[start : start + len(wanted)] == wanted
