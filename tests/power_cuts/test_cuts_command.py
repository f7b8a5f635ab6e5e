"""`hardtalk flash cuts` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.cli.main import run


def test_counts_are_shown_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "cuts.json"
    assert run(["flash", "cuts", "--count", "2", "--steps", "2", "--json", str(figures)]) == 0
    shown = capsys.readouterr().out
    assert "cuts a second" in shown and "262,144" in shown
    values = {each["name"]: each["value"] for each in json.loads(figures.read_text())["figures"]}
    assert values["4096.cuts"] >= 1 and values["262144.cuts"] >= 1
    assert (values["4096.lost_bytes"], values["262144.failures"]) == (0, 0)


@pytest.mark.parametrize("option", [("--count", "0"), ("--worn", "51"), ("--worn", "-1"), ("--steps", "0")])
def test_numbers_that_make_no_sense_are_refused(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flash", "cuts", *option]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {option[0]} {option[1]}: ")
