"""Contexts: free ones, those of the running chain, and what their format and colour promise of each other."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import METHOD, PC, RECEIVER, SENDER, STACK_POINTER, Heap, Indices
from hardtalk.memory.rings import Rings
from hardtalk.memory.roots import active_chain, active_context, root_indices
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of

KIND: Final = "context"
FREE_LISTS: Final = {
    "freeSmallContexts": of.context_order(False),
    "freeLargeContexts": of.context_order(True),
    "surplusContexts": of.context_order(False),
}
ESCAPED: Final = of.FORMATS["FormatEscapedContext"]
LISTED: Final = of.FORMATS.get("FormatListedContext", ESCAPED)
PLAIN: Final = of.CONTEXT_FORMATS - {ESCAPED, LISTED}
VM_METHOD_BYTES: Final = 64
CLOSURE: Final = of.SLOTS["Context"].index("Closure")


def context_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    yield from _free(heap, rings)
    yield from _registers(heap)
    if rings.has_collector:
        yield from _colours(heap, rings)
    yield from _stacks(heap, rings)
    chain = active_chain(heap)
    for index in chain:
        if heap.free_contexts[index]:
            yield _at(heap, rings, index, "a context of the running process is on a list of free ones")
    if chain:
        last = int(heap.addresses[chain[-1]])
        sender = heap.machine.slot(last, SENDER)
        if sender != heap.machine.variable("nilObject"):
            yield _at(heap, rings, chain[-1], f"its process's senders end with {sender:#010x}, not nil")


def _free(heap: Heap, rings: Rings) -> Iterator[Violation]:
    machine, seen = heap.machine, set()
    for name, order in FREE_LISTS.items():
        context, owner = machine.variable(name), machine.addresses[name]
        while context:
            index = heap.index_at(context)
            if index < 0 or not heap.is_context[index]:
                yield Violation(KIND, owner, name, "", f"leads to {context:#010x}, which is no context")
                break
            if index in seen:
                yield Violation(KIND, owner, name, "", f"leads to {context:#010x}, which is listed already")
                break
            seen.add(index)
            if heap.orders[index] != order:
                yield _at(heap, rings, index, f"a context of order {heap.orders[index]} is on {name}")
            if heap.formats[index] == ESCAPED:
                yield _at(heap, rings, index, f"an escaped context is on {name}")
            if rings.has_collector and heap.colours[index] != of.COLOUR_UNLISTED:
                yield _at(heap, rings, index, f"a free context has colour {heap.colours[index]}")
            if machine.slot(context, CLOSURE) != machine.variable("nilObject"):
                yield _at(heap, rings, index, "a free context's closure is not nil")
            owner, context = context, machine.slot(context, SENDER)


def _registers(heap: Heap) -> Iterator[Violation]:
    """What the VM holds in registers agrees with the active context."""
    machine, index = heap.machine, active_context(heap)
    if index < 0:
        if heap.index_at(machine.variable("context")) < 0:
            value = machine.variable("context")
            yield Violation(KIND, value, "register", "", "the active context is no object")
        return
    if not heap.is_context[index]:
        yield Violation(KIND, int(heap.addresses[index]), heap.class_name(index), "", "the active context is none")


def _colours(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Plain contexts are unlisted and on no ring, all others are on one."""
    unlisted = heap.is_object & (heap.colours == of.COLOUR_UNLISTED)
    for index in np.flatnonzero(unlisted & ~heap.is_context).tolist():
        yield _at(heap, rings, index, "only contexts may be unlisted")
    plain = np.isin(heap.formats, sorted(PLAIN))
    for index in np.flatnonzero(unlisted & heap.is_context & ~plain).tolist():
        yield _at(heap, rings, index, f"a context of format {heap.formats[index]} is unlisted")
    for index in np.flatnonzero(heap.is_context & plain & (heap.colours != of.COLOUR_UNLISTED)).tolist():
        yield _at(heap, rings, index, "a plain context has a ring's colour: its return would recycle it there")


def _stacks(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """stackp of every live context is in its own stack, pc in its method; one that has returned is done with both."""
    machine = heap.machine
    nil, vm_method = machine.variable("nilObject"), machine.variable("vmMethod")
    dead = np.zeros(len(heap), np.bool_)
    dead[rings.members("deadRing")] = True
    active = active_context(heap)
    live = heap.is_context & ~heap.free_contexts & ~dead
    if rings.has_collector:
        reachable = heap.reachable(np.flatnonzero((rings.ring_of > 0) & ~dead))
        live &= (heap.colours != of.COLOUR_UNLISTED) | reachable
    if rings.stops_the_world:
        live &= heap.reachable(root_indices(heap))
    for index in _suspects(heap, np.flatnonzero(live)):
        if index == active:
            continue
        address = int(heap.addresses[index])
        method, pc = machine.slot(address, METHOD), machine.slot(address, PC)
        if machine.slot(address, SENDER) == nil and vm_method < pc < vm_method + VM_METHOD_BYTES:
            continue
        top = machine.slot(address, STACK_POINTER)
        end = address + of.slot_offset(int(heap.sizes[index]))
        if not heap.stack_floor(index) <= top < end or top & 3:
            yield _at(heap, rings, index, f"its stackp {top:#010x} is outside its stack")
        code = heap.index_at(method)
        if code >= 0 and not method < pc < method + of.BODY_OFFSET + int(heap.sizes[code]):
            yield _at(heap, rings, index, f"its pc {pc:#010x} is outside its method")


def _suspects(heap: Heap, contexts: Indices) -> list[int]:
    """Those whose stackp or pc may be wrong; the others surely have both where they belong."""
    words, addresses = heap.machine.words, heap.addresses[contexts]
    body = (addresses + of.BODY_OFFSET - heap.machine.base) >> 2
    method, pc, top = (words[body + slot].astype(np.int64) for slot in (METHOD, PC, STACK_POINTER))
    floor = addresses + of.slot_offset(RECEIVER)
    is_inside = (top >= floor) & (top < addresses + of.BODY_OFFSET + 4 * heap.sizes[contexts]) & (top & 3 == 0)
    code = heap.indices_of(method)
    limit = method + of.BODY_OFFSET + heap.sizes[np.maximum(code, 0)]
    is_right = is_inside & (code >= 0) & (method < pc) & (pc < limit)
    found: list[int] = contexts[~is_right].tolist()
    return found


def _at(heap: Heap, rings: Rings, index: int, message: str) -> Violation:
    return Violation(KIND, int(heap.addresses[index]), heap.class_name(index), rings.ring_name(index), message)
