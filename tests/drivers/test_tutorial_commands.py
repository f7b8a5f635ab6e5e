"""The tutorial's commands, as a newcomer types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardtalk.cli.main import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "thermometer"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy outside the project, as the working folder."""
    copy = tmp_path / "thermometer"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(copy)
    return copy


def test_the_test_passes_on_the_board(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", ".", "--device", "thermometer.py"]) == 0
    assert "1 passed" in capsys.readouterr().out


def test_the_test_fails_when_the_driver_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    driver = folder / "Thermometer.class.st"
    driver.write_text(driver.read_text(encoding="utf-8").replace("next / 100", "next / 10"), encoding="utf-8")
    assert run(["test", ".", "--device", "thermometer.py"]) == 1
    assert "1 failed" in capsys.readouterr().out


def test_a_script_talks_to_the_driver(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = folder / "script.st"
    script.write_text("Smalltalk at: #T put: Thermometer start!\nT next!\nT next!\n", encoding="utf-8")
    command = ["repl", "--script", "script.st", "--driver", ".", "--device", "thermometer.py"]
    assert run(command) == 0
    output = capsys.readouterr().out
    assert "(43/2)" in output
    assert "(87/4)" in output
