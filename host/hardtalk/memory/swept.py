"""Colours where the collector stops the world: at every safepoint its work is done, so there is nothing in between.

Objects are black: they survived the last collection or were made since. Contexts are, or unlisted: made since.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import Heap
from hardtalk.memory.rings import STOP_THE_WORLD_VARIABLE, Rings
from hardtalk.memory.violation import Violation
from hardtalk.vm.object_format import COLOUR_UNLISTED

KIND: Final = "colour"


def swept_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    if not rings.stops_the_world:
        return
    machine = heap.machine
    black = machine.variable("blackColour")
    wrong = heap.is_object & (heap.colours != black) & ~(heap.is_context & (heap.colours == COLOUR_UNLISTED))
    for index in np.flatnonzero(wrong).tolist():
        message = f"colour {heap.colours[index]} where {black} belongs"
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
    if machine.variable(STOP_THE_WORLD_VARIABLE):
        address = machine.addresses[STOP_THE_WORLD_VARIABLE]
        yield Violation("phase", address, "", "", "the stack of reached objects is not empty outside a collection")
