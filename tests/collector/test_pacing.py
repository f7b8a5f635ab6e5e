"""What a program owes the collector, when bytes that were paid for have been given back."""

from __future__ import annotations

import pytest

from hardtalk.bench import BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.injection.beginning import phase
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.run import expression_for

from .torture import state_address

MOST_UNITS_OWED = 10_000


def variable(board: Board, name: str) -> int:
    return int.from_bytes(board.ram.read(state_address(board, name), 4), "little", signed=True)


@pytest.mark.parametrize("given_back", [2_000, 20_000])
def test_bytes_given_back_do_not_make_a_debt(given_back: int) -> None:
    """The bump area gives back what it skips for alignment, so that the count of allocated bytes may fall."""
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=2 << 20))
    console = bench.console
    board = bench.board
    console.prompt.enter(expression_for("pairs"))
    board.uart(0).send(console.prompt.take_outgoing())
    for _ in range(5_000):
        board.run(20_000)
        if phase(board) == "marking":
            break
    assert phase(board) == "marking"
    paid = variable(board, "bytesAllocated") + given_back
    board.ram.write(state_address(board, "paidBytes"), paid.to_bytes(4, "little"))
    board.ram.write(state_address(board, "nextPayment"), bytes(4))
    for _ in range(4_000):
        board.run(5_000)
        assert variable(board, "unitsOwed") < MOST_UNITS_OWED
        if variable(board, "paidBytes") > paid:
            return
    pytest.fail("nothing was paid")


def test_what_is_in_pieces_too_small_is_not_counted_upon() -> None:
    """After a small request has found no block the next collections begin earlier, and that wears off."""
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=4 << 20))
    console = bench.console
    board = bench.board
    console.prompt.enter(expression_for("mix"))
    board.uart(0).send(console.prompt.take_outgoing())
    scattered = 0
    for _ in range(4_000):
        board.run(200_000)
        completed = variable(board, "cyclesCompleted")
        scattered = variable(board, "scattered")
        if scattered:
            break
    assert scattered, "no request was without a block"
    assert scattered <= variable(board, "keptFree") * 8
    while variable(board, "cyclesCompleted") == completed:
        board.run(20_000)
    kept, scattered, begins = (variable(board, each) for each in ("keptFree", "scattered", "startBelow"))
    assert begins >= kept * 4 + scattered > kept * 4
