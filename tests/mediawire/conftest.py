"""A board with the driver, in the ring of the example: a source, an echo and a sink."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import text_root

HEAP_BYTES = 8 << 20


@pytest.fixture(scope="session")
def running() -> tuple[Bench, KeptBoard]:
    root = text_root()
    driver, home = root / "drivers" / "mediawire", root / "examples" / "mediawire" / "home.py"
    bench = boot(BootOptions((driver,), device_files=(home,), heap_bytes=HEAP_BYTES))
    bench.console.evaluate("wire := MediaWire start. wire waitUntilLocked. wire forgetService")
    return bench, bench.console.keep()


@pytest.fixture(params=["nil", "#mediaWireInterrupt:"], ids=["smalltalk", "native"])
def bench(running: tuple[Bench, KeptBoard], request: pytest.FixtureRequest) -> Iterator[Bench]:
    """In each form of the driver."""
    bench, kept = running
    bench.console.put_back(kept)
    bench.console.evaluate(f"wire nativeHandler: {request.param}. wire forgetService")
    yield bench
