"""The tri-colour invariant: what a collector that marks from a snapshot promises at every safepoint.

While marking: a white object that a black one (or a root) refers to is protected, that is, some grey object leads to it
over white ones only; so it will still be reached. When marking has ended: nothing that can be reached is white, and
after the flip nothing that can be reached is dead.

A plain context counts as white while it lies below a context that is on a ring: its owner's scanning lists it. Those above
are newer than the marking and count as black.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import Flags, Heap, slot_name
from hardtalk.memory.rings import UNLISTED, Rings
from hardtalk.memory.roots import active_chain, root_indices
from hardtalk.memory.violation import Violation

KIND: Final = "tri-colour"
FLIPPED: Final = ("flushing", "burying", "freeing")


def tricolour_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    if not rings.has_collector:
        return
    if rings.phase == "marking":
        yield from _marking(heap, rings)
    elif rings.phase in ("weak", *FLIPPED):
        yield from _marked(heap, rings)


def _members(heap: Heap, rings: Rings, *names: str) -> Flags:
    flags = np.zeros(len(heap), np.bool_)
    for name in names:
        flags[rings.members(name)] = True
    return flags


def _marking(heap: Heap, rings: Rings) -> Iterator[Violation]:
    white = _members(heap, rings, "whiteRing")
    black = _members(heap, rings, "blackRing", "weakRing")
    grey = _members(heap, rings, "greyRing")
    newer = np.zeros(len(heap), np.bool_)
    for index in active_chain(heap):
        if heap.colours[index] != UNLISTED:
            break
        newer[index] = True
    white |= heap.is_context & (heap.colours == UNLISTED) & ~newer & ~heap.free_contexts
    protected = heap.reachable(np.flatnonzero(grey), white)
    references = heap.references
    endangered = white & ~protected
    from_black = (black | newer)[references.owners] & ~heap.is_weak_slot
    wrong = from_black & (references.targets >= 0) & endangered[np.maximum(references.targets, 0)]
    for owner, slot, value in references.at(np.flatnonzero(wrong)):
        ring = rings.ring_name(owner)
        message = f"{slot_name(heap, owner, slot)} refers to white {heap.describe(heap.index_at(value))}"
        message += ", to which no grey object leads"
        yield Violation(KIND, int(heap.addresses[owner]), heap.class_name(owner), ring, message)
    classes = (black | newer) & (heap.class_index >= 0) & endangered[np.maximum(heap.class_index, 0)]
    for index in np.flatnonzero(classes):
        message = "its class is white, and no grey object leads to it"
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
    for index in root_indices(heap):
        if endangered[index]:
            message = "a root is white, and no grey object leads to it"
            yield Violation(KIND, int(heap.addresses[index]), heap.class_name(int(index)), rings.ring_name(int(index)), message)


def _marked(heap: Heap, rings: Rings) -> Iterator[Violation]:
    lost = _members(heap, rings, "whiteRing" if rings.phase == "weak" else "deadRing")
    reached = heap.reachable(root_indices(heap))
    word = "white" if rings.phase == "weak" else "dead"
    for index in np.flatnonzero(lost & reached):
        message = f"can be reached and is {word} in phase {rings.phase}"
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
