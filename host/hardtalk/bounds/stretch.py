"""The stretches of the virtual machine: from any instruction to the next look at waiting interrupts.

A look is the next dispatch, which leads to handleInterrupts when something waits, or the taking of the pending lines
by that routine or by the one that waits for a process. Native code of drivers is no part of this: there lines take
another way (docs/interrupts.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from hardtalk.bounds.blocks import Block, Code, End
from hardtalk.bounds.graph import Graph, graph_of
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap

TAKE_LINES = "takePendingLines"
LOOKS = frozenset({End.DISPATCH, End.CALL})
RETURNS = frozenset({End.RETURN, End.EXCEPTION_RETURN})
"""The exception return is resumeNative's: the VM goes on in the caller of switchNative."""


def vm_entries(code: Code) -> Iterable[int]:
    """All that dispatch, sends and compiled methods' places lead to."""
    for table in code.facts.dispatch_tables:
        yield from code.table(table.role)
    yield from code.facts.method_entries
    yield from code.facts.code_entries


def stretch_graph(code: Code, source_map: SourceMap) -> Graph:
    take = take_lines_routine(source_map)
    return graph_of(code, vm_entries(code), lambda block: takes_lines(block, take), everywhere=True)


def take_lines_routine(source_map: SourceMap) -> int:
    take = source_map.address_of(TAKE_LINES)
    if take is None:
        raise SymbolError(f"the firmware lacks {TAKE_LINES}", "Build it with hardtalk build.")
    return take


def takes_lines(block: Block, take: int) -> bool:
    return block.end is End.CALL and block.targets == (take,)
