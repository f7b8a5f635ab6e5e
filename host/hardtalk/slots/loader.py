"""The boot loader: boot/loader/*.s, and the stub's console, assembled for the beginning of the flash."""

from functools import cache

from hardtalk.chip import default_chip, hal_folder
from hardtalk.link import AssemblySource, target_of
from hardtalk.link.assembler import assemble
from hardtalk.report.errors import ReportedError
from hardtalk.slots.layout import LOADER_BYTES, loader_symbols

ENTRY_FILE = "loader.s"
CONSOLE = "console.s"


class LoaderError(ReportedError):
    """The loader does not fit its place."""


@cache
def boot_loader() -> bytes:
    """Its bytes, as many as its place in the flash has; it begins with its entry."""
    chip = default_chip()
    boot = hal_folder().parent / "boot"
    paths = sorted((boot / "loader").glob("*.s"), key=lambda path: (path.name != ENTRY_FILE, path.name))
    sources = [
        AssemblySource(path.relative_to(boot.parent).as_posix(), path.read_text(encoding="utf-8"))
        for path in [*paths, boot / CONSOLE]
    ]
    symbols = {
        **target_of(chip).symbols,
        **loader_symbols(
            chip.peripheral("FLASH").base, chip.ram.base, chip.ram.size, chip.peripheral("TIMER01").lines[0]
        ),
    }
    used = "".join(each.text for each in sources)
    code = assemble(sources, 0, {name: value for name, value in symbols.items() if name in used}).code
    if len(code) > LOADER_BYTES:
        raise LoaderError(
            f"the boot loader has {len(code):,} bytes, its place {LOADER_BYTES:,}",
            "make it smaller, or raise LOADER_BYTES in hardtalk.slots.layout",
        )
    return code.ljust(LOADER_BYTES, b"\xff")
