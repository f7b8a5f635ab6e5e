"""The buddy allocator's free lists against the blocks that the walk found, and its statistics against both."""

from collections.abc import Iterator

import numpy as np

from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import NEXT, PREVIOUS
from hardtalk.memory.rings import Rings
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of

KIND = "free list"


def free_list_violations(heap: Heap, rings: Rings) -> Iterator[Violation]:
    """Each free block on exactly the list of its order; heads, links, the bitmap of orders and bytesFree agree."""
    machine = heap.machine
    listed = np.zeros(len(heap), np.bool_)
    free_bytes = 0
    bitmap = machine.variable("nonEmptyOrders")
    heads = machine.addresses["freeLists"]
    for order in range(of.LARGEST_ORDER + 1):
        head = heads + of.WORD_BYTES * order
        previous, block = 0, machine.word(head)
        if bool(block) != bool(bitmap >> order & 1):
            state = "a block" if block else "none"
            yield Violation(KIND, head, f"order {order}", "", f"the list has {state}, nonEmptyOrders says otherwise")
        while block:
            index = heap.index_at(block)
            owner = previous or head
            if index < 0 or heap.is_taken[index]:
                what = "starts no block" if index < 0 else f"is allocated ({heap.class_name(index)})"
                yield Violation(KIND, owner, f"order {order}", "", f"leads to {block:#010x}, which {what}")
                break
            if heap.orders[index] != order:
                message = f"a free block of order {heap.orders[index]} is on the list of order {order}"
                yield Violation(KIND, block, f"order {order}", "", message)
                break
            if listed[index]:
                yield Violation(KIND, owner, f"order {order}", "", f"leads to {block:#010x}, which is listed already")
                break
            if machine.word(block + PREVIOUS) != previous:
                found = machine.word(block + PREVIOUS)
                message = f"its previous is {found:#010x}, it comes after {previous:#010x}"
                yield Violation(KIND, block, f"order {order}", "", message)
            listed[index] = True
            free_bytes += 1 << order
            previous, block = block, machine.word(block + NEXT)
    lost = np.flatnonzero(~heap.is_taken & ~listed)
    for index in lost.tolist():
        message = "a free block is on no list"
        yield Violation(KIND, int(heap.addresses[index]), f"order {heap.orders[index]}", "", message)
    counted = machine.variable("bytesFree")
    if counted != free_bytes and not len(lost):
        address = machine.addresses["bytesFree"]
        yield Violation("statistics", address, "", "", f"bytesFree says {counted:,}, the lists hold {free_bytes:,}")
