"""The buddy allocator in simulation: blocks never overlap, are aligned, and merge back to what there was."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise

import pytest

from hardtalk.build.sources import read_classes, vm_paths
from hardtalk.slang.simulate import Simulation
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm import object_format
from hardtalk.vm.constants import slang_constants

LARGEST_QUICK_ORDER = slang_constants()["LargestQuickOrder"]
HEAP = 0x00100000
HEAP_BYTES = 1 << 18
START = HEAP + 0x60
"""Not aligned to much, as after an image."""


@cache
def sources() -> tuple[ClassDefinition, ...]:
    return tuple(read_classes(vm_paths()))


class Heap:
    """An allocator on a simulated region."""

    def __init__(self) -> None:
        self.simulation = Simulation(sources(), slang_constants(), memory_base=HEAP, memory_size=HEAP_BYTES)
        self.memory, self.state = self.simulation.memory, self.simulation.state
        self.state["regionStart"], self.state["regionEnd"] = START, HEAP + HEAP_BYTES
        self.state["nextPayment"] = 0x7FFFFFFF
        self.simulation.call("addFreeRegionFrom:to:", START, HEAP + HEAP_BYTES)

    def take(self, order: int) -> int:
        """Takes a block and gives it the header byte of an object, as callers do."""
        block = int(self.simulation.call("takeBlock:", order)) & 0xFFFFFFFF
        if block:
            colour = object_format.COLOUR_ALLOCATED << object_format.COLOUR_SHIFT
            self.memory.byte_at_put(block + 17, order | colour)
        return block

    def give_back(self, block: int) -> None:
        self.simulation.call("freeBlock:", block)

    def put_away(self, block: int) -> None:
        """Free it without merging, as the collector does with small ones."""
        self.simulation.call("putAway:", block)

    def merge_one(self) -> bool:
        return bool(self.simulation.call("mergeOne"))

    def give_back_what_is_ready(self) -> None:
        """All memory that no object has to the free lists."""
        while block := self.state["readyBlock"]:
            self.state["readyBlock"] = self.memory.word_at(block)
            self.give_back(block)
        self.simulation.call("listBumpAreaUpTo:", self.state["bumpLimit"])
        while self.merge_one():
            pass

    def free_blocks(self) -> set[tuple[int, int]]:
        """(address, order) of every listed block."""
        head = self.simulation.state_address("freeLists")
        assert head is not None
        found = set()
        for order in range(5, 28):
            block = self.memory.word_at(head + 4 * order)
            assert bool(block) == bool(self.state["nonEmptyOrders"] >> order & 1)
            while block:
                found.add((block, order))
                block = self.memory.word_at(block)
        return found


@pytest.mark.parametrize("seed", range(4))
def test_blocks_are_aligned_disjoint_and_merge_back(seed: int) -> None:
    heap, random_orders = Heap(), random.Random(seed)
    free_at_first, blocks_at_first = heap.state["bytesFree"], heap.free_blocks()
    assert free_at_first == HEAP + HEAP_BYTES - START
    held: dict[int, int] = {}
    for _ in range(600):
        if held and random_orders.random() < 0.45:
            block = random_orders.choice(sorted(held))
            if held.pop(block) <= LARGEST_QUICK_ORDER and random_orders.random() < 0.8:
                heap.put_away(block)
            else:
                heap.give_back(block)
            continue
        if random_orders.random() < 0.02:
            heap.merge_one()
        order = random_orders.choice((5, 5, 5, 6, 6, 7, 7, 9, 10, 12, 14))
        block = heap.take(order)
        if not block:
            assert heap.state["allocationFailures"] > 0
            continue
        assert block % (1 << order) == 0
        assert block >= START and block + (1 << order) <= HEAP + HEAP_BYTES
        for other, other_order in held.items():
            assert block + (1 << order) <= other or other + (1 << other_order) <= block, f"{block:#x} {other:#x}"
        held[block] = order
        listed = heap.free_blocks()
        assert not any((other ^ (1 << other_order), other_order) in listed for other, other_order in listed), "merged"
    for block in sorted(held):
        heap.give_back(block)
    heap.give_back_what_is_ready()
    assert heap.state["bytesFree"] == free_at_first
    assert heap.free_blocks() == blocks_at_first


def test_small_blocks_are_used_again_without_splitting_or_merging() -> None:
    heap = Heap()
    for order in (5, 6, 7, 9):
        blocks = [heap.take(order) for _ in range(100)]
        free, splits, merges = (heap.state[name] for name in ("bytesFree", "blockSplits", "blockMerges"))
        ready = 0
        while heap.state["readyBlock"] and order == 5:
            ready += bool(heap.take(5))
        for block in blocks:
            heap.put_away(block)
        assert heap.state["bytesFree"] == free + (100 << order)
        assert {heap.take(order) for _ in range(100)} == set(blocks)
        assert (heap.state["blockSplits"], heap.state["blockMerges"]) == (splits, merges)
        assert free - (32 << order) < heap.state["bytesFree"] <= free, "what is ready counts as taken"


def test_a_large_block_is_merged_from_small_ones_that_wait_when_there_is_no_other() -> None:
    heap = Heap()
    blocks = [heap.take(7) for _ in range(HEAP_BYTES >> 7)]
    held = sorted(block for block in blocks if block)
    for block in held:
        heap.put_away(block)
    assert heap.state["bytesFree"] >= 128 * len(held)
    assert heap.take(13) == 0, "a few merges are not enough"
    while heap.merge_one():
        pass
    assert heap.take(13) != 0


def test_a_request_merges_only_until_there_is_a_block_and_at_most_a_few() -> None:
    heap = Heap()
    large, small = heap.take(9), [heap.take(6) for _ in range(8)]
    while orders := heap.state["nonEmptyOrders"]:
        heap.take(orders.bit_length() - 1)
    for block in (*small, large):
        heap.put_away(block)
    assert heap.take(8) == large, "the largest that waits is listed and split"
    assert heap.state["bytesFree"] == sum(1 << order for _, order in heap.free_blocks()) + (8 << 6)
    assert heap.take(10) == 0
    left = 8 - slang_constants()["MergesInAStep"]
    assert heap.state["bytesFree"] == sum(1 << order for _, order in heap.free_blocks()) + (left << 6)


def test_an_order_that_cannot_be_had_is_refused_and_nothing_is_lost() -> None:
    heap = Heap()
    free_at_first = heap.state["bytesFree"]
    assert heap.take(18) == 0
    assert heap.state["bytesFree"] == free_at_first
    assert heap.state["allocationFailures"] == 1


def test_the_reserve_is_opened_chunk_by_chunk_and_asks_for_handling() -> None:
    heap = Heap()
    scheduler = heap.take(8)
    process = heap.take(6)
    heap.memory.word_at_put(scheduler + object_format.slot_offset(1), process)
    heap.state["scheduler"] = scheduler
    heap.simulation.call("setUpChunks")
    chunk_bytes = 1 << heap.state["chunkOrder"]
    assert chunk_bytes * slang_constants()["ReserveChunks"] == HEAP_BYTES // 4
    while heap.take(10):
        pass
    for opened in range(1, slang_constants()["SharedChunks"] // 4 + 1):
        asked = 0
        for _ in range(chunk_bytes >> 10):
            block, again = 0, True
            while not block and again:
                block = int(heap.simulation.call("takeBlockOrReserve:", 10)) & 0xFFFFFFFF
                again = bool(heap.simulation.call("mustAskAgain"))
                asked |= heap.state["dispatchBase"]
                heap.state["dispatchBase"] = 0  # what waits is handled before the next attempt
            assert not again, "who has got a block has not to ask for it again"
            assert heap.state["firstChunk"] <= block and block % 1024 == 0
        assert heap.state["openChunks"] == opened
        assert asked & 1024, "the second dispatch table was in use"


def test_an_unfinished_large_object_goes_on_where_it_was() -> None:
    heap = Heap()
    class_oop = heap.take(7)
    specification = object_format.FORMATS["FormatIndexable"]
    heap.memory.word_at_put(class_oop + object_format.slot_offset(2), specification << 1 | 1)
    nil = heap.take(5)
    heap.state["nilObject"] = nil
    head = heap.simulation.state_address("blackRing")
    assert head is not None
    heap.state["blackRing"] = heap.state["blackRingPrevious"] = head
    heap.state["blackBits"] = object_format.COLOUR_ALLOCATED << object_format.COLOUR_SHIFT + 8
    heap.simulation.interrupt_pending = True
    oops = [int(heap.simulation.call("beginLarge:bytes:", class_oop, 4 * size)) for size in (1000, 700)]
    filled: dict[int, list[int]] = {oop: [] for oop in oops}
    whole: set[int] = set()
    for oop in [*oops, *oops] * 40:
        if oop in whole:
            continue
        if heap.simulation.call("fillLarge:", oop):
            whole.add(oop)
        else:
            filled[oop].append(heap.memory.word_at(oop + object_format.BODY_OFFSET))
        assert heap.memory.read(oop + 16, 1) == bytes([object_format.FORMATS["FormatUnfinished"]])
    assert whole == set(oops)
    for oop, size in zip(oops, (1000, 700), strict=True):
        assert len(filled[oop]) > 5
        assert filled[oop] == sorted(set(filled[oop])), "each attempt gets further, whoever comes in between"
        assert heap.memory.word_at(oop + 12) == size
        assert all(heap.memory.word_at(oop + object_format.slot_offset(i)) == nil for i in range(size))


def test_a_freed_block_does_not_merge_with_the_area_that_small_blocks_are_cut_from() -> None:
    """The header of a free block that once began in the middle of that area still stands there."""
    heap = Heap()
    first = heap.take(13)
    split = heap.take(13)
    assert split % (1 << 14) == 0
    assert heap.memory.read(split + (1 << 13) + 17, 1) == bytes([13]), "its other half is free"
    heap.give_back(split)
    small = [heap.take(9)]
    while small[-1] != split:
        small.append(heap.take(9))
    below = [split] + [heap.take(9) for _ in range(15)]
    assert below == list(range(split, split + (1 << 13), 1 << 9)), "cut one after the other"
    for block in below:
        heap.give_back(block)
    held = [(first, 13), *((block, 9) for block in small[:-1])]
    held += [(heap.take(14), 14), (heap.take(9), 9), (heap.take(13), 13), (heap.take(9), 9)]
    held.sort()
    for (block, order), (following, _) in pairwise(held):
        assert block + (1 << order) <= following, f"{block:#x} of order {order} overlaps {following:#x}"
