"""Boards with the collector that stops the world, and how to make it collect often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardtalk.bench import Bench, BootOptions
from hardtalk.board import Board
from hardtalk.build.collectors import STOP_THE_WORLD
from hardtalk.memory.audit import Audit, audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.safepoints import settle


def boot(folders: Sequence[Path], heap_bytes: int | None) -> Bench:
    return boot_settled(BootOptions(tuple(folders), collector=STOP_THE_WORLD, heap_bytes=heap_bytes))


def variable(board: Board, name: str) -> int:
    return int.from_bytes(board.ram.read(board.firmware.address_of(name), 4), "little")


def set_variable(board: Board, name: str, value: int) -> None:
    board.ram.write(board.firmware.address_of(name), value.to_bytes(4, "little"))


def collect_every(bench: Bench, interval_bytes: int) -> None:
    """Once a request has arrived whole, a collection runs whenever so many bytes have been allocated.

    Not before: in a pause of ten milliseconds the serial line's FIFO runs over.
    """

    def after_slice() -> None:
        if bench.board.uart(0).waiting or variable(bench.board, "tortureMode"):
            return
        set_variable(bench.board, "tortureMode", interval_bytes)
        set_variable(bench.board, "nextPayment", 0)

    bench.console.after_slice = after_slice


def sound(board: Board) -> Audit:
    """The report on the board's heap at its next safepoint, which must be sound."""
    settle(board)
    report = audit(board)
    assert report.is_sound, f"cycle {board.clock.cycles:,}\n{report.text()}"
    return report
