"""`hardtalk flash install`, `slots`, `pack`: firmware in an image of the board's flash, from the host."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.flash import FlashFile
from hardtalk.slots import SLOT_NAMES, Slot, UnfitFirmware, boot_loader, install_loader, pack, slots_in, started_slot
from hardtalk.slots import install as install_in

UNSET_CLOCK_SECONDS = 365 * 24 * 60 * 60

Elf = Annotated[Path, Parameter(help="A firmware.elf that hardtalk build wrote.")]
FlashImage = Annotated[Path, Parameter(help="A raw image of the flash; made when it is not there.")]
ExistingImage = Annotated[Path, Parameter(help="A raw image of the flash.")]


def install(
    firmware: Elf,
    image: FlashImage,
    /,
    *,
    slot: Annotated[
        str | None, Parameter(help="A or B; when it is left out, the one that would not be started now.")
    ] = None,
    confirm: Annotated[
        bool, Parameter(negative="", help="Not on trial: no way back to the other slot is wanted.")
    ] = False,
) -> int:
    """Put a firmware into a slot of the flash, and the boot loader before the slots. The volume stays as it is."""
    number = None if slot is None else slot_number(slot)
    file = packed(firmware)
    flash = FlashFile(image)
    cells = flash.cells()

    def store(offset: int, size: int) -> None:
        flash.store(cells, offset, size)

    install_loader(cells, boot_loader(), store)
    installed = install_in(cells, file, number, confirm, store)
    output.console().print(f"slot {installed.name}: {described(installed)}", soft_wrap=True)
    return 0


def slots(image: ExistingImage, /) -> int:
    """Show what the slots hold and which one is started."""
    cells = FlashFile.existing(image).cells()
    found = slots_in(cells)
    started = started_slot(found)
    table = Table("slot", "firmware", "", box=None, pad_edge=False)
    for each in found:
        table.add_row(each.name, described(each), "is started" if each is started else "")
    console = output.wide_console()
    console.print(table)
    if cells.read(0, len(boot_loader())) != boot_loader():
        console.print("the boot loader is another one than hardtalk flash install writes, or none", soft_wrap=True)
    return 0 if started is not None else 1


def pack_(
    firmware: Elf,
    file: Annotated[Path, Parameter(help="What is sent to the boot loader, or put on the board's volume.")],
    /,
) -> int:
    """Make the file that lies in a slot: for XMODEM or YMODEM, or for FirmwareSlot on the board."""
    data = packed(firmware)
    file.write_bytes(data)
    output.console().print(f"{file}  {len(data):,} bytes", soft_wrap=True)
    return 0


def packed(firmware: Path) -> bytes:
    """The slot file of an ELF file. Raises UserError when there is none, UnfitFirmware when it is no firmware."""
    if not firmware.exists() or firmware.is_dir():
        what = "that is a directory" if firmware.is_dir() else "there is no such file"
        raise UserError(f"{firmware}: {what}", "make a firmware with hardtalk build --out firmware.elf")
    try:
        return pack(firmware.read_bytes())
    except UnfitFirmware as error:
        raise UnfitFirmware(f"{firmware}: {error}") from error


def slot_number(name: str) -> int:
    if name.upper() not in SLOT_NAMES:
        raise UserError(f"there is no slot {name}", f"Use {' or '.join(SLOT_NAMES)}.")
    return SLOT_NAMES.index(name.upper())


def described(slot: Slot) -> str:
    """What is in it, in one line."""
    header = slot.header
    if header is None:
        return slot.state.value
    trial = f", {header.tries_left} starts left" if header.tries_left and not header.is_confirmed else ""
    what = header.name if header.taken is None else f"snapshot of {header.name} taken {moment(header.taken)}"
    return f"generation {header.generation}, {what}, {header.payload_size:,} bytes, {slot.state.value}{trial}"


def moment(seconds: int) -> str:
    """By the board's clock, which begins with 1970 at its first start until somebody sets it."""
    if seconds < UNSET_CLOCK_SECONDS:
        return f"{seconds:,} s after the start"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
