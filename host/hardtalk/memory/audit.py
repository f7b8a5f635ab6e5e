"""Audits the heap of a stopped board: blocks, free lists, rings, references, classes, contexts, colours.

The auditor knows docs/object-format.md and docs/collector.md; it shares no code with the VM and asks it nothing. It is
for a board at a safepoint (`safepoints.settle`): in the middle of a step links are half made.

Each check answers its violations; `audit` puts them together. Where one fault would show as thousands (the walk over
the blocks broke off), the checks that build on it are left out and that is said.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from hardtalk.board import Board
from hardtalk.memory.contexts import context_violations
from hardtalk.memory.forwarders import forwarder_violations
from hardtalk.memory.free_lists import free_list_violations
from hardtalk.memory.heap import SENDER, Flags, Heap, slot_name
from hardtalk.memory.machine import Machine
from hardtalk.memory.processes import process_violations
from hardtalk.memory.rings import EMPTY_RINGS, PHASE_VARIABLE, Rings
from hardtalk.memory.roots import root_variables
from hardtalk.memory.swept import swept_violations
from hardtalk.memory.tricolour import tricolour_violations
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of
from hardtalk.vm.constants import METHOD_CACHE_ROWS

SHOWN_OF_A_KIND: Final = 20
CACHE_WORDS: Final = ("selector", "class", "method")


@dataclass(frozen=True)
class Audit:
    """What was looked at and what is wrong; a sound heap has no violations."""

    phase: str
    blocks: int
    objects: int
    references: int
    rings: dict[str, int]
    violations: tuple[Violation, ...] = field(default=())

    @property
    def is_sound(self) -> bool:
        return not self.violations

    def text(self) -> str:
        """A line for each violation, few of each kind, under a line of counts."""
        counts = f"{self.blocks:,} blocks, {self.objects:,} objects, {self.references:,} references"
        lines = [f"{counts}, phase {self.phase}"]
        kinds = Counter(each.kind for each in self.violations)
        shown: Counter[str] = Counter()
        for violation in self.violations:
            shown[violation.kind] += 1
            if shown[violation.kind] <= SHOWN_OF_A_KIND:
                lines.append(str(violation))
        lines += [
            f"and {count - SHOWN_OF_A_KIND:,} more violations of the kind {kind}"
            for kind, count in sorted(kinds.items())
            if count > SHOWN_OF_A_KIND
        ]
        return "\n".join(lines)


def audit(board: Board) -> Audit:
    """The report on a board that is at a safepoint. Raises NotReadable where there is no heap to look at."""
    return audit_machine(Machine.of_board(board))


def audit_machine(machine: Machine) -> Audit:
    heap = Heap(machine)
    rings = Rings(heap)
    violations = list(block_violations(heap, rings))
    if heap.is_whole:
        for check in CHECKS:
            violations += check(heap, rings)
    references = len(heap.references.values) if heap.is_whole else 0
    counts = {name: rings.counts[name] for name in rings.names}
    return Audit(rings.phase, len(heap), int(heap.is_object.sum()), references, counts, tuple(violations))


def block_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Headers: order, size, format, colour. Alignment is what the walk checks as it goes."""
    if not heap.is_whole:
        address, machine = heap.walked_to, heap.machine
        order = machine.word(address + 16) >> 8 & of.ORDER_MASK
        why = "is no order" if not of.SMALLEST_ORDER <= order <= of.LARGEST_ORDER else "does not fit this address"
        yield Violation(
            "block", address, "?", "",
            f"the block's order {order} {why}; the walk ends here, and nothing that needs all blocks was checked",
        )  # fmt: skip
    needed = np.maximum(of.SMALLEST_ORDER, np.ceil(np.log2(np.maximum(heap.body_bytes() + of.BODY_OFFSET, 1))))
    for index in np.flatnonzero(heap.is_object & ~heap.is_forwarder & (needed != heap.orders)).tolist():
        body = int(heap.body_bytes()[index])
        yield _at(heap, rings, "block", index, f"a block of order {heap.orders[index]} does not fit {body:,} bytes")
    unknown = heap.is_object & ~np.isin(heap.formats, sorted(of.FORMATS.values()))
    for index in np.flatnonzero(unknown).tolist():
        yield _at(heap, rings, "block", index, f"format {heap.formats[index]} is unknown")
    for index in np.flatnonzero(heap.is_unfinished).tolist():
        filled, body = heap.machine.slot(int(heap.addresses[index]), 0), int(heap.body_bytes()[index])
        if filled % of.WORD_BYTES or not of.BODY_OFFSET < filled <= of.BODY_OFFSET + body:
            yield _at(heap, rings, "block", index, f"is unfinished, and filled up to {filled:,} of {body:,} bytes")


