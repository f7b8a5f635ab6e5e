"""The buddy allocator's free lists and quick lists against the blocks that the walk found, and its statistics."""

from collections.abc import Iterator

import numpy as np

from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import NEXT, PREVIOUS
from hardtalk.memory.rings import Rings
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of
from hardtalk.vm.constants import VM_CONSTANTS

KIND = "free list"
QUICK = "quick list"
BATCH_BLOCKS = VM_CONSTANTS["BatchBlocks"]
BUCKETS = 1 << VM_CONSTANTS["QuickBucketsShift"]


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
            if index < 0 or heap.is_taken[index] or heap.is_quick[index]:
                what = "starts no block" if index < 0 else f"is allocated ({heap.class_name(index)})"
                if index >= 0 and heap.is_quick[index]:
                    what = "is one of a quick list"
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
    chains = QuickLists(heap)
    yield from chains.violations()
    free_bytes += chains.counted_bytes
    lost = np.flatnonzero(~heap.is_taken & ~heap.is_quick & ~listed)
    for index in lost.tolist():
        message = "a free block is on no list"
        yield Violation(KIND, int(heap.addresses[index]), f"order {heap.orders[index]}", "", message)
    counted = machine.variable("bytesFree")
    if counted != free_bytes and not len(lost) and chains.are_whole:
        address = machine.addresses["bytesFree"]
        yield Violation("statistics", address, "", "", f"bytesFree says {counted:,}, the lists hold {free_bytes:,}")


class QuickLists:
    """The blocks that wait unmerged: a list for each order, batches of the smallest, and the ready chain."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.met = np.zeros(len(heap), np.bool_)
        self.counted_bytes = 0
        self.are_whole = True
        """Whether all chains could be followed and hold all blocks of this colour."""

    def violations(self) -> Iterator[Violation]:
        machine = self.heap.machine
        smallest = of.SMALLEST_ORDER
        yield from self._chain(machine.addresses["fillingBatch"], smallest, machine.variable("fillingCount"))
        for order in range(smallest, VM_CONSTANTS["LargestQuickOrder"] + 1):
            bits = machine.word(machine.addresses["quickBuckets"] + of.WORD_BYTES * (order - smallest))
            for bucket in range(BUCKETS):
                link = machine.addresses["quickLists"] + of.WORD_BYTES * (BUCKETS * (order - smallest) + bucket)
                if bool(machine.word(link)) != bool(bits << bucket & 1 << 31):
                    message = f"part {bucket} has blocks or has none, quickBuckets says otherwise"
                    yield Violation(QUICK, link, f"order {order}", "", message)
                if order > smallest:
                    yield from self._chain(link, order, None)
                while self.are_whole and order == smallest and (batch := machine.word(link)):
                    yield from self._chain(link, order, BATCH_BLOCKS)
                    link = batch + PREVIOUS
        counted = self.counted_bytes
        yield from self._chain(machine.addresses["readyBlock"], smallest, None)
        self.counted_bytes = counted
        for index in np.flatnonzero(self.heap.is_quick & ~self.met).tolist():
            if self.are_whole:
                address = int(self.heap.addresses[index])
                yield Violation(QUICK, address, f"order {self.heap.orders[index]}", "", "the block is on no quick list")
        self.are_whole &= bool(self.met[self.heap.is_quick].all())

    def _chain(self, link: int, order: int, expected: int | None) -> Iterator[Violation]:
        """Follow a chain from the word that leads to its first block."""
        heap, machine, first, count = self.heap, self.heap.machine, link, 0
        while block := machine.word(link):
            index = heap.index_at(block)
            if index < 0 or not heap.is_quick[index] or heap.orders[index] != order or self.met[index]:
                what = "no block that waits there" if index < 0 or not self.met[index] else "a block met already"
                yield Violation(QUICK, link, f"order {order}", "", f"leads to {block:#010x}, {what}")
                self.are_whole = False
                return
            self.met[index] = True
            self.counted_bytes += 1 << order
            count += 1
            link = block + NEXT
        if expected is not None and count != expected:
            yield Violation(QUICK, first, f"order {order}", "", f"{count} blocks where {expected} are counted")
