"""`hardtalk new` makes a driver that works at once, and nothing over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.chip import chip_with
from hardtalk.cli.main import run


def test_a_new_driver_works_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["new", "LightSensor", "--line", "19", "--address", "0x80002000"]) == 0
    folder = tmp_path / "lightsensor"
    assert sorted(each.name for each in folder.iterdir()) == [
        "LightSensor.class.st", "LightSensorTest.class.st", "README.md", "lightsensor.py", "lightsensor.svd",
    ]  # fmt: skip
    monkeypatch.chdir(folder)
    assert run(["test", ".", "--svd", "lightsensor.svd", "--device", "lightsensor.py"]) == 0
    assert "1 passed" in capsys.readouterr().out
    text = "".join(each.read_text() for each in folder.iterdir() if each.is_file())
    assert "$" not in text.replace("$Name", "")
    assert "0x80002000" in text
    assert "<value>19</value>" in text
    (made,) = (each for each in chip_with(["lightsensor.svd"]).peripherals if each.name == "LIGHTSENSOR")
    assert all(each.description for each in made.registers)  # `registers LIGHTSENSOR` tells what they mean
    assert all(field.description for each in made.registers for field in each.fields)


@pytest.mark.parametrize(
    ("name", "made"), [("thermo", "Thermo"), ("light-sensor", "LightSensor"), ("LEDs", "LEDs"), ("adc_2", "Adc2")]
)
def test_a_name_in_small_letters_becomes_one_of_a_class(
    name: str, made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", name, "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    driver = tmp_path / made.lower() / f"{made}.class.st"
    assert f"#name : #{made},\n\t#superclass : #Device," in driver.read_text(encoding="utf-8")


def test_what_nobody_chose_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither its line nor its address belongs to a peripheral of the board's: its tests run."""
    monkeypatch.chdir(tmp_path)
    assert run(["new", "Lamp"]) == 0
    monkeypatch.chdir(tmp_path / "lamp")
    assert run(["test", ".", "--svd", "lamp.svd", "--device", "lamp.py"]) == 0
    assert "1 passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["4lamps"], "no name of a class"),
        (["My lamp"], "no name of a class"),
        (["timer"], "the system has a class"),
        (["Timer"], "the system has a class"),
        (["Uart0"], "has a peripheral of that name"),
        (["Lamp", "--line", "3"], "not free"),
        (["Lamp", "--address", "here"], "no number"),
        (["Lamp", "--address", "0x80001010"], "not free for devices"),
        (["Lamp", "--address", "0x1000"], "not free for devices"),
        (["Lamp", "--address", "0x80000000"], "not free for devices"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", *arguments, "--folder", str(tmp_path)]) != 0
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "lamp" / "README.md"
    kept.parent.mkdir()
    kept.write_text("mine")
    assert run(["new", "Lamp", "--folder", str(tmp_path)]) != 0
    assert "such a file" in capsys.readouterr().err
    assert [each.name for each in kept.parent.iterdir()] == ["README.md"]
    assert kept.read_text() == "mine"
