"""Sets a stopped board's collector going: a step at every allocation, a collection always running."""

from __future__ import annotations

from hardtalk.board import Board


def state_address(board: Board, name: str) -> int:
    return next(symbol.address for symbol in board.firmware.symbols if symbol.name == name)


def torture(board: Board, units: int) -> None:
    """From the next allocation on at least so many units are done at each."""
    board.ram.write(state_address(board, "tortureMode"), units.to_bytes(4, "little"))
    board.ram.write(state_address(board, "nextPayment"), bytes(4))
