"""The heap of a stopped board as arrays: every block in address order with its header's fields, rings, references.

A block's index in these arrays is its identity here. The walk goes from block to block by the orders in their headers,
so it is as good as those: `walked_to` tells where it had to give up.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.memory.compiled import spread, walk_blocks
from hardtalk.memory.machine import Machine
from hardtalk.vm import object_format as of

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

GRANULE_BYTES: Final = 1 << of.SMALLEST_ORDER
HEADER_WORDS: Final = of.BODY_OFFSET // of.WORD_BYTES
FREE_CONTEXTS: Final = "freeSmallContexts", "freeLargeContexts", "surplusContexts"
CONTEXT_SLOTS: Final = of.SLOTS["Context"]
SENDER, PC, STACK_POINTER, METHOD = (CONTEXT_SLOTS.index(each) for each in ("Sender", "Pc", "StackPointer", "Method"))
RECEIVER, TEMPORARIES = CONTEXT_SLOTS.index("Receiver"), CONTEXT_SLOTS.index("Temporaries")
CLASS_FORMAT, SUPERCLASS = of.SLOTS["Class"].index("InstanceFormat"), of.SLOTS["Class"].index("Superclass")
SUSPENDED_CONTEXT: Final = of.SLOTS["Process"].index("SuspendedContext")
LITERAL_COUNT: Final = next(bits for bits in of.METHOD_HEADER if bits.name == "LiteralCount")
LARGEST_DEPTH: Final = 100


@dataclass(frozen=True)
class References:
    """Slots that hold oops: object i's are first[i]:first[i + 1] of the others. `targets` are indices, -1 for none."""

    first: Indices
    owners: Indices
    slots: Indices
    values: Indices
    targets: Indices

    def at(self, positions: Indices) -> list[tuple[int, int, int]]:
        """(owner's index, slot, value) of some of them."""
        return [(int(self.owners[each]), int(self.slots[each]), int(self.values[each])) for each in positions]