def ring_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Links, colours by ring, and who must be on one."""
    if rings.stops_the_world:
        return
    for fault in rings.faults:
        index = heap.index_at(fault.owner)
        name = heap.class_name(index) if index >= 0 else "anchor"
        message = f"its {fault.link} {fault.value:#010x} {fault.why}"
        yield Violation("link", fault.owner, name, fault.ring, message)
    allowed = rings.colours_allowed(heap.machine)
    for name in rings.names:
        members = rings.members(name)
        for index in members[~np.isin(heap.colours[members], sorted(allowed[name]))].tolist():
            colours = " or ".join(map(str, sorted(allowed[name])))
            yield _at(heap, rings, "colour", index, f"colour {heap.colours[index]} where {colours} belongs")
    for index in np.flatnonzero((rings.ring_of > 0) & ~heap.is_object).tolist():
        yield _at(heap, rings, "ring", index, "a block that is no object is on a ring")
    may_be_unlisted = heap.is_context & (heap.colours == of.COLOUR_UNLISTED) & rings.has_collector
    for index in np.flatnonzero(heap.is_object & (rings.ring_of == 0) & ~may_be_unlisted).tolist():
        yield _at(heap, rings, "ring", index, f"an object of colour {heap.colours[index]} is on no ring")
    if rings.has_collector and rings.phase not in EMPTY_RINGS:
        yield Violation("phase", heap.machine.addresses[PHASE_VARIABLE], "", "", f"phase {rings.phase} is unknown")
    for name in EMPTY_RINGS.get(rings.phase, ()) if rings.has_collector else ():
        for index in rings.members(name)[:SHOWN_OF_A_KIND].tolist():
            yield _at(heap, rings, "phase", index, f"the {name} holds nothing while {rings.phase}")


def reference_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Slots, variables, the method cache hold SmallIntegers or allocated objects; what died may refer to anything."""
    references = heap.references
    matters = ~is_doomed(heap, rings)
    bad = (references.values & 1 == 0) & (references.targets < 0) & matters[references.owners]
    for owner, slot, value in references.at(np.flatnonzero(bad)):
        yield _at(heap, rings, "reference", owner, f"{slot_name(heap, owner, slot)} holds {value:#010x}, no object")
    good = references.targets >= 0
    bodiless = good & ~heap.is_object[np.maximum(references.targets, 0)] & matters[references.owners]
    for owner, slot, value in references.at(np.flatnonzero(bodiless)):
        message = f"{slot_name(heap, owner, slot)} holds {value:#010x}, a block that is no object yet"
        yield _at(heap, rings, "reference", owner, message)
    for name, value in root_variables(heap).items():
        index = heap.index_at(value)
        if index < 0 or not heap.is_object[index]:
            address = heap.machine.addresses.get(name, 0)
            yield Violation("reference", address, "VM variable", "", f"{name} holds {value:#010x}, no object")
    yield from cache_violations(heap, rings)


