"""Where live objects begin: the VM's variables that hold oops, and the active context.

The special objects' variables come from their table; the others are listed here with why they count.
"""

from typing import Final

import numpy as np

from hardtalk.memory.heap import SENDER, Heap, Indices
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

SPECIAL_VARIABLES: Final = tuple(entry.variable for entry in SPECIAL_OBJECTS if entry.variable)
OTHER_VARIABLES: Final = (
    "specialObjectsArray",
    "vmMethod",  # the method of the VM's own bytecodes, made at start-up and held by nobody else
    "spareInteger",  # kept for the next register that is read
)
ACTIVE: Final = ("context", "receiver", "method")


def root_variables(heap: Heap) -> dict[str, int]:
    """The value of each variable that holds an oop; those that hold nothing or a number are left out."""
    names = [*SPECIAL_VARIABLES, *OTHER_VARIABLES]
    values = {name: heap.machine.variable(name) for name in names if heap.machine.has(name)}
    if active_context(heap) >= 0:
        values |= {name: heap.machine.variable(name) for name in ACTIVE}
    return {name: value for name, value in values.items() if value and not value & 1}


def active_context(heap: Heap) -> int:
    """The index of the context that runs; -1 while no process does (the register still names one that was recycled)."""
    index = heap.index_at(heap.machine.variable("context"))
    return -1 if index >= 0 and heap.free_contexts[index] else index


def root_indices(heap: Heap) -> Indices:
    indices = [heap.index_at(value) for value in root_variables(heap).values()]
    return np.array(sorted({each for each in indices if each >= 0 and heap.is_taken[each]}), np.int64)


def active_chain(heap: Heap) -> list[int]:
    """The active context and its senders, from the top, as far as they are contexts."""
    chain: list[int] = []
    seen: set[int] = set()
    index = active_context(heap)
    while index >= 0 and heap.is_context[index] and index not in seen:
        seen.add(index)
        chain.append(index)
        index = heap.index_at(heap.machine.slot(int(heap.addresses[index]), SENDER))
    return chain
