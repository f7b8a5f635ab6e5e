"""Objects on the host before they have addresses, and the memory they are laid out in.

A value of a slot is a Python int (a SmallInteger), an `ImageObject`, or an `Address` (a raw word, as contexts keep for
pc and stackp). Everything about headers and blocks comes from `hardtalk.vm.object_format`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.image.errors import ImageError
from hardtalk.vm import object_format as of

HEADER = struct.Struct("<5I")
LARGEST_IMAGE_ORDER = 20
"""A block is aligned to its size relative to address 0, and the image's base is only aligned to a megabyte."""


class ImageObject:
    """An object of the image: `slots` are pointers (of a method: header and literals), `data` raw bytes behind them."""

    __slots__ = ("address", "class_object", "data", "format", "identity_hash", "order", "slots")

    def __init__(
        self, class_object: ImageObject | None, object_format: int, slots: Sequence[Value] = (), data: bytes = b""
    ) -> None:
        self.class_object = class_object
        self.format = object_format
        self.slots: list[Value] = list(slots)
        self.data = data
        self.identity_hash = 0
        self.address = 0
        self.order = 0

    @property
    def body_bytes(self) -> int:
        return of.WORD_BYTES * len(self.slots) + len(self.data)

    @property
    def size(self) -> int:
        """The size field: elements in the unit of the format."""
        return self.body_bytes if self.format in of.BYTE_FORMATS else self.body_bytes // of.WORD_BYTES


@dataclass(frozen=True)
class Address:
    """The raw address of a byte `offset` into an object."""

    target: ImageObject
    offset: int


Value: TypeAlias = int | ImageObject | Address


class ObjectMemory:
    """All objects of an image in the order of their making."""

    def __init__(self) -> None:
        self.objects: list[ImageObject] = []
        self.hash_counter = 0

    def add(
        self, class_object: ImageObject | None, object_format: int, slots: Sequence[Value] = (), data: bytes = b""
    ) -> ImageObject:
        made = ImageObject(class_object, object_format, slots, data)
        self.objects.append(made)
        return made

    def identity_hash(self, target: ImageObject) -> int:
        """The hash of the object, given out by a counter as the VM does."""
        if not target.identity_hash:
            self.hash_counter = (self.hash_counter + of.HASH_STEP) & of.LARGEST_HASH or of.HASH_STEP
            target.identity_hash = self.hash_counter
        return target.identity_hash

    def lay_out(self, base: int) -> int:
        """Give every object an address, the largest blocks first so that there are no holes; answers the end."""
        for each in self.objects:
            each.order = of.order_for_bytes(each.body_bytes)
        largest = max(each.order for each in self.objects)
        if largest > LARGEST_IMAGE_ORDER:
            raise ImageError(f"an object of {1 << largest:,} bytes does not fit an image; make it on the board instead")
        address = base
        for each in sorted(self.objects, key=lambda each: -each.order):
            each.address = address
            address += 1 << each.order
        return address

    def serialise(self, base: int) -> bytes:
        """The bytes from `base`, after `lay_out`; all objects on one closed ring in address order."""
        ordered = sorted(self.objects, key=lambda each: each.address)
        out = bytearray((ordered[-1].address + (1 << ordered[-1].order)) - base)
        for i, each in enumerate(ordered):
            if each.class_object is None:
                raise ImageError(f"the object at {each.address:#x} has no class; the bootstrap forgot it")
            start = each.address - base
            HEADER.pack_into(
                out,
                start,
                ordered[(i + 1) % len(ordered)].address,
                ordered[i - 1].address,
                each.class_object.address,
                each.size,
                of.header_word(each.format, each.order, identity_hash=each.identity_hash),
            )
            start += of.BODY_OFFSET
            words = struct.pack(f"<{len(each.slots)}I", *encoded(each.slots))
            out[start : start + each.body_bytes] = words + each.data
        return bytes(out)


def encoded(values: Iterable[Value]) -> list[int]:
    """The words of the values."""
    words = []
    for value in values:
        if isinstance(value, int):
            if not of.SMALL_INTEGER_MINIMUM <= value <= of.SMALL_INTEGER_MAXIMUM:
                raise ValueError(f"{value} is no SmallInteger")
            words.append((value << 1 | 1) & 0xFFFFFFFF)
        elif isinstance(value, ImageObject):
            words.append(value.address)
        else:
            words.append(value.target.address + value.offset)
    return words
