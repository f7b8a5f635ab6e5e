"""A booted board for measuring memory: with a heap of the size asked for, and a console that hands over each slice."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from hardtalk.memory.safepoints import settle

UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20}


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
    """As `boot_bench`, with a firmware whose heap has `heap_bytes`."""
    options = replace(options_for(folders, [], collector=collector), heap_bytes=heap_bytes)
    firmware = build(options)
    board = Board(firmware.elf, chip_with(options.svd_paths), (), model)
    console = SlicedConsole(board, class_model(options))
    text = console.text_until_quiet(QUIET_CYCLES)
    settle(board)
    return Bench(board, console, options, firmware, text, first_line_cycles(board)), console
