"""A board with WreckingTest, whose tests harm it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.sunit.classes import SUnitClass, classes_in
from hardtalk.sunit.runner import Runner

Wreckable: TypeAlias = tuple[Bench, SUnitClass, KeptBoard]
BOARD = Path(__file__).parent / "board"
NUISANCE = Path(__file__).parents[1] / "drivers" / "board" / "Nuisance.class.st"


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the driver of the device that WreckingTest uses."""
    folder = tmp_path_factory.mktemp("driver")
    (folder / NUISANCE.name).write_bytes(NUISANCE.read_bytes())
    return folder


@pytest.fixture(scope="session")
def parts(driver: Path) -> list[str]:
    """The options that make WreckingTest's board."""
    return ["--driver", str(driver), "--device", str(BOARD / "wreckable.py")]


@pytest.fixture(scope="package")
def wreckable(driver: Path) -> Wreckable:
    """The bench, booted, the class and the state before any test."""
    bench = boot(BootOptions((driver, BOARD), device_files=(BOARD / "wreckable.py",)), lambda _: None)
    (found,) = classes_in(bench, BOARD)
    return bench, found, Runner(bench).state
