"""The firmware with the test's native routines, on a board that has booted; each test from the same state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.board import Snapshot

FIRMWARE = Path(__file__).parent / "firmware"


@pytest.fixture(scope="session")
def native_booted() -> tuple[Bench, Snapshot]:
    bench = boot(BootOptions((FIRMWARE,)))
    return bench, bench.board.snapshot()


@pytest.fixture
def native_bench(native_booted: tuple[Bench, Snapshot]) -> Iterator[Bench]:
    bench, snapshot = native_booted
    bench.board.restore(snapshot)
    bench.console.prompt.abandon()
    yield bench
