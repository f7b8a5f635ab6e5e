"""The tri-colour invariant: what a collector that marks from a snapshot promises at every safepoint.

While marking: a white object that a black one (or a root) refers to is protected, that is, some grey object leads to it
over white ones only; so it will still be reached. When marking has ended: nothing that can be reached is white, and
after the flip nothing that can be reached is dead.

A plain context belongs to the one whose sender it is. Behind a black one, or behind the active one, it was made since
the marking began and counts as black; behind a grey or white one it is older and counts as white: it is listed when its
owner is scanned.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import SENDER, Flags, Heap, slot_name
from hardtalk.memory.rings import SCANNED, Rings
from hardtalk.memory.roots import active_context, root_indices
from hardtalk.memory.violation import Violation
from hardtalk.vm.object_format import COLOUR_UNLISTED

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
    black = _members(heap, rings, "blackRing", "weakRing", SCANNED)
    grey = _members(heap, rings, "greyRing")
    newer = newer_contexts(heap, black)
    white |= heap.is_context & (heap.colours == COLOUR_UNLISTED) & ~newer & ~heap.free_contexts
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
    for index in np.flatnonzero(classes).tolist():
        message = "its class is white, and no grey object leads to it"
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
    for index in root_indices(heap).tolist():
        if endangered[index]:
            message = "a root is white, and no grey object leads to it"
            name = heap.class_name(index)
            yield Violation(KIND, int(heap.addresses[index]), name, rings.ring_name(index), message)


def newer_contexts(heap: Heap, black: Flags) -> Flags:
    """Plain contexts that are senders, over plain ones only, of a black context or of the active one; it itself too."""
    newer = np.zeros(len(heap), np.bool_)
    begun = np.flatnonzero(black & heap.is_context).tolist()
    active = active_context(heap)
    if active >= 0 and heap.colours[active] == COLOUR_UNLISTED:
        newer[active] = True
        begun.append(active)
    for context in begun:
        sender = heap.index_at(heap.machine.slot(int(heap.addresses[context]), SENDER))
        while sender >= 0 and heap.is_context[sender] and heap.colours[sender] == COLOUR_UNLISTED and not newer[sender]:
            newer[sender] = True
            sender = heap.index_at(heap.machine.slot(int(heap.addresses[sender]), SENDER))
    return newer


def _marked(heap: Heap, rings: Rings) -> Iterator[Violation]:
    lost = _members(heap, rings, "whiteRing" if rings.phase == "weak" else "deadRing")
    reached = heap.reachable(root_indices(heap))
    word = "white" if rings.phase == "weak" else "dead"
    for index in np.flatnonzero(lost & reached).tolist():
        message = f"can be reached and is {word} in phase {rings.phase}"
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
