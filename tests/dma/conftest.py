"""A board with the driver of the DMA controller and a small heap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import text_root

HEAP_BYTES = 3 << 20
OPENED = Path(__file__).parent / "opened"


@pytest.fixture(scope="session")
def running() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions((text_root() / "drivers" / "dma", OPENED), heap_bytes=HEAP_BYTES))
    bench.console.evaluate("dma := DmaController current")
    return bench, bench.console.keep()


@pytest.fixture
def bench(running: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    bench, kept = running
    bench.console.put_back(kept)
    yield bench
