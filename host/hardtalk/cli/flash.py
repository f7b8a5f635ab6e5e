"""`hardtalk flash`: the file system in an image of the board's flash, from the host; firmware is in `flash_slots`."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, Parameter
from rich.table import Table

from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import Json
from hardtalk.flash import FIRST_SECTOR, FlashFile, Volume, check
from hardtalk.report.figures import Report

SHOWN_SECTORS = 16

Image: TypeAlias = Annotated[
    Path, Parameter(help="A raw image of the flash, as boot --flash and QEMU's pflash take it.")
]
VolumePath: TypeAlias = Annotated[str, Parameter(help="A path from the root of the volume, as logs/today.")]

app = App(name="flash", help="Files and firmware in an image of the board's flash.")
app.command(
    "hardtalk.cli.flash_cuts:cuts", name="cuts", help="Cut the power in every operation of a busy board's flash."
)
app.command(
    "hardtalk.cli.flash_slots:install",
    name="install",
    help="Put a firmware into a slot, and the boot loader before it.",
)
app.command("hardtalk.cli.flash_slots:slots", name="slots", help="Show what the slots hold and which one is started.")
app.command("hardtalk.cli.flash_slots:pack_", name="pack", help="Make the file that is sent to the boot loader.")


@app.command(name="list")
def list_(image: Image, path: VolumePath = "", /) -> int:
    """Show files and directories, all or those below a path, and how much of the volume is in use."""
    volume = Volume(FlashFile.existing(image).cells())
    console = output.console()
    table = Table("bytes", "path", box=None, pad_edge=False)
    table.columns[0].justify = "right"
    for row in volume.rows(path.strip("/")):
        table.add_row("" if row.is_directory else f"{row.size:,}", row.path + "/" * row.is_directory)
    console.print(table, soft_wrap=True)
    console.print(f"{volume.used_blocks} of {volume.block_count} blocks are in use", soft_wrap=True)
    return 0


@app.command
def read(
    image: Image, path: VolumePath, /, *,
    out: Annotated[Path | None, Parameter(help="Write it to this file, not to standard output.")] = None,
) -> int:  # fmt: skip
    """Write out the contents of a file."""
    data = Volume(FlashFile.existing(image).cells()).read(inner(path))
    if out is not None:
        out.write_bytes(data)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return 0


@app.command
def write(image: Image, file: Annotated[Path, Parameter(help="What is written.")], path: VolumePath, /) -> int:
    """Put a file of the host into the volume, over one that is there; directories on the way are made."""
    data = file.read_bytes()
    changed_volume(image).write(inner(path), data)
    return 0


@app.command
def remove(image: Image, path: VolumePath, /) -> int:
    """Remove a file or an empty directory."""
    changed_volume(image).remove(inner(path))
    return 0


@app.command
def make_directory(image: Image, path: VolumePath, /) -> int:
    """Make a directory; the one that it goes to must be there."""
    changed_volume(image).make_directory(inner(path))
    return 0


@app.command(name="format")
def format_(image: Image, /) -> int:
    """Make an empty volume; the image is made when it is not there. What the volume held is lost; firmware stays."""
    changed_volume(image, is_new=True)
    return 0


@app.command(name="check")
def check_(image: Image, /) -> int:
    """Walk the volume and read every file; exit with 1 when something is damaged."""
    found = check(FlashFile.existing(image).cells())
    console = output.console()
    for damage in found.damages:
        console.print(f"{image}: {damage.place}: {damage.text}\n    {damage.remedy}", soft_wrap=True)
    for text in found.unfinished:
        console.print(f"{image}: {text}: power has failed there; the next mount puts it in order", soft_wrap=True)
    console.print(
        f"files {found.files:,} ({found.read_bytes:,} bytes), directories {found.directories:,}, "
        f"blocks in use {found.used_blocks:,}, damaged {len(found.damages):,}",
        soft_wrap=True,
    )
    return 1 if found.damages else 0


@app.command
def wear(image: Image, /, *, json: Json = None) -> int:
    """Show how often sectors were erased, by the board and by these commands."""
    file = FlashFile.existing(image)
    counts = file.wear()
    console = output.console()
    table = Table("sectors", "erases", "least", "most", "mean")
    for name, part in (("firmware", counts[:FIRST_SECTOR]), ("volume", counts[FIRST_SECTOR:])):
        mean = f"{sum(part) / len(part):.2f}"
        table.add_row(f"{len(part)} of {name}", f"{sum(part):,}", f"{min(part):,}", f"{max(part):,}", mean)
    console.print(table)
    if not file.wear_path.exists():
        console.print(f"{file.wear_path} is not there: nothing was erased yet, or not by us", soft_wrap=True)
    most = sorted((sector for sector, count in enumerate(counts) if count), key=lambda each: (-counts[each], each))
    if most:
        worst = ", ".join(f"{each}: {counts[each]:,}" for each in most[:SHOWN_SECTORS])
        console.print(f"most often, sector: erases: {worst}", soft_wrap=True)
    if json is not None:
        report = Report("flash wear", "", str(image), 0, "")
        for sector, count in enumerate(counts):
            report.add(f"sector.{sector}", count, "erases")
        report.write(json)
    return 0


def changed_volume(image: Path, is_new: bool = False) -> Volume:
    """What changes in the volume changes in the image, and the wear beside it, in the same order."""
    file = FlashFile(image) if is_new else FlashFile.existing(image)
    cells = file.cells()
    return Volume(cells, is_new, lambda offset, size: file.store(cells, offset, size))


def inner(path: str) -> str:
    """The path without its slashes at the ends."""
    stripped = path.strip("/")
    if not stripped:
        raise UserError(f"{path!r} is the root of the volume", "Name a file or directory in it.")
    return stripped
