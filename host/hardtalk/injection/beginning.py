"""Finds the beginning of a collection on a running board, and its length."""

from typing import Final

from hardtalk.board import Board, Snapshot
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.rings import PHASE_VARIABLE
from hardtalk.vm.codes import PHASE_NAMES

SLICE_CYCLES: Final = 1_000
SEARCH_CYCLES: Final = 20_000
COLLECTION_CYCLES: Final = 400_000_000


def collecting(board: Board) -> Snapshot:
    """Bring a board that collects for ever to an instruction right before a collection begins."""
    while phase(board) != "idle":
        board.run(SEARCH_CYCLES)
    end = board.clock.cycles + COLLECTION_CYCLES
    before = board.snapshot()
    while phase(board) == "idle":
        if board.clock.cycles > end:
            raise NotReadable("no collection begins: the board must run a program that collects again and again")
        before = board.snapshot()
        board.run(SEARCH_CYCLES)
    board.restore(before)
    while phase(board) == "idle":
        before = board.snapshot()
        board.run(1)
    board.restore(before)
    return before


def instructions_of_collection(board: Board, start: Snapshot) -> int:
    """How many instructions the collection has that begins after `start`. The board is put back."""
    board.restore(start)
    before = board.instructions
    board.run(1)
    board.run(1)
    while phase(board) != "idle":
        board.run(SLICE_CYCLES)
    count = board.instructions - before
    board.restore(start)
    return count


def phase(board: Board) -> str:
    """The collector's phase, at any instruction: unlike some variables it is always in memory."""
    return PHASE_NAMES[board.ram.word(board.firmware.address_of(PHASE_VARIABLE))]
