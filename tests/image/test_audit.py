"""The auditor finds what is wrong: each kind of damage done to a sound image is reported."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from hardtalk.image import Image, build_image
from hardtalk.image.audit import ImageReader, audit
from hardtalk.smalltalk.tonel import read_class_file

BASE = 0x100000


@pytest.fixture(scope="module")
def image() -> Image:
    paths = sorted((Path(__file__).parents[2] / "firmware/kernel").glob("*.class.st"))
    return build_image([read_class_file(path) for path in paths], BASE)


def find(reader: ImageReader, object_format: int, minimum_size: int = 1) -> int:
    return next(h.address for h in reader.headers.values() if h.format == object_format and h.size >= minimum_size)


def swap_method_keys(image: Image, reader: ImageReader) -> tuple[int, int]:
    """Exchange the first key of a method dictionary with a nil elsewhere, away from its probe path."""
    nil = reader.slot(image.special_objects, 0)
    for header in reader.headers.values():
        if header.class_oop == reader.slot(image.special_objects, 45) and header.size >= 10:
            keys = [reader.slot(header.address, 2 + i) for i in range(header.size - 2)]
            for i, key in enumerate(keys):
                if key != nil and reader.headers[key].identity_hash % len(keys) == i and keys.count(nil) > 2:
                    return header.address + 20 + 4 * (2 + i), key
    raise AssertionError("no such dictionary")


DAMAGE: dict[str, Callable[[Image, ImageReader], tuple[int, int]]] = {
    "slot 0 holds 0x100004, no object": lambda image, reader: (find(reader, 3) + 20, BASE + 4),
    "is not that of an allocated object": lambda image, reader: (
        find(reader, 1) + 16,
        reader.word(find(reader, 1) + 16) & ~0xE000,
    ),
    "does not fit": lambda image, reader: (find(reader, 2) + 12, 40000),
    "class 0x10000c is no object": lambda image, reader: (find(reader, 1) + 8, BASE + 12),
    "its class makes": lambda image, reader: (find(reader, 8) + 8, reader.slot(image.special_objects, 7)),
    "is not on the ring": lambda image, reader: (find(reader, 1), BASE),
    "tally": lambda image, reader: (swap_method_keys(image, reader)[0], reader.slot(image.special_objects, 0)),
    "more arguments than temporaries": lambda image, reader: (
        find(reader, 12) + 20,
        reader.word(find(reader, 12) + 20) & ~(63 << 19) | 15 << 25,
    ),
}


@pytest.mark.parametrize("complaint", DAMAGE)
def test_damage_is_reported(image: Image, complaint: str) -> None:
    address, word = DAMAGE[complaint](image, ImageReader(image.data, BASE))
    damaged = bytearray(image.data)
    struct.pack_into("<I", damaged, address - BASE, word)
    faults = audit(bytes(damaged), BASE, image.special_objects).faults
    assert any(complaint in fault for fault in faults), faults[:5]
