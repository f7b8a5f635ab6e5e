"""From options to a board that has booted: the firmware built, the devices made, the board run until it is quiet."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

from hardtalk.bench.console import BoardConsole
from hardtalk.bench.device_files import device_classes, make_device, svd_file
from hardtalk.bench.errors import UnfitRequest
from hardtalk.bench.firmware import class_model, firmware_hash
from hardtalk.board import Board, UartOutput
from hardtalk.build import BuildOptions, BuildResult, build
from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import Chip, chip_with, parts_of_board
from hardtalk.devices import CfiFlash, Device
from hardtalk.flash import FlashFile
from hardtalk.slots import SLOT_NAMES, STARTED_FROM_FLASH, Slot, is_erased, slot_in
from hardtalk.symbols.source_map import SourceMap

ARM926 = "arm926"
QUIET_CYCLES = 2_000_000
LOADER_QUIET_CYCLES = 300_000_000
"""The loader says nothing while it copies a firmware and sums it up."""
LINE_FEED = 10
TRAP_VARIABLE: Final = "HARDTALK_TRAP_BOUNDS"
"""When it is set in the environment, boards of this process and of those that it starts have firmware that traps."""
UsersDevices: TypeAlias = list[tuple[Path, type[Device]]]
"""Device classes, each with the file that defines it."""


@dataclass(frozen=True)
class BootOptions:
    """What makes a board, beside what the user's board file says. Hashable, and picklable for other processes.

    `drivers` are folders of classes for the firmware, `device_files` are the user's with simulated devices, `devices`
    are further ones. The heap, with the image, has `heap_bytes`; None for all of RAM. `flash_file` keeps
    what is in the flash; without one it is erased at first, and forgotten. A board that `starts_from_flash` runs the
    firmware of one of the slots in it; the one that is built tells the prompt what its classes are. With `traps_bounds`
    a loop of the virtual machine that goes round once more than its bound stops the machine; that is so for every
    board where TRAP_VARIABLE is set. The methods of the classes `compiled` are machine code.
    """

    drivers: tuple[Path, ...] = ()
    svds: tuple[Path, ...] = ()
    device_files: tuple[Path, ...] = ()
    model: str = ARM926
    collector: str = TREADMILL
    heap_bytes: int | None = None
    devices: tuple[type[Device], ...] = ()
    flash_file: Path | None = None
    starts_from_flash: bool = False
    traps_bounds: bool = field(default_factory=lambda: bool(os.environ.get(TRAP_VARIABLE)))
    compiled: tuple[str, ...] = ()


@dataclass
class Bench:
    """A booted board with the host's end of its serial line. `text` is what it printed while it booted.

    `slot` is the one that it was started from; None when it was loaded, or when no slot could be started.
    """

    board: Board
    console: BoardConsole
    options: BuildOptions
    firmware: BuildResult
    text: str
    first_line_cycles: int
    slot: Slot | None = None

    @cached_property
    def source_map(self) -> SourceMap:
        return SourceMap(self.firmware.elf, self.options.class_folders)

    def start_from_flash(self) -> None:
        """Reset the board and let the loader in the flash start a slot, or say that it cannot."""
        if is_erased(flash_of(self.board).contents):
            raise UnfitRequest(
                "there is no boot loader in the flash", "install it with a firmware: hardtalk flash install"
            )
        self.board.reset()
        self.console.prompt.start_over(self.console.prompt.number)
        self.text = self.console.text_until_quiet(LOADER_QUIET_CYCLES)
        self.slot = running_slot(self.board)

    @property
    def firmware_hash(self) -> str:
        return firmware_hash(self.firmware.elf)


def boot(options: BootOptions, notify: Callable[[str], None] = print) -> Bench:
    """Build the firmware, put it on a board with those devices, run it until it is quiet. `notify` hears of failing
    devices and of warnings about the sources.

    Raises BenchError when the board does not boot, UnfitRequest for devices that cannot be, and the errors of
    `hardtalk.build`, among them for heaps that cannot be, and of `hardtalk.board`.
    """
    classes = users_devices(options)
    built = with_svds(options, classes)
    firmware = build(built)
    for warning in firmware.warnings:
        notify(warning)
    devices = [make_device(path, each) for path, each in classes] + [each() for each in options.devices]
    board = Board(firmware.elf, chip_with(built.svd_paths), devices, options.model, options.starts_from_flash)
    if options.flash_file is not None:
        FlashFile(options.flash_file).attach(flash_of(board))
    console = BoardConsole(board, class_model(built), notify)
    if not options.starts_from_flash:
        text = console.text_until_quiet(QUIET_CYCLES)
        return Bench(board, console, built, firmware, text, first_line_cycles(board))
    bench = Bench(board, console, built, firmware, "", 0)
    bench.start_from_flash()
    bench.first_line_cycles = first_line_cycles(board)
    header = None if bench.slot is None else bench.slot.header
    if header is not None and header.name != bench.firmware_hash:
        notify(
            f"warning: the slot has firmware {header.name}, these sources make {bench.firmware_hash}: "
            "the prompt knows the classes of these"
        )
    return bench


def flash_of(board: Board) -> CfiFlash:
    flash = board.device("FLASH")
    if not isinstance(flash, CfiFlash):
        raise UnfitRequest("FLASH is a device of your own, which keeps no file", "leave --flash out")
    return flash


def running_slot(board: Board) -> Slot | None:
    """The slot that the loader says it has started."""
    number = board.device("SYSTEM").read("SYS_FLAGS") - STARTED_FROM_FLASH
    return slot_in(flash_of(board).contents, number) if number in range(len(SLOT_NAMES)) else None


def build_options(options: BootOptions) -> BuildOptions:
    """What the firmware of such a board is built from."""
    return with_svds(options, users_devices(options))


def chip_of(options: BootOptions) -> Chip:
    """The chip of such a board: with the peripherals of its SVD files and of its devices'."""
    return chip_with(build_options(options).svd_paths)


def with_svds(options: BootOptions, classes: UsersDevices) -> BuildOptions:
    device_svds = [svd_file(path, each) for path, each in classes]
    device_svds += [svd for each in options.devices if (svd := each.svd_path()) is not None]
    return BuildOptions(
        class_folders=outermost(resolved([*parts_of_board().driver, *options.drivers])),
        svd_paths=resolved([*options.svds, *device_svds]),
        collector=options.collector,
        heap_bytes=options.heap_bytes,
        traps_bounds=options.traps_bounds,
        compiled=options.compiled,
    )


def users_devices(options: BootOptions) -> UsersDevices:
    """The devices of the user's files, those of the board file first, each file once."""
    files = resolved([*parts_of_board().device, *options.device_files])
    return [(path, each) for path in files for each in device_classes(path)]


def outermost(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Without those that lie in another: its classes include theirs."""
    return tuple(each for each in folders if not any(each.is_relative_to(o) for o in folders if o != each))


def resolved(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Each once."""
    return tuple(dict.fromkeys(path.resolve() for path in paths))


def first_line_cycles(board: Board) -> int:
    """The cycle in which the first line that the board printed was complete."""
    ends = (e.cycle for e in board.trace if isinstance(e, UartOutput) and e.character == LINE_FEED)
    return next(ends, board.clock.cycles)
