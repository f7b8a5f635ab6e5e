"""A board whose firmware has the drivers of keyboard and mouse, both started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import text_root

DRIVERS = text_root() / "drivers" / "input"
START = "keyboard := Keyboard start. mouse := Mouse startInto: keyboard events. events := keyboard events. 0"


@pytest.fixture(scope="session")
def booted_with_input() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions((DRIVERS,)))
    bench.console.evaluate(START)
    return bench, bench.console.keep()


@pytest.fixture
def bench(booted_with_input: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    """What a test does to the board is undone."""
    bench, kept = booted_with_input
    bench.console.put_back(kept)
    yield bench
