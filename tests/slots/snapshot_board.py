"""A board that was started from flash, for the tests of snapshots: put up, and started again."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from hardtalk.bench import Bench, BootOptions, boot, build_options
from hardtalk.build import build
from hardtalk.devices import FlashCells
from hardtalk.flash import FlashFile, Volume
from hardtalk.shell.shell import Shell
from hardtalk.slots import boot_loader, install, install_loader, pack, slots_in, started_slot

FIRST = (0, 1)
SECOND = (1, 2)
"""Number and generation of the slot that holds the firmware, of that which gets the snapshot."""


def flash_image(path: Path, elf: bytes, has_volume: bool = False) -> Path:
    """A flash with that firmware in slot A, confirmed, and perhaps an empty volume."""
    flash = FlashFile(path)
    cells = flash.cells()
    install_loader(cells, boot_loader())
    install(cells, pack(elf), confirm=True)
    if has_volume:
        Volume(cells, is_new=True)
    flash.store(cells)
    return path


def booted_from(path: Path, options: BootOptions | None = None) -> Bench:
    return boot(replace(options or BootOptions(), flash_file=path, starts_from_flash=True), lambda _: None)


def board_from_flash(folder: Path, options: BootOptions, has_volume: bool = False) -> Bench:
    """The firmware of those options, built and put into the flash."""
    return booted_from(flash_image(folder / "flash.bin", build(build_options(options)).elf, has_volume), options)


def restarted(bench: Bench) -> str:
    """What it prints after a reset that it has asked for."""
    Shell(bench, Console(file=StringIO())).run(StringIO("FirmwareSlot restart\n"))
    return bench.text


def started(cells: FlashCells) -> tuple[int, int] | None:
    """Number and generation of the slot that the loader starts."""
    slot = started_slot(slots_in(cells))
    return None if slot is None else (slot.number, slot.generation)
