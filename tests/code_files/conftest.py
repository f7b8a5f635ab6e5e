"""A board with the reader of code files and an empty volume; each test from the same state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.bench.firmware import class_model
from hardtalk.build.sources import text_root
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume
from hardtalk.serial import ClassModel

HEAP_BYTES = 8 << 20


@pytest.fixture(scope="session")
def loader() -> tuple[Bench, KeptBoard, ClassModel]:
    bench = boot(BootOptions((text_root() / "drivers" / "code",), heap_bytes=HEAP_BYTES))
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    Volume(flash.contents, is_new=True)
    bench.console.evaluate("FlashVolumeDevice mount")
    return bench, bench.console.keep(), class_model(bench.options)


@pytest.fixture
def bench(loader: tuple[Bench, KeptBoard, ClassModel]) -> Iterator[Bench]:
    bench, kept, _ = loader
    bench.console.put_back(kept)
    yield bench


@pytest.fixture
def model(loader: tuple[Bench, KeptBoard, ClassModel]) -> ClassModel:
    """The classes of that board's firmware."""
    return loader[2]
