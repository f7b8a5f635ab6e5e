"""The firmware with the test's native routines, on a board that has booted; each test from the same state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot

FIRMWARE = Path(__file__).parent / "firmware"


@pytest.fixture(scope="session")
def native_booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions((FIRMWARE,)))
    return bench, bench.console.keep()


@pytest.fixture
def native_bench(native_booted: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    bench, kept = native_booted
    bench.console.put_back(kept)
    yield bench
