"""A snapshot that cannot be made: too large, or the flash fails. What was good before is started still."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from snapshot_board import FIRST, board_from_flash, restarted, started

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard
from hardtalk.bench.booting import flash_of
from hardtalk.devices.cfi_flash import ERASE_ERROR, PROGRAM_ERROR, Operation
from hardtalk.link.plan import HEAP_BASE
from hardtalk.slots import State, slots_in
from hardtalk.slots.layout import MOST_PAYLOAD, PAYLOAD, slot_offset

BEGUN = slot_offset(1)
"""Where the slot that gets the snapshot begins."""


@pytest.fixture(scope="module")
def booted_from_flash(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, KeptBoard]:
    bench = board_from_flash(tmp_path_factory.mktemp("faults"), BootOptions())
    bench.console.evaluate("Smalltalk at: #Kept put: 7")
    return bench, bench.console.keep()


@pytest.fixture
def bench(booted_from_flash: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    bench, kept = booted_from_flash
    bench.console.put_back(kept)
    yield bench
    flash_of(bench.board).finishing = None


def is_as_before(bench: Bench) -> bool:
    """The one that runs goes on, and is started after a reset."""
    assert bench.console.evaluate("{ Kept. (NorFlash current instVarNamed: 'access') isOwned }") == "#(7 false)"
    assert bench.console.evaluate("HeapAudit runPass") == "0"
    assert started(flash_of(bench.board).contents) == FIRST
    return restarted(bench).splitlines()[-2].startswith("Hardtalk 0.1: 2")


def refusal(bench: Bench) -> str:
    with pytest.raises(BenchError) as caught:
        bench.console.evaluate("Smalltalk snapshot")
    return str(caught.value)


def test_an_image_that_is_too_large_for_a_slot(bench: Bench) -> None:
    """It is told before anything is erased."""
    bench.console.evaluate("Smalltalk at: #Large put: ((1 to: 4) collect: [ :each | ByteArray new: 900000 ]). nil")
    operations: list[Operation] = []
    flash_of(bench.board).finishing = operations.append
    told = refusal(bench)
    size = int(told.split("the snapshot has ")[1].split(" bytes")[0])
    assert f"the snapshot has {size} bytes, a slot holds {MOST_PAYLOAD}" in told
    assert MOST_PAYLOAD < size < 2 * MOST_PAYLOAD
    assert operations == []
    bench.console.evaluate("Smalltalk removeKey: #Large. nil")
    assert is_as_before(bench)


def test_an_object_that_is_too_large_for_a_slot(bench: Bench) -> None:
    """A screen of 1024 by 768 pixels of 32 bits, 3 MB, has a block of 4, which lies at 4 MB."""
    bench.console.evaluate("Smalltalk at: #Large put: (Form extent: 1024 @ 768 depth: 32). nil")
    told = refusal(bench)
    size = int(told.split("the snapshot has ")[1].split(" bytes")[0])
    assert (8 << 20) - HEAP_BASE <= size < 8 << 20
    bench.console.evaluate("Smalltalk removeKey: #Large. nil")
    assert is_as_before(bench)


def failing(bench: Bench, number: int, error: int) -> None:
    """The operation of that number in the slot ends with that error."""
    flash, count = flash_of(bench.board), 0

    def fail(operation: Operation) -> None:
        nonlocal count
        count += operation.offset >= BEGUN
        if count == number:
            flash.errors |= error

    flash.finishing = fail


@pytest.mark.parametrize("number", [1, 3])
def test_a_sector_that_cannot_be_erased(bench: Bench, number: int) -> None:
    failing(bench, number, ERASE_ERROR)
    assert f"erasing failed: the sector is worn out, at 16r{BEGUN + (number - 1) * 0x40000:X}" in refusal(bench)
    assert is_as_before(bench)


def test_a_page_that_cannot_be_programmed(bench: Bench) -> None:
    flash, count = flash_of(bench.board), 0

    def fail(operation: Operation) -> None:
        nonlocal count
        count += not operation.is_erase
        if count == 2:
            flash.errors |= PROGRAM_ERROR

    flash.finishing = fail
    assert f"programming failed, at 16r{BEGUN + PAYLOAD + 2048:X}" in refusal(bench)
    assert slots_in(flash.contents)[1].state is State.EMPTY
    assert is_as_before(bench)


def test_a_page_that_does_not_keep_what_is_written(bench: Bench) -> None:
    flash = flash_of(bench.board)

    def change(operation: Operation) -> None:
        if not operation.is_erase and operation.data[100]:
            operation.data = (
                operation.data[:100] + bytes([operation.data[100] & operation.data[100] - 1]) + operation.data[101:]
            )

    flash.finishing = change
    assert "the flash does not keep what is written" in refusal(bench)
    assert slots_in(flash.contents)[1].state is State.EMPTY
    assert is_as_before(bench)


def test_no_process_is_in_the_midst_of_a_command_to_the_flash_when_objects_are_taken(bench: Bench) -> None:
    """Else the resumed image would go on with the second half of it: data in the place of commands."""
    bench.console.evaluate(
        """| access |
        access := NorFlash current instVarNamed: 'access'.
        Smalltalk at: #Large put: (Array new: 1100000); at: #Turns put: 0; at: #Torn put: 0.
        [ [ access critical: [ | start |
            start := Delay microseconds.
            (Delay forMilliseconds: 3) wait.
            Smalltalk at: #Turns put: Turns + 1.
            Delay microseconds - start > 300000 ifTrue: [ Smalltalk at: #Torn put: Torn + 1 ] ] ] repeat ]
            forkAt: 45. nil"""
    )
    refusal(bench)
    assert bench.console.evaluate("{ Turns > 3. Torn }") == "#(true 0)"