def cache_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """No entry of the method cache names what is freed, nor, once it has been flushed, what will be."""
    machine = heap.machine
    base = machine.addresses["methodCache"]
    first = (base - machine.base) >> 2
    entries = machine.words[first : first + 4 * METHOD_CACHE_ROWS].reshape(-1, 4).astype(np.int64)
    used = entries[:, 0] != 0
    entries[:, 0] &= -(1 << of.SMALLEST_ORDER)  # the number of arguments stands in the lowest bits
    doomed = is_doomed(heap, rings) & (rings.phase in ("burying", "freeing"))
    for column, name in enumerate(CACHE_WORDS):
        indices = heap.indices_of(entries[:, column])
        integers = (entries[:, column] & 1 == 1) if name == "class" else np.zeros(len(entries), np.bool_)
        wrong = used & ~integers & ((indices < 0) | doomed[np.maximum(indices, 0)])
        for row in np.flatnonzero(wrong).tolist():
            value = int(entries[row, column])
            message = f"{name} {value:#010x} of entry {row} is no live object"
            yield Violation("cache", base + 16 * row, "method cache", "", message)


def class_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """The class is a class, and the object looks as that class makes them."""
    machine = heap.machine
    matters = heap.is_object & ~is_doomed(heap, rings)
    metaclass = machine.variable("classMetaclass")
    for index in np.flatnonzero(matters & (heap.class_index < 0)).tolist():
        yield _at(heap, rings, "class", index, f"its class {heap.class_oops[index]:#010x} is no object")
    known = matters & (heap.class_index >= 0)
    classes = np.unique(heap.class_index[known])
    sound = {int(each) for each in classes if is_class(heap, int(each), metaclass)}
    is_sound = np.isin(heap.class_index, sorted(sound))
    for index in np.flatnonzero(known & ~is_sound).tolist():
        yield _at(heap, rings, "class", index, f"its class {heap.class_oops[index]:#010x} is not a class")
    specification = heap.class_formats()
    wanted = specification % of.CLASS_FORMAT_FACTOR
    wrong = known & is_sound & ~heap.is_context & ~heap.is_unfinished & (wanted != heap.formats)
    for index in np.flatnonzero(wrong).tolist():
        yield _at(heap, rings, "class", index, f"has format {heap.formats[index]}, its class makes {wanted[index]}")
    named = specification // of.CLASS_FORMAT_FACTOR
    fixed = known & is_sound & (heap.formats == of.FORMATS["FormatFixed"]) & (heap.sizes != named)
    short = known & is_sound & heap.is_pointers & (heap.sizes < named)
    for index in np.flatnonzero(fixed | short).tolist():
        yield _at(heap, rings, "class", index, f"has {heap.sizes[index]} slots, its class has {named[index]} variables")


def scheduling_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    return process_violations(heap, is_doomed(heap, rings))


def is_class(heap: Heap, index: int, metaclass: int) -> bool:
    """A metaclass's instance, or a metaclass."""
    of_class = int(heap.class_oops[index])
    if heap.index_at(of_class) < 0:
        return False
    return of_class == metaclass or heap.machine.word(of_class + 8) == metaclass


def is_doomed(heap: Heap, rings: Rings) -> Flags:
    """Objects that nothing will look at again, but to free them: those on the dead ring and the contexts they own."""
    doomed = np.zeros(len(heap), np.bool_)
    dead = rings.members("deadRing")
    doomed[dead] = True
    for context in dead[heap.is_context[dead]].tolist():
        owned = heap.index_at(heap.machine.slot(int(heap.addresses[context]), SENDER))
        while owned >= 0 and heap.is_context[owned] and heap.colours[owned] == of.COLOUR_UNLISTED and not doomed[owned]:
            doomed[owned] = True
            owned = heap.index_at(heap.machine.slot(int(heap.addresses[owned]), SENDER))
    return doomed


def _at(heap: Heap, rings: Rings, kind: str, index: int, message: str) -> Violation:
    return Violation(kind, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)


Check = Callable[[Heap, Rings], Iterator[Violation]]
CHECKS: Final[tuple[Check, ...]] = (
    free_list_violations,
    ring_violations,
    reference_violations,
    class_violations,
    context_violations,
    scheduling_violations,
    forwarder_violations,
    tricolour_violations,
    swept_violations,
)
