"""From the options of a command to a board that has booted: firmware, devices, prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hardtalk.board import Board, UartOutput
from hardtalk.build import BuildOptions, BuildResult, build
from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import chip_with
from hardtalk.cli.console import BoardConsole
from hardtalk.cli.device_files import device_classes, place_in, svd_files
from hardtalk.cli.errors import UserError
from hardtalk.cli.firmware import class_model, firmware_hash, options_for
from hardtalk.cli.source_map import SourceMap
from hardtalk.devices import Device

QUIET_CYCLES = 2_000_000
LINE_FEED = 10


@dataclass
class Bench:
    """A booted board with the host's end of its serial line. `text` is what it printed while it booted."""

    board: Board
    console: BoardConsole
    options: BuildOptions
    firmware: BuildResult
    text: str
    first_line_cycles: int

    @cached_property
    def source_map(self) -> SourceMap:
        return SourceMap(self.firmware.elf, self.options.class_folders)

    @property
    def firmware_hash(self) -> str:
        return firmware_hash(self.firmware.elf)


def boot_bench(
    drivers: Sequence[Path],
    svds: Sequence[Path],
    device_file: Path | None,
    model: str,
    notify: Callable[[str], None] = print,
    collector: str = TREADMILL,
) -> Bench:
    """Build the firmware with those drivers, put it on a board with those devices, run it until it is quiet."""
    classes = device_classes(device_file) if device_file is not None else []
    device_svds = svd_files(device_file, classes) if device_file is not None else []
    options = options_for(drivers, [*svds, *device_svds], collector=collector)
    firmware = build(options)
    devices = make_devices(classes, device_file) if device_file is not None else []
    board = Board(firmware.elf, chip_with(options.svd_paths), devices, model)
    console = BoardConsole(board, class_model(options), notify)
    text = console.text_until_quiet(QUIET_CYCLES)
    return Bench(board, console, options, firmware, text, first_line_cycles(board))


def first_line_cycles(board: Board) -> int:
    """The cycle in which the first line that the board printed was complete."""
    ends = (e.cycle for e in board.trace if isinstance(e, UartOutput) and e.character == LINE_FEED)
    return next(ends, board.clock.cycles)


def make_devices(classes: Sequence[type[Device]], file: Path) -> list[Device]:
    """One device of each class; what goes wrong in its own code is told by its place."""
    devices = []
    for each in classes:
        try:
            devices.append(each())
        except Exception as error:
            place = place_in(file.resolve(), error)
            raise UserError(place or f"{file}: {each.__name__}: {type(error).__name__}: {error}") from error
    return devices
