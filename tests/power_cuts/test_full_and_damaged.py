"""The board's file system in a flash that is full, and in one whose bits are wrong."""

from __future__ import annotations

import random
from copy import deepcopy

import pytest

from hardtalk.bench import BenchError
from hardtalk.devices import FlashCells
from hardtalk.flash import FIRST_SECTOR, check
from hardtalk.power_cuts.judges import MOUNT, CutBoard, held_by, summary_of
from hardtalk.power_cuts.workload import Contents, made

SECTOR = 1 << 12
SECTORS = 64


@pytest.fixture(scope="module")
def board() -> CutBoard:
    return CutBoard(SECTOR, SECTORS)


def put(path: str, seed: int, size: int) -> str:
    return f"d fileNamed: '{path}' do: [ :s | s binary; truncate: 0; nextPutAll: (made value: {seed} value: {size}) ]"


def test_a_full_flash_keeps_what_it_has_and_goes_on_when_there_is_room(board: CutBoard) -> None:
    board.power_on(FlashCells(SECTOR * SECTORS, SECTOR))
    board.evaluate("FlashVolumeDevice format. d := FileDirectory default")
    held: Contents = {}
    with pytest.raises(BenchError, match="no room: all 32 blocks are in use"):
        for index in range(20):
            board.evaluate(put(f"f{index}", index, 9000))
            held[f"f{index}"] = made(index, 9000)
    assert len(held) == 10
    full = {**held, "f10": b""}
    assert held_by(board.flash.contents) == full
    assert board.summary() == summary_of(full)
    with pytest.raises(BenchError, match="no room"):
        board.evaluate(put("f0", 77, 9000))
    assert held_by(board.flash.contents) == full
    board.evaluate("d deleteFileNamed: 'f1'")
    board.evaluate(put("f10", 10, 9000))
    del full["f1"]
    full["f10"] = made(10, 9000)
    assert held_by(board.flash.contents) == full
    assert board.summary() == summary_of(full)
    assert not check(board.flash.contents).damages


def test_wrong_bits_are_one_error_or_none(board: CutBoard) -> None:
    """Bits of the metadata are turned: the board mounts an earlier state, or says what is damaged."""
    board.power_on(FlashCells(SECTOR * SECTORS, SECTOR))
    board.evaluate("FlashVolumeDevice format. d := FileDirectory default")
    for source in ("d createDirectory: 'x'", put("x/a", 1, 9000), put("b", 2, 300)):
        board.evaluate(source)
    whole = deepcopy(board.flash.contents)
    used = [each for each in range(FIRST_SECTOR, SECTORS) if whole.read(each * SECTOR, SECTOR) != b"\xff" * SECTOR]
    told = 0
    for seed in range(12):
        chance = random.Random(seed)
        cells = deepcopy(whole)
        for _ in range(chance.choice((1, 4, 30))):
            offset = chance.choice(used) * SECTOR + chance.randrange(120)
            cells.put(offset, bytes([cells.read(offset, 1)[0] ^ 1 << chance.randrange(8)]))
        board.power_on(cells)
        try:
            board.evaluate(MOUNT)
            board.summary()
        except BenchError as error:
            told += 1
            assert str(error).splitlines()[1].split(":")[0] in ("FileSystemError", "FileDoesNotExist"), str(error)
    assert told > 0
