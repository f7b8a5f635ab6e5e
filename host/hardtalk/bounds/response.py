"""From the look at interrupts to the first bytecode of the handler's process, and from the line to the VM.

The switch is handleInterrupts with one line that waits, for a process more urgent than who runs, up to the dispatch of
that process. Not on this way are:

- a slice of a collection, the lack of memory, that or the lack of a device told, priorities that are owed: these are
  for the process that goes on;
- a second process that may run and has to wait: it waited for another line;
- signals of native code, and the exchange with a native process that is more urgent than the handler: another's time;
- the scan of more slots, while a collection marks, than those of what a driver's process waits in
  (`waiting.waiting_slots`). A process of a program's own may wait in a context that has more of them in use, or in a
  large one.
"""

from __future__ import annotations

from dataclasses import replace

from hardtalk.bounds.blocks import Block, Code, End
from hardtalk.bounds.graph import Graph, address_of, graph_of
from hardtalk.bounds.longest import Loop
from hardtalk.bounds.masked import IRQ_VECTOR, VECTORS
from hardtalk.bounds.stretch import take_lines_routine, takes_lines, vm_entries
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.constants import VM_CONSTANTS
from hardtalk.vm.facts import UNMASK
from hardtalk.vm.limits import limits

FOR_WHO_GOES_ON = ("collectFor:", "deliverOutOfMemory", "answerAsker", "tellAbsence", "settle")
WAKING_NOBODY = "runNextProcess"
"""Where a VM that waits goes on when the line has woken nobody: whoever it wakes is the candidate, none being there."""
OTHERS = "takeSignalsOf:"
"""On a way on which native code has signalled a semaphore, which is another interrupt's."""
LESS_URGENT = "letWait:"
MORE_URGENT = "yieldToNative"
LARGE = "scanLargeContext:"
SCANS_SMALL = "shadeFewFrom:to:"
"""Whose loop looks at the slots of a small context."""
INTERRUPT = "interrupt"
MODE_BITS, IRQ_MODE = 0x1F, 0x12
SWITCHED = frozenset({End.DISPATCH})
ENTERED = frozenset({End.EXCEPTION_RETURN})


def switch_graph(
    code: Code, source_map: SourceMap, handler: int, *, slots: int | None = None, large: bool = False
) -> Graph:
    """`handler` is the routine that interruptTable leads to. The other roots are behind the looks of a VM
    that waits for a process, and of one that has signalled another line before. `slots`: so many are in use of the
    small context that the process waits in; as many as there can be if None. `large`: it waits in a large context."""
    others = (*FOR_WHO_GOES_ON, WAKING_NOBODY, OTHERS, LESS_URGENT, MORE_URGENT, *(() if large else (LARGE,)))
    elsewhere = {routine.address for routine in code.facts.routines if routine.selector in others}
    take = take_lines_routine(source_map)
    own = code.facts.routine_at(handler)
    looks = [block for block in code.blocks(vm_entries(code)).values() if takes_lines(block, take)]
    waits = {block.address: block.stop for block in looks if code.facts.routine_at(block.address) != own}

    def is_elsewhere(block: Block) -> bool:
        return block.address in elsewhere or block.address in waits

    graph = graph_of(code, [*code.table(INTERRUPT), *waits.values()], is_elsewhere)
    if slots is None:
        return graph
    fewer = limits(VM_CONSTANTS)["FewShadedSlots"] - slots
    scanning = {routine.address for routine in code.facts.routines if routine.selector == SCANS_SMALL}

    def limited(loop: Loop) -> Loop:
        routine = code.facts.routine_at(address_of(loop.head))
        is_scan = routine is not None and routine.address in scanning and loop.turns is not None
        return replace(loop, turns=max(0, (loop.turns or 0) - fewer)) if is_scan else loop

    return replace(graph, loops=[limited(each) for each in graph.loops])


def entry_graph(code: Code, source_map: SourceMap) -> tuple[Graph, int]:
    """The IRQ entry, and its first block. A native handler is a way that does not lead back to the VM."""
    vectors = source_map.address_of(VECTORS)
    if vectors is None:
        raise SymbolError(f"the firmware lacks {VECTORS}", "Build it with hardtalk build.")
    start = vectors + IRQ_VECTOR
    return graph_of(code, [start], _runs_handler), start


def _runs_handler(block: Block) -> bool:
    """Interrupts that are let in before the next process is chosen, in the mode of the entry itself, come back."""
    if block.mask != UNMASK:
        return False
    bits = block.instructions[-1].status_bits
    return bits is None or bits & MODE_BITS != IRQ_MODE


def handler_of(code: Code) -> int:
    """The routine that interruptTable leads to, whichever bytecode would be next."""
    found = {code.instruction(entry).target for entry in code.table(INTERRUPT)}
    handler = found.pop()
    if found or handler is None:
        raise SymbolError(f"interruptTable leads to {len(found) + 1} routines", "Build it with hardtalk build.")
    return handler
