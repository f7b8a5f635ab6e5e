"""`hardtalk explain ADDRESS`: from an address or a symbol to its name, source line, and instructions or bytecodes."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.bench import build_options
from hardtalk.build import build
from hardtalk.chip import chip_with
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, Drivers, Parts, Svds
from hardtalk.symbols.explanation import explanation, resolve
from hardtalk.symbols.source_map import SourceMap, read_source_map
from hardtalk.vm.facts_listing import facts_listing


def explain(
    address: Annotated[str | None, Parameter(help="An address (0x10234) or the name of a symbol.")] = None,
    *,
    facts: Annotated[bool, Parameter(help="Print the firmware's section of facts.", negative="")] = False,
    elf: Annotated[Path | None, Parameter(help="Explain this firmware instead of building one.")] = None,
    driver: Drivers = None,
    svd: Svds = None,
) -> int:
    """Name the symbol, the source line and the instructions at an address, or print the firmware's facts."""
    if (address is None) != facts:
        raise UserError("explain: give an address, or --facts", "For example hardtalk explain startMachine.")
    options = build_options(Parts(driver, svd).boot_options(ARM926))
    folders = tuple(driver or ())
    if elf is None:
        source_map = SourceMap(build(options).elf, folders)
    else:
        source_map = read_source_map(str(elf), elf.read_bytes(), folders)
    if address is None:
        lines = facts_listing(source_map.facts)
    else:
        lines = explanation(source_map, resolve(source_map, address), chip_with(svd or []))
    for line in lines:
        print(line)
    return 0
