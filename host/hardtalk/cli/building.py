"""`hardtalk build`: the firmware of the sources as a file, with its sizes and, on request, its link map; or classes as
a code file for a firmware of these sources."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.bench import build_options
from hardtalk.bench.firmware import class_model, firmware_hash
from hardtalk.build import BuildOptions
from hardtalk.build import build as build_firmware
from hardtalk.build.collectors import TREADMILL
from hardtalk.build.sources import users_paths
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, Collector, Compiled, Drivers, Parts, Svds
from hardtalk.serial.code_file import code_file
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.symbols.difference import differences, loaded_digest
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap


def build(
    *,
    out: Annotated[
        Path | None,
        Parameter(name=("--out", "-o"), help="Where the ELF goes, or the code file; firmware.elf, or NAME.code."),
    ] = None,
    code: Annotated[
        list[Path] | None,
        Parameter(
            negative="",
            help="Compile the classes of this folder or file to a code file, which the board loads, and no firmware; "
            "may be given again.",
        ),
    ] = None,
    map: Annotated[bool, Parameter(negative="", help="Also write the link map beside it, as .map.")] = False,
    driver: Drivers = None,
    svd: Svds = None,
    compile: Compiled = None,
    collector: Collector = TREADMILL,
    trap_bounds: Annotated[
        bool,
        Parameter(negative="", help="Each loop of the virtual machine stops it at one turn more than its bound."),
    ] = False,
    against: Annotated[
        Path | None, Parameter(help="An ELF to compare with: exits with 1 unless both load the same bytes.")
    ] = None,
) -> int:
    """Build firmware.elf from the Smalltalk, Slang and boot sources."""
    console = output.console()
    boot = replace(Parts(driver, svd, compile=compile).boot_options(ARM926, collector), traps_bounds=trap_bounds)
    options = build_options(boot)
    if code:
        return build_code(code, out or Path(f"{code[0].resolve().stem.partition('.')[0].lower()}.code"), options)
    out = out or Path("firmware.elf")
    firmware = build_firmware(options)
    for warning in firmware.warnings:
        console.print(warning, soft_wrap=True)
    out.write_bytes(firmware.elf)
    console.print(f"{out}  {len(firmware.elf):,} bytes  {firmware_hash(firmware.elf)}", soft_wrap=True)
    console.print(f"loaded {loaded_digest(firmware.elf)}", soft_wrap=True)
    console.print(size_line(firmware.elf), soft_wrap=True)
    unlocked = SourceMap(firmware.elf).facts.unlocked
    if unlocked:
        console.print(f"not locked in the caches, for want of room: {', '.join(unlocked)}", soft_wrap=True)
    if map:
        path = out.with_suffix(".map")
        path.write_text(link_map(SourceMap(firmware.elf)), encoding="utf-8")
        console.print(str(path), soft_wrap=True)
    return 0 if against is None else compare(firmware.elf, against)


def build_code(places: Sequence[Path], out: Path, options: BuildOptions) -> int:
    """The classes of folders and files as a code file for a firmware with these options."""
    paths = [path for place in places for path in source_paths(place)]
    made = code_file([(read_source_file(path), str(path)) for path in paths], class_model(options))
    console = output.console()
    for warning in made.warnings:
        console.print(str(warning.as_warning()), soft_wrap=True, markup=False)
    out.write_bytes(made.data)
    counts = f"{len(made.classes)} classes, {made.method_count} methods, {len(made.data):,} bytes"
    console.print(f"{out}  {counts}: {', '.join(made.classes)}", soft_wrap=True, markup=False)
    return 0


def source_paths(place: Path) -> list[Path]:
    """A file, or the class files of a folder."""
    return users_paths(place) if place.is_dir() else [place]


def compare(elf: bytes, other: Path) -> int:
    """Say whether both firmwares load the same; 1 when they do not."""
    try:
        found = list(differences(elf, other.read_bytes()))
    except SymbolError as error:
        raise UserError(f"{other}: {error}") from error
    for line in found or [f"loads the same bytes as {other}"]:
        output.console().print(line, soft_wrap=True)
    return 1 if found else 0


def size_line(elf: bytes) -> str:
    """Bytes of each section that is in the machine's memory."""
    sizes = SourceMap(elf).section_sizes
    return "  ".join(f"{name.lstrip('.')} {size:,}" for name, size in sizes.items()) + "  bytes"


def link_map(source_map: SourceMap) -> str:
    """Every symbol by address: address, bytes, section, name."""
    rows = [f"{each.address:08x} {each.size:8} {each.section:<8} {each.name}" for each in source_map.symbols]
    return "\n".join(["address     bytes section  symbol", *rows]) + "\n"