class Heap:
    """Blocks of one stop of the board. Arrays by block index: `addresses`, `orders`, `colours`, `formats`, `sizes`,
    `class_oops`; `class_index` is the class's index or -1."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.start, self.end = machine.variable("regionStart"), machine.variable("regionEnd")
        self._found, self.walked_to = self._walk()
        self.addresses: Indices = (self._found << 2) + machine.base
        words, at = machine.words, self._found
        self.class_oops: Indices = words[at + 2].astype(np.int64)
        self.sizes: Indices = words[at + 3].astype(np.int64)
        heads = words[at + 4].astype(np.int64)
        self.formats: Indices = heads & 0xFF
        self.orders: Indices = heads >> 8 & of.ORDER_MASK
        self.colours: Indices = heads >> (8 + of.COLOUR_SHIFT) & 7
        self.index_of: Indices = np.full((self.end - self.start) // GRANULE_BYTES, -1, np.int64)
        self.index_of[(self.addresses - self.start) // GRANULE_BYTES] = np.arange(len(at))
        self.is_quick: Flags = self.colours == of.COLOUR_QUICK
        self.is_taken: Flags = (self.colours != of.COLOUR_FREE) & ~self.is_quick
        self.is_object: Flags = self.is_taken & (self.colours != of.COLOUR_HELD)
        classes = self.indices_of(self.class_oops)
        self.class_index: Indices = np.where(self.is_object, classes, -1)

    def __len__(self) -> int:
        return len(self.addresses)

    def _walk(self) -> tuple[Indices, int]:
        machine = self.machine
        start, end, bump, bump_end = (
            (machine.variable(name) - machine.base) >> 2
            for name in ("regionStart", "regionEnd", "bumpNext", "bumpLimit")
        )
        found = np.zeros(1 << 16, np.int64)
        while True:
            count, stop = walk_blocks(machine.words, start, end, bump, bump_end, found)
            if count <= len(found):
                return found[:count].copy(), machine.base + 4 * stop
            found = np.zeros(count, np.int64)

    @property
    def is_whole(self) -> bool:
        return self.walked_to == self.end

    def index_at(self, address: int) -> int:
        """The index of the block that starts there, or -1."""
        if address % GRANULE_BYTES or not self.start <= address < self.end:
            return -1
        return int(self.index_of[(address - self.start) // GRANULE_BYTES])

    def indices_of(self, oops: Indices) -> Indices:
        """The index of the allocated block at each address, -1 where there is none."""
        inside = (oops >= self.start) & (oops < self.end) & (oops % GRANULE_BYTES == 0)
        indices = np.where(inside, self.index_of[np.where(inside, (oops - self.start) // GRANULE_BYTES, 0)], -1)
        return np.where((indices >= 0) & self.is_taken[indices], indices, -1)

    # Kinds of objects

    @cached_property
    def is_context(self) -> Flags:
        return self.is_object & np.isin(self.formats, sorted(of.CONTEXT_FORMATS))

    @cached_property
    def is_pointers(self) -> Flags:
        return self.is_object & np.isin(self.formats, sorted(of.POINTER_FORMATS))

    @cached_property
    def is_unfinished(self) -> Flags:
        """Large objects that are being filled."""
        found: Flags = self.is_object & (self.formats == of.FORMATS["FormatUnfinished"])
        return found

    @cached_property
    def is_forwarder(self) -> Flags:
        """What is left of objects that were replaced; none in firmware whose VM has no forwarders."""
        if not self.machine.has("classForwarder"):
            return np.zeros(len(self), np.bool_)
        found: Flags = self.is_object & (self.class_oops == self.machine.variable("classForwarder"))
        return found

    @cached_property
    def is_process(self) -> Flags:
        process_class = self.machine.variable("classProcess")
        known = {process_class: True}
        oops = [oop for oop in np.unique(self.class_oops[self.is_object]).tolist() if self.inherits(oop, known)]
        return self.is_pointers & np.isin(self.class_oops, oops) & (self.sizes > SUSPENDED_CONTEXT)

    def inherits(self, class_oop: int, known: dict[int, bool]) -> bool:
        """Whether a class is below one that is known to be true; what was found on the way is known from then on."""
        chain: list[int] = []
        while class_oop not in known and len(chain) < LARGEST_DEPTH and self.index_at(class_oop) >= 0:
            chain.append(class_oop)
            class_oop = self.machine.slot(class_oop, SUPERCLASS)
        found = known.get(class_oop, False)
        known.update(dict.fromkeys(chain, found))
        return found

    def body_bytes(self) -> Indices:
        """Bytes of each block's body by its format and size field; meaningless where `is_object` is false."""
        formats = self.formats
        if self.is_unfinished.any():
            formats = np.where(self.is_unfinished, self.class_formats() % of.CLASS_FORMAT_FACTOR, formats)
        return np.where(np.isin(formats, sorted(of.BYTE_FORMATS)), self.sizes, self.sizes * of.WORD_BYTES)

    def class_formats(self) -> Indices:
        """The format word's value of each object's class, number of named slots * 16 + format; -1 where unknown."""
        known = self.class_index >= 0
        words = self.machine.words[self._found[np.where(known, self.class_index, 0)] + HEADER_WORDS + CLASS_FORMAT]
        return np.where(known, words.astype(np.int64) >> 1, -1)

    @cached_property
    def free_contexts(self) -> Flags:
        """Contexts waiting on the VM's lists of them, as far as those can be followed."""
        waiting = np.zeros(len(self), np.bool_)
        for name in FREE_CONTEXTS:
            context = self.machine.variable(name)
            while (index := self.index_at(context)) >= 0 and self.is_context[index] and not waiting[index]:
                waiting[index] = True
                context = self.machine.slot(context, SENDER)
        return waiting

    def stack_tops(self) -> Indices:
        """The last slot in use of each context, for other objects 0; the active one's is in the VM's registers."""
        at = self._found + HEADER_WORDS
        is_context = self.is_context
        raw = self.machine.words[np.where(is_context, at + STACK_POINTER, 0)].astype(np.int64)
        active = self.index_at(self.machine.variable("context"))
        if active >= 0 and is_context[active] and not self.free_contexts[active]:
            raw[active] = max(self.machine.variable("sp"), self.stack_floor(active))
        return np.where(is_context, (raw - self.addresses - of.BODY_OFFSET) >> 2, 0)

    def stack_floor(self, context: int) -> int:
        """The address of the receiver: what stackp is when there are neither temporaries nor a stack."""
        return int(self.addresses[context]) + of.slot_offset(RECEIVER)

    # References

    @cached_property
    def references(self) -> References:
        """Every slot that must hold an oop; a suspended process's context too, though its slot looks like a number."""
        at = self._found + HEADER_WORDS
        counts = np.where(self.is_pointers, self.sizes, 0)
        methods = self.is_object & (self.formats == of.FORMATS["FormatMethod"])
        headers = self.machine.words[np.where(methods, at, 0)].astype(np.int64)
        counts = np.where(methods, 1 + ((headers & LITERAL_COUNT.mask) >> LITERAL_COUNT.shift), counts)
        live_contexts = self.is_context & ~self.free_contexts
        tops = np.clip(self.stack_tops(), RECEIVER, np.maximum(self.sizes - 1, RECEIVER))
        senders = np.where(live_contexts, 1, 0)
        counts = np.where(live_contexts, 1 + tops - METHOD + 1, counts)
        room = np.maximum((self.end - self.addresses - of.BODY_OFFSET) >> 2, 0)
        counts = np.minimum(counts, room)
        first = np.concatenate([[0], np.cumsum(counts)])
        owners = np.repeat(np.arange(len(self)), counts)
        slots = np.arange(int(first[-1])) - first[owners]
        skipped = (slots >= senders[owners]) & live_contexts[owners]
        slots = np.where(skipped, slots + METHOD - 1, slots)
        values = self.machine.words[at[owners] + slots].astype(np.int64)
        suspended = self.is_process[owners] & (slots == SUSPENDED_CONTEXT) & (values & 1 == 1)
        values = np.where(suspended, values - 1, values)
        targets = np.where(values & 1, -1, self.indices_of(values))
        return References(first, owners, slots, values, targets)

    @cached_property
    def is_weak_slot(self) -> Flags:
        """By position in `references`: slots of weak objects beyond their class's named ones."""
        references = self.references
        named = self.class_formats() // of.CLASS_FORMAT_FACTOR
        weak = self.is_object & (self.formats == of.FORMATS["FormatWeak"])
        found: Flags = weak[references.owners] & (references.slots >= named[references.owners])
        return found

    def reachable(self, roots: Indices, passes: Flags | None = None) -> Flags:
        """What strong references lead to from the roots (themselves included) over objects that pass."""
        marked: Flags = np.zeros(len(self), np.bool_)
        marked[roots] = True
        pending = np.zeros(len(self) + 1, np.int64)
        distinct = np.flatnonzero(marked)
        pending[: len(distinct)] = distinct
        targets = np.where(self.is_weak_slot, -1, self.references.targets)
        allowed = self.is_taken if passes is None else passes
        spread(self.references.first, targets, self.class_index, allowed, marked, pending, len(distinct))
        return marked

    def describe(self, index: int) -> str:
        """Address and class of a block."""
        address = int(self.addresses[index])
        if not self.is_taken[index]:
            return f"{address:#010x} (free, order {self.orders[index]})"
        if not self.is_object[index]:
            return f"{address:#010x} (a block of the VM's own)"
        return f"{address:#010x} ({self.class_name(index)})"

    def class_name(self, index: int) -> str:
        return self.machine.class_name(int(self.class_oops[index])) if self.is_object[index] else "no object"


def slot_name(heap: Heap, owner: int, slot: int) -> str:
    """What a slot is called in messages."""
    if heap.is_context[owner] and slot < TEMPORARIES:
        return CONTEXT_SLOTS[slot].lower()
    return f"slot {slot}"
