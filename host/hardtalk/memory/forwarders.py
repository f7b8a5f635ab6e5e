"""Checks what become: leaves behind: forwarders lead to objects, in no circle, and only while the VM follows them.

docs/become.md says what a forwarder looks like.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import Heap
from hardtalk.memory.rings import Rings
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of

KIND: Final = "forwarder"
TARGET, METHODS = 0, of.SLOTS["Class"].index("MethodDictionary")


def forwarder_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Dead ones may be anything: nobody follows them."""
    dead = np.zeros(len(heap), np.bool_)
    dead[rings.members("deadRing")] = True
    machine = heap.machine
    for index in np.flatnonzero(heap.is_forwarder & ~dead).tolist():
        address = int(heap.addresses[index])
        for message in _faults(heap, address):
            yield Violation(KIND, address, heap.class_name(index), rings.ring_name(index), message)
        if machine.variable("isForwarding") == 0:
            message = "is there while the VM does not follow forwarders"
            yield Violation(KIND, address, heap.class_name(index), rings.ring_name(index), message)


def _faults(heap: Heap, address: int) -> Iterator[str]:
    machine = heap.machine
    if machine.slot(address, METHODS) != machine.variable("nilObject"):
        yield f"has {machine.slot(address, METHODS):#010x} where a class without methods has nil"
    seen = {address}
    target = machine.slot(address, TARGET)
    while (index := heap.index_at(target)) >= 0 and heap.is_forwarder[index]:
        if target in seen:
            yield "leads to itself"
            return
        seen.add(target)
        target = machine.slot(target, TARGET)
    if index < 0 or not heap.is_object[index]:
        yield f"leads to {target:#010x}, no object"
