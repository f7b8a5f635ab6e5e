"""A snapshot of an image with an object of more than a megabyte: the screen that is on the panel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from snapshot_board import board_from_flash, restarted

from hardtalk.bench import Bench, BootOptions
from hardtalk.bench.booting import flash_of
from hardtalk.board.panel import panel_of
from hardtalk.image.audit import audit
from hardtalk.link.plan import HEAP_BASE, IMAGE_HEADER_BYTES
from hardtalk.slots import Slot, slots_in
from hardtalk.slots.layout import PAYLOAD, slot_offset

WORDS = 640 * 480
BLOCK = 1 << 21
"""Of the screen's bits: 1.2 MB, which lie at a multiple of 2 MB."""
PATIENCE_CYCLES = 12_000_000_000
BEFORE = (
    "(DisplayScreen extent: 640 @ 480 depth: 32) beDisplay",
    """| bits |
    bits := DisplayScreen current bits.
    1 to: bits size do: [ :each | bits at: each put: (each * 40503 bitAnd: 16777215) ]""",
    "Smalltalk at: #Kept put: DisplayScreen current bits; at: #Turns put: 0. nil",
    "[ [ (Delay forMilliseconds: 10) wait. Smalltalk at: #Turns put: Turns + 1 ] repeat ] forkAt: 30. nil",
)


@dataclass
class Told:
    """The board, resumed; what was on the panel before, and the image that was in the slot."""

    bench: Bench
    picture: npt.NDArray[np.uint8]
    slot: Slot
    image: bytes


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    bench = board_from_flash(tmp_path_factory.mktemp("large"), BootOptions())
    for each in BEFORE:
        bench.console.evaluate(each)
    bench.board.run(cycles=4_000_000)  # a picture from top to bottom
    picture = panel_of(bench.board)
    assert bench.console.evaluate("Smalltalk snapshot", PATIENCE_CYCLES) == "false"
    slot, image = written(bench, 1)
    assert "resumed from a snapshot" in restarted(bench)
    yield Told(bench, picture, slot, image)


def written(bench: Bench, number: int) -> tuple[Slot, bytes]:
    """The slot of that number, and the image in it with its header."""
    slot = slots_in(flash_of(bench.board).contents)[number]
    assert slot.header is not None
    *code, (_, size) = slot.header.segments
    start = slot_offset(number) + PAYLOAD + sum(each for _, each in code)
    return slot, flash_of(bench.board).contents.read(start, size)


def test_the_image_in_the_flash_is_sound(told: Told) -> None:
    """The audit goes from block to block: what lies before the large one is blocks, too."""
    special = int.from_bytes(told.image[4:8], "little")
    report = audit(told.image[IMAGE_HEADER_BYTES:], HEAP_BASE, special)
    assert report.faults == []
    assert len(told.image) - IMAGE_HEADER_BYTES >= 2 * BLOCK - HEAP_BASE


def test_the_panel_shows_the_same_picture(told: Told) -> None:
    told.bench.board.run(cycles=8_000_000)
    assert told.picture.shape == (480, 640, 3) and len(np.unique(told.picture.reshape(-1, 3), axis=0)) > 100_000
    assert np.array_equal(panel_of(told.bench.board), told.picture)
    assert told.bench.console.evaluate(
        f"{{ Kept == DisplayScreen current bits. Kept size = {WORDS}. Kept nativeAddress \\\\ {BLOCK} }}"
    ) == ("#(true true 20)")


def test_processes_go_on(told: Told) -> None:
    turns = int(told.bench.console.evaluate("Turns"))
    assert int(told.bench.console.evaluate("(Delay forMilliseconds: 200) wait. Turns")) - turns in range(18, 23)


def test_what_filled_the_room_before_it_is_given_back(told: Told) -> None:
    """Nobody refers to it: a collection frees it, and a snapshot of the resumed image is no larger."""
    evaluate = told.bench.console.evaluate
    before = int(evaluate("Smalltalk bytesFree"))
    assert int(evaluate("Smalltalk garbageCollect. Smalltalk bytesFree")) - before >= 64 << 10
    assert evaluate("HeapAudit runPass") == "0"
    assert evaluate("Smalltalk snapshot", PATIENCE_CYCLES) == "false"
    _, image = written(told.bench, 0)
    assert len(image) == len(told.image)
