"""A heap made by hand, in a few kilobytes: objects, rings and VM variables as a collector would have them."""

from __future__ import annotations

import numpy as np

from hardtalk.memory.machine import Machine
from hardtalk.memory.rings import COLLECTOR_RINGS
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import PHASE_NAMES
from hardtalk.vm.constants import METHOD_CACHE_ROWS, slang_constants

BASE = 0x10000
RAM_BYTES = 0x20000
HEAP = 0x20000
HEAP_BYTES = 0x8000
BLACK, WHITE, GREY, UNLISTED = 1, 2, 3, 4
RING_COLOURS = {"whiteRing": WHITE, "greyRing": GREY, "blackRing": BLACK, "weakRing": BLACK, "deadRing": WHITE}
FIXED, INDEXABLE, WEAK, ESCAPED = 1, 2, 4, 7
WORDS = ("regionStart", "regionEnd", "bumpNext", "bumpLimit", "nonEmptyOrders", "bytesFree", "freeSmallContexts",
         "freeLargeContexts", "surplusContexts", "classMetaclass", "classProcess", "nilObject", "vmMethod",
         "specialObjectsArray",
         "whiteColour", "blackColour", "collectorPhase", "fillingBatch", "fillingCount",
         "readyBlock")  # fmt: skip


class SmallHeap:
    """`thing` is a class of indexable objects, `weak` one of weak ones; `root` a black object that a variable holds."""

    def __init__(self, phase: str) -> None:
        self.words = np.zeros(RAM_BYTES >> 2, np.uint32)
        self.addresses: dict[str, int] = {}
        self.next_variable = BASE + 0x100
        self.next_block = HEAP
        for name in (*WORDS, *COLLECTOR_RINGS):
            self.variable(name, 2)
        self.variable("freeLists", 28)
        self.variable("quickLists", 160)
        self.variable("quickBuckets", 5)
        self.variable("methodCache", 4 * METHOD_CACHE_ROWS)
        for ring in COLLECTOR_RINGS:
            anchor = self.addresses[ring]
            self.put(anchor, anchor)
            self.put(anchor + 4, anchor)
        self.set("whiteColour", WHITE)
        self.set("blackColour", BLACK)
        self.set("collectorPhase", slang_constants().get(f"Phase{phase.title()}", PHASE_NAMES.index(phase)))
        self.set("regionStart", HEAP)
        self.set("regionEnd", HEAP + HEAP_BYTES)
        self._make_classes()
        self.root = self.object("blackRing", self.nil, self.nil)
        self.set("specialObjectsArray", self.root)
        self.context = self.new_context()

    def variable(self, name: str, words: int) -> None:
        self.addresses[name] = self.next_variable
        self.next_variable += 4 * words

    def put(self, address: int, value: int) -> None:
        self.words[(address - BASE) >> 2] = value

    def get(self, address: int) -> int:
        return int(self.words[(address - BASE) >> 2])

    def set(self, name: str, value: int) -> None:
        self.put(self.addresses[name], value)

    def _make_classes(self) -> None:
        self.nil = self.block("blackRing", 0, FIXED, [])
        metaclass = self.block("blackRing", 0, FIXED, [self.nil] * 9)
        metaclass_class = self.block("blackRing", metaclass, FIXED, [self.nil] * 9)
        self.put(metaclass + 8, metaclass_class)
        of_classes = self.block("blackRing", metaclass, FIXED, [self.nil] * 9)
        for each in (metaclass, metaclass_class, of_classes):
            self.specify(each, 9, FIXED)
        self.thing = self.block("blackRing", of_classes, FIXED, [self.nil] * 9)
        self.specify(self.thing, 0, INDEXABLE)
        self.weak = self.block("blackRing", of_classes, FIXED, [self.nil] * 9)
        self.specify(self.weak, 1, WEAK)
        self.undefined = self.block("blackRing", of_classes, FIXED, [self.nil] * 9)
        self.specify(self.undefined, 0, FIXED)
        self.put(self.nil + 8, self.undefined)
        self.set("nilObject", self.nil)
        self.set("classMetaclass", metaclass)
        self.set("classProcess", of_classes)
        self.set("vmMethod", self.nil)

    def specify(self, class_oop: int, named: int, object_format: int) -> None:
        self.put(class_oop + of.slot_offset(2), (named * of.CLASS_FORMAT_FACTOR + object_format) << 1 | 1)

    def object(self, ring: str, *slots: int) -> int:
        return self.block(ring, self.thing, INDEXABLE, list(slots))

    def weak_object(self, ring: str, *slots: int) -> int:
        return self.block(ring, self.weak, WEAK, list(slots))

    def new_context(self, ring: str = "blackRing", object_format: int = ESCAPED) -> int:
        """An escaped context without sender that has just begun: its method is nil, which is method enough here."""
        slots = [self.nil] * of.context_slots(False)
        context = self.block(ring, self.thing, object_format, slots)
        self.put(context + of.slot_offset(1), self.nil + 8)
        self.put(context + of.slot_offset(2), context + of.slot_offset(5))
        return context

    def block(self, ring: str, class_oop: int, object_format: int, slots: list[int], colour: int | None = None) -> int:
        order = of.order_for_bytes(4 * len(slots))
        size = 1 << order
        while self.next_block % size:
            self.free(self.next_block & -self.next_block)
        address = self.next_block
        self.next_block += size
        ring_colour = UNLISTED if ring == "" else RING_COLOURS[ring]
        self.put(address + 8, class_oop)
        self.put(address + 12, len(slots))
        self.put(address + 16, of.header_word(object_format, order, ring_colour if colour is None else colour))
        for index, value in enumerate(slots):
            self.put(address + of.slot_offset(index), value)
        if ring:
            self.link(address, self.addresses[ring])
        return address

    def link(self, address: int, anchor: int) -> None:
        following = self.get(anchor)
        self.put(address, following)
        self.put(address + 4, anchor)
        self.put(following + 4, address)
        self.put(anchor, address)

    def free(self, size: int) -> None:
        """The next `size` bytes become a free block, first on its list."""
        address, order = self.next_block, size.bit_length() - 1
        self.next_block += size
        head = self.addresses["freeLists"] + 4 * order
        following = self.get(head)
        self.put(head, address)
        self.put(address, following)
        self.put(address + 4, 0)
        self.put(address + 16, order << 8)
        if following:
            self.put(following + 4, address)
        self.set("nonEmptyOrders", self.get(self.addresses["nonEmptyOrders"]) | 1 << order)
        self.set("bytesFree", self.get(self.addresses["bytesFree"]) + size)

    def machine(self) -> Machine:
        """The heap as a stopped board would show it; memory that is left becomes free blocks."""
        while self.next_block < HEAP + HEAP_BYTES:
            left = HEAP + HEAP_BYTES - self.next_block
            self.free(min(self.next_block & -self.next_block, 1 << (left.bit_length() - 1)))
        registers = {"context": self.context, "sp": self.context + of.slot_offset(5), "receiver": self.nil,
                     "method": self.nil, "ip": 0, "dispatchBase": 0}  # fmt: skip
        return Machine(self.words, BASE, self.addresses, registers)
