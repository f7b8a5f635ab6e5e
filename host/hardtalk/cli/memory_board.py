"""A booted board for measuring memory: with a heap of the size asked for, and a console that hands over each slice."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hardtalk.board import Board, Stop
from hardtalk.build import build
from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import chip_with
from hardtalk.cli.boards import QUIET_CYCLES, Bench, first_line_cycles
from hardtalk.cli.console import SLICE_CYCLES, BoardConsole
from hardtalk.cli.errors import UserError
from hardtalk.cli.firmware import class_model, options_for
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle

UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20}
START_ROUTINES: Final = "StartUp>>"
GRAIN_BYTES: Final = 1 << 12


def bytes_from(text: str, option: str) -> int:
    """1500000, 64K or 4M as bytes. UserError for anything else."""
    match = re.fullmatch(r"(\d+)\s*([KM]?)i?B?", text.strip(), re.IGNORECASE)
    if match is None:
        raise UserError(f"{option} {text}: is no size", "Write for example 4M, 512K or 1500000.")
    return int(match[1]) * UNITS[match[2].upper()]


class SlicedConsole(BoardConsole):
    """Calls `after_slice` whenever the board has run for a while."""

    after_slice: Callable[[], None] = staticmethod(lambda: None)

    def run(self, cycles: int = SLICE_CYCLES) -> Stop:
        stop = super().run(cycles)
        self.after_slice()
        return stop


def boot_with_heap(
    folders: Sequence[Path], heap_bytes: int | None, model: str, collector: str = TREADMILL
) -> tuple[Bench, SlicedConsole]:
    """As `boot_bench`; the heap ends `heap_bytes` after it begins, where the linker had put the end of RAM."""
    options = options_for(folders, [], collector=collector)
    firmware = build(options)
    board = Board(firmware.elf, chip_with(options.svd_paths), (), model)
    if heap_bytes is not None:
        limit_heap(board, heap_bytes)
    console = SlicedConsole(board, class_model(options))
    text = console.text_until_quiet(QUIET_CYCLES)
    settle(board)
    machine = Machine.of_board(board)
    size = machine.variable("regionEnd") - machine.variable("regionStart")
    if heap_bytes is not None and size != heap_bytes // GRAIN_BYTES * GRAIN_BYTES:
        raise UserError(f"--heap: the firmware made a heap of {size:,} bytes instead", exit_code=1)
    return Bench(board, console, options, firmware, text, first_line_cycles(board)), console


def limit_heap(board: Board, heap_bytes: int) -> None:
    """Give the loaded firmware, which has not run yet, another address for the end of its heap."""
    ram_end = board.chip.ram.base + board.chip.ram.size
    base = board.firmware.address_of("HeapBase") if has_symbol(board, "HeapBase") else image_start(board)
    limit = base + heap_bytes // GRAIN_BYTES * GRAIN_BYTES
    image_end = max(segment.address + segment.size for segment in board.firmware.segments)
    if not image_end + GRAIN_BYTES <= limit <= ram_end:
        raise UserError(
            f"--heap {heap_bytes:,}: the image alone takes {image_end - base:,} bytes, RAM has {ram_end - base:,}",
            "Choose a size between the two.",
        )
    old, new = ram_end.to_bytes(4, "little"), limit.to_bytes(4, "little")
    changed = 0
    for symbol in board.firmware.symbols:
        if symbol.name.startswith(START_ROUTINES):
            for address in range(symbol.address, symbol.address + symbol.size, 4):
                if board.ram.read(address, 4) == old:
                    board.ram.write(address, new)
                    changed += 1
    if not changed:
        raise UserError("--heap: the firmware does not say where its heap ends", exit_code=1)


def has_symbol(board: Board, name: str) -> bool:
    return any(symbol.name == name for symbol in board.firmware.symbols)


def image_start(board: Board) -> int:
    """The last segment holds the image, which lies where the heap begins."""
    return max(segment.address for segment in board.firmware.segments)
