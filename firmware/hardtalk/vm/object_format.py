"""The object format: header fields, formats, block geometry, slots of the classes the VM knows, method headers.

Each fact stands here once; the image builder, the Slang constants and the host simulation derive theirs from it, and
docs/object-format.md explains the choices. All offsets are bytes from the oop, which is the address of the header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardtalk.vm.slots import SLOT_TABLE, fixed_slots, slot_types

WORD_BYTES: Final = 4


@dataclass(frozen=True)
class HeaderField:
    """One field of the object header: its constant, and its name in Slang (docs/slang.md, "Records")."""

    constant: str
    name: str
    offset: int
    width: int
    meaning: str


HEADER_FIELDS: Final = (
    HeaderField("NextOffset", "next", 0, 4, "next object on the ring, or next free block"),
    HeaderField("PreviousOffset", "previous", 4, 4, "previous object on the ring, or previous free block"),
    HeaderField("ClassOffset", "class", 8, 4, "class oop"),
    HeaderField("SizeOffset", "size", 12, 4, "elements after the header: slots, words or bytes by format"),
    HeaderField("FormatOffset", "format", 16, 1, "format"),
    HeaderField("BlockOffset", "blockByte", 17, 1, "bits 0-4 order of the block, bits 5-7 colour"),
    HeaderField("HashOffset", "hash", 18, 2, "identity hash, 0 until asked for"),
)
BODY_OFFSET: Final = 20
LINKS_BYTES: Final = 8
"""Of the fields that an object shares with the anchor of a ring."""
HEADER_VIEWS: Final = {"formatAndBlock": (16, 2), "headerWord": (16, 4)}
"""Several fields of the header read or written at once: offset and width. See `header_word`."""

FORMATS: Final = {
    "FormatEmpty": 0,
    "FormatFixed": 1,
    "FormatIndexable": 2,
    "FormatFixedAndIndexable": 3,
    "FormatWeak": 4,
    "FormatContext": 5,
    "FormatWords": 6,
    "FormatEscapedContext": 7,
    "FormatBytes": 8,
    "FormatUnfinished": 9,
    "FormatNative": 10,
    "FormatMethod": 12,
    "FormatBlockContext": 13,
    "FormatLargeContext": 14,
    "FormatListedContext": 15,
}
"""9: a large object that is being filled: of its class and size, but with nothing in it, and no pointers whatever the
class says; the first word of its body is how far it is filled.
10: a record that native code shares with the scheduler (hardtalk.vm.native): bytes that only the primitives of such
records read and write, since what they hold is followed without a check.
Contexts: 5 a small method context, 13 a small block context and 14 a large context of either kind, all three plain:
with a sender, referred to by the active chain alone and recycled on return; 15 one of these that the collector knows; 7
may be referred to from elsewhere. So the commonest return needs one comparison to know that the context is small, of a
method, recyclable and has a sender."""

PLAIN_CONTEXT_FORMATS: Final = frozenset({5, 13, 14})
RECYCLABLE_CONTEXT_FORMATS: Final = PLAIN_CONTEXT_FORMATS | {15}
CONTEXT_FORMATS: Final = RECYCLABLE_CONTEXT_FORMATS | {7}
POINTER_FORMATS: Final = frozenset({0, 1, 2, 3, 4})
BYTE_FORMATS: Final = frozenset({8, 10, 12})

FORMAT_MEANINGS: Final = {
    "FormatEmpty": "no fields",
    "FormatFixed": "named slots",
    "FormatIndexable": "indexed slots",
    "FormatFixedAndIndexable": "named slots, then indexed ones; forwarders",
    "FormatWeak": "named slots, then indexed ones that do not keep what they refer to",
    "FormatContext": "plain context of a method, small",
    "FormatWords": "words",
    "FormatEscapedContext": "context that may be referred to from anywhere; never recycled on return",
    "FormatBytes": "bytes",
    "FormatUnfinished": "large object that is being filled",
    "FormatNative": "record of native code: what it is, then bytes that no primitive of other objects reads or writes",
    "FormatMethod": "compiled method: literals, then bytes",
    "FormatBlockContext": "plain context of a block, small",
    "FormatLargeContext": "plain context of a method or block, large",
    "FormatListedContext": "context that the collector knows and that is recycled on return",
}

COLOUR_SHIFT: Final = 5
COLOUR_FREE: Final = 0
COLOUR_ALLOCATED: Final = 1
COLOUR_OTHER: Final = 2
COLOUR_GREY: Final = 3
COLOUR_UNLISTED: Final = 4
COLOUR_QUICK: Final = 5
COLOUR_HELD: Final = 6
COLOUR_MEANINGS: Final = {
    "ColourFree": "free block, on the list of its order",
    "ColourAllocated": "white or black: which of the two is black changes with each collection",
    "ColourOther": "black or white",
    "ColourGrey": "reached, not scanned to its end",
    "ColourUnlisted": "context on no ring: in use by the active chain alone, or free",
    "ColourQuick": "free block that waits unmerged on a quick list",
    "ColourHeld": "block of the reserve that is no object",
}
ORDER_MASK: Final = (1 << COLOUR_SHIFT) - 1
SMALLEST_ORDER: Final = 5
LARGEST_ORDER: Final = 27
LARGEST_HASH: Final = 0xFFFF
HASH_STEP: Final = 10125
"""From one identity hash to the next, modulo LARGEST_HASH + 1: 16384 by the golden ratio, so that those given out one
after the other lie apart in a table of any size. Odd, so that all are given out before one comes again."""
PROBE_LIMIT: Final = 32
"""Method dictionaries: probing starts at the identity hash modulo the capacity. No key is PROBE_LIMIT places or more
from there: who adds keys makes the dictionary larger instead."""

SMALL_INTEGER_BITS: Final = 31
SMALL_INTEGER_MAXIMUM: Final = (1 << (SMALL_INTEGER_BITS - 1)) - 1
SMALL_INTEGER_MINIMUM: Final = -(1 << (SMALL_INTEGER_BITS - 1))

SLOTS: Final = {group: tuple(slot_types(group)) for group in SLOT_TABLE}
"""Names of the slots in order; slot S of group G is the constant GSOffset."""

CONTEXT_FIXED_SLOTS: Final = fixed_slots("Context")
SMALL_CONTEXT_SLOTS: Final = 16
LARGE_CONTEXT_SLOTS: Final = 56
CLASS_FORMAT_FACTOR: Final = 16


@dataclass(frozen=True)
class HeaderBits:
    """A bit field of the method header, counted in the raw tagged word."""

    name: str
    shift: int
    width: int
    meaning: str

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.shift

    def take(self, raw: int) -> int:
        return (raw & self.mask) >> self.shift

    def place(self, value: int) -> int:
        if not 0 <= value < 1 << self.width:
            raise ValueError(f"{self.name} {value} does not fit {self.width} bits of a method header")
        return value << self.shift


METHOD_HEADER: Final = (
    HeaderBits("PrimitiveLow", 1, 9, "low bits of the primitive's number"),
    HeaderBits("LiteralCount", 10, 8, "literals"),
    HeaderBits("LargeContext", 18, 1, "whether the context is large"),
    HeaderBits("TemporaryCount", 19, 6, "temporaries, arguments included"),
    HeaderBits("ArgumentCount", 25, 4, "arguments"),
    HeaderBits("PrimitiveHigh", 29, 1, "highest bit of the primitive's number"),
)
_HEADER_BY_NAME: Final = {bits.name: bits for bits in METHOD_HEADER}


def method_header(
    *, primitive: int = 0, literals: int = 0, large: bool = False, temporaries: int = 0, arguments: int = 0
) -> int:
    """The raw tagged header word of a CompiledMethod."""
    values = {
        "PrimitiveLow": primitive & 0x1FF,
        "PrimitiveHigh": primitive >> 9,
        "LiteralCount": literals,
        "LargeContext": int(large),
        "TemporaryCount": temporaries,
        "ArgumentCount": arguments,
    }
    return 1 | sum(_HEADER_BY_NAME[name].place(value) for name, value in values.items())


def method_primitive(raw: int) -> int:
    """The primitive number in a raw tagged header word."""
    return _HEADER_BY_NAME["PrimitiveLow"].take(raw) | _HEADER_BY_NAME["PrimitiveHigh"].take(raw) << 9


def slot_offset(index: int) -> int:
    """Byte offset of pointer slot `index` (from 0) of any object."""
    return BODY_OFFSET + WORD_BYTES * index


def order_for_bytes(body_bytes: int) -> int:
    """The order of the block that holds a header and `body_bytes`."""
    return max(SMALLEST_ORDER, (BODY_OFFSET + body_bytes - 1).bit_length())


def body_bytes(object_format: int, size: int) -> int:
    """Bytes of the body of an object of this format and size field."""
    return size if object_format in BYTE_FORMATS else size * WORD_BYTES


def context_slots(large: bool) -> int:
    """The size field of a context."""
    return CONTEXT_FIXED_SLOTS + (LARGE_CONTEXT_SLOTS if large else SMALL_CONTEXT_SLOTS)


def context_order(large: bool) -> int:
    return order_for_bytes(WORD_BYTES * context_slots(large))


def header_word(object_format: int, order: int, colour: int = COLOUR_ALLOCATED, identity_hash: int = 0) -> int:
    """The word at FormatOffset: format, block byte and identity hash."""
    return object_format | (order | colour << COLOUR_SHIFT) << 8 | identity_hash << 16


def constants() -> Iterator[tuple[str, int]]:
    """Names and values of the Slang constants that come from this table."""
    for field in HEADER_FIELDS:
        yield field.constant, field.offset
    yield "BodyOffset", BODY_OFFSET
    yield "WordBytes", WORD_BYTES
    yield from FORMATS.items()
    for group, slots in SLOTS.items():
        for index, slot in enumerate(slots):
            yield f"{group}{slot}Offset", slot_offset(index)
        yield f"{group}FixedSlots", fixed_slots(group)
    for bits in METHOD_HEADER:
        yield f"Header{bits.name}Shift", bits.shift
        yield f"Header{bits.name}Mask", bits.mask
    yield "ColourShift", COLOUR_SHIFT
    yield "ColourFree", COLOUR_FREE
    yield "ColourAllocated", COLOUR_ALLOCATED
    yield "ColourOther", COLOUR_OTHER
    yield "ColourGrey", COLOUR_GREY
    yield "ColourUnlisted", COLOUR_UNLISTED
    yield "ColourQuick", COLOUR_QUICK
    yield "ColourHeld", COLOUR_HELD
    yield "OrderMask", ORDER_MASK
    yield "SmallestOrder", SMALLEST_ORDER
    yield "LargestOrder", LARGEST_ORDER
    yield "LargestHash", LARGEST_HASH
    yield "MaxSmallInteger", SMALL_INTEGER_MAXIMUM
    yield "MinSmallInteger", SMALL_INTEGER_MINIMUM
    yield "SmallContextOrder", context_order(False)
    yield "LargeContextOrder", context_order(True)
    yield "SmallContextSize", context_slots(False)
    yield "LargeContextSize", context_slots(True)
    yield "SmallContextHeaderWord", header_word(FORMATS["FormatContext"], context_order(False), COLOUR_UNLISTED)
    yield "LargeContextHeaderWord", header_word(FORMATS["FormatLargeContext"], context_order(True), COLOUR_UNLISTED)
    yield "ClassFormatFactor", CLASS_FORMAT_FACTOR


def _check() -> None:
    position = 0
    for field in HEADER_FIELDS:
        assert field.offset == position, f"gap or overlap before {field.constant}"
        position += field.width
    assert position == BODY_OFFSET
    assert HEADER_VIEWS["headerWord"] == (HEADER_FIELDS[4].offset, BODY_OFFSET - HEADER_FIELDS[4].offset)
    assert len(set(FORMATS.values())) == len(FORMATS)
    assert FORMATS.keys() == FORMAT_MEANINGS.keys()
    assert {name for name, _ in constants()} >= COLOUR_MEANINGS.keys()
    used = 1
    for bits in METHOD_HEADER:
        assert not used & bits.mask, f"method header field {bits.name} overlaps"
        used |= bits.mask


_check()
