"""Boards with the collector that stops the world, and how to make it collect often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardtalk.board import Board
from hardtalk.build.collectors import STOP_THE_WORLD
from hardtalk.cli.boards import Bench
from hardtalk.cli.memory_board import SlicedConsole, boot_with_heap
from hardtalk.memory.audit import Audit, audit
from hardtalk.memory.safepoints import settle

MODEL = "arm926"


def boot(folders: Sequence[Path], heap_bytes: int | None) -> tuple[Bench, SlicedConsole]:
    return boot_with_heap(folders, heap_bytes, MODEL, STOP_THE_WORLD)


def variable(board: Board, name: str) -> int:
    return int.from_bytes(board.ram.read(board.firmware.address_of(name), 4), "little")


def set_variable(board: Board, name: str, value: int) -> None:
    board.ram.write(board.firmware.address_of(name), value.to_bytes(4, "little"))


def collect_every(bench: Bench, console: SlicedConsole, interval_bytes: int) -> None:
    """Once a request has arrived whole, a collection runs whenever so many bytes have been allocated.

    Not before: in a pause of ten milliseconds the serial line's FIFO runs over.
    """

    def after_slice() -> None:
        if bench.board.uart(0).arriving or variable(bench.board, "tortureMode"):
            return
        set_variable(bench.board, "tortureMode", interval_bytes)
        set_variable(bench.board, "nextPayment", 0)

    console.after_slice = after_slice


def sound(board: Board) -> Audit:
    """The report on the board's heap at its next safepoint, which must be sound."""
    settle(board)
    report = audit(board)
    assert report.is_sound, f"cycle {board.clock.cycles:,}\n{report.text()}"
    return report
