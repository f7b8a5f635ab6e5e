"""The tutorial's simulated device, without a board; and the size the tutorial promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from hardtalk.devices import Device, milliseconds

FOLDER = Path(__file__).parents[2] / "examples" / "thermometer"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("thermometer", FOLDER / "thermometer.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["thermometer"] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_nothing_happens_before_it_is_enabled(module: ModuleType) -> None:
    device: Device = module.Thermometer()
    device.clock.advance(milliseconds(5))
    assert device.read("STATUS") == 0
    assert not device.line.level


def test_a_reading_holds_the_line_until_ready_is_cleared(module: ModuleType) -> None:
    device: Device = module.Thermometer()
    device.write("CONTROL", 1)
    device.clock.advance(milliseconds(5))
    assert device.line.level
    assert device.read("VALUE") == 2150
    device.write("STATUS", 0)
    assert not device.line.level
    device.clock.advance(milliseconds(1))
    assert device.line.level
    assert device.read("VALUE") == 2175


def test_the_tutorial_is_under_a_hundred_lines() -> None:
    lines = [line for path in sorted(FOLDER.glob("*.*")) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) < 100
