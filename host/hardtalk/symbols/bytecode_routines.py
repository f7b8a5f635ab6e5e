"""Where the routines of the bytecodes begin: whoever comes by one of these carries out a bytecode."""

from functools import cache
from typing import Final

from hardtalk.arm.flow import decode
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.facts import Facts, Table

INTERRUPT_ROLE: Final = "interrupt"


@cache
def bytecode_routines(source_map: SourceMap) -> frozenset[int]:
    """By any dispatch table but that for interrupts: where its entries are, control comes in."""
    return frozenset(place for table in _tables(source_map) if table.role != INTERRUPT_ROLE for place in table.places)


def interrupt_handler(source_map: SourceMap) -> int:
    """The routine that a bytecode's place is taken by while an interrupt waits."""
    (table,) = (each for each in _tables(source_map) if each.role == INTERRUPT_ROLE)
    branch = decode(int.from_bytes(source_map.read(table.address, 4), "little"), table.address)
    if branch is None or branch.target is None:
        raise SymbolError(f"{table.name} leads nowhere", "Build it with hardtalk build.")
    return branch.target


def _tables(source_map: SourceMap) -> tuple[Table, ...]:
    tables = facts_in(source_map).dispatch_tables
    if not tables:
        raise SymbolError("the firmware lacks dispatch tables", "Build it with hardtalk build.")
    return tables


def facts_in(source_map: SourceMap) -> Facts:
    """What the firmware says of itself. Raises SymbolError when it says nothing."""
    try:
        return source_map.facts
    except ValueError as error:
        raise SymbolError(f"the firmware: {error}", "Build it with hardtalk build.") from error
