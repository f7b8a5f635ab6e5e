"""Simulated memory for Slang: mapped segments with alignment and range checks.

Every segment is a `bytearray` seen through word and half-word views, so that a word access is one index into an array
of machine words. Whatever is not mapped, or not aligned, is a `SlangFault`: on the board it would be an abort or,
worse, a rotated word. A device range calls Python for each access and is never cached.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

WORD_MASK = 0xFFFFFFFF

if sys.byteorder != "little":  # the views below are in the host's order, the board is little-endian
    raise ImportError("the Slang simulation needs a little-endian host")


class SlangFault(Exception):
    """A Slang program did at run time what the board would abort on, or what slang.md forbids."""


@dataclass(frozen=True)
class Segment:
    """Plain memory from `base` for `size` bytes, both multiples of four."""

    base: int
    size: int
    writable: bool = True
    data: bytearray = field(init=False, repr=False, compare=False)
    bytes: memoryview = field(init=False, repr=False, compare=False)
    halves: memoryview = field(init=False, repr=False, compare=False)
    words: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.base % 4 or self.size % 4 or self.size <= 0 or self.base + self.size > 1 << 32:
            raise ValueError(f"segment {self.base:#x} of {self.size} bytes is not made of words of the address space")
        data = bytearray(self.size)
        view = memoryview(data)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "bytes", view)
        object.__setattr__(self, "halves", view.cast("H"))
        object.__setattr__(self, "words", view.cast("I"))


@dataclass(frozen=True)
class DeviceRange:
    """Registers whose reads and writes are Python calls: `read(offset)`, `write(offset, value)`."""

    base: int
    size: int
    read: Callable[[int], int]
    write: Callable[[int, int], None]


class SimulatedMemory:
    """The address space: segments tried in the order given, the first one (the heap) with least work."""

    def __init__(self, segments: list[Segment], devices: list[DeviceRange] | None = None) -> None:
        self.segments = list(segments)
        self.devices = list(devices or [])
        ranges = [(segment.base, segment.base + segment.size) for segment in self.segments]
        ranges += [(device.base, device.base + device.size) for device in self.devices]
        for (_, stop), (start, _) in pairwise(sorted(ranges)):
            if start < stop:
                raise ValueError(f"memory ranges overlap at {start:#x}")

    def _segment(self, address: int, width: int, writing: bool) -> Segment:
        if address % width:
            raise SlangFault(f"{'write' if writing else 'read'} of {width} bytes at unaligned address {address:#010x}")
        for segment in self.segments:
            if 0 <= address - segment.base < segment.size:
                if writing and not segment.writable:
                    raise SlangFault(f"write to read-only memory at {address:#010x}")
                return segment
        raise SlangFault(f"{'write to' if writing else 'read of'} unmapped address {address:#010x}")

    def _device(self, address: int) -> DeviceRange | None:
        for device in self.devices:
            if 0 <= address - device.base < device.size:
                return device
        return None

    def word_at(self, address: int) -> int:
        if not address & 3:
            for segment in self.segments:
                offset = address - segment.base
                if 0 <= offset < segment.size:
                    return segment.words[offset >> 2]
            device = self._device(address)
            if device is not None:
                return device.read(address - device.base) & WORD_MASK
        self._segment(address, 4, False)
        raise AssertionError("unreachable")

    def word_at_put(self, address: int, value: int) -> int:
        if not address & 3:
            for segment in self.segments:
                offset = address - segment.base
                if 0 <= offset < segment.size and segment.writable:
                    segment.words[offset >> 2] = value
                    return value
            device = self._device(address)
            if device is not None:
                device.write(address - device.base, value)
                return value
        self._segment(address, 4, True)
        raise AssertionError("unreachable")

    def half_at(self, address: int) -> int:
        segment = self._segment(address, 2, False)
        return segment.halves[(address - segment.base) >> 1]

    def half_at_put(self, address: int, value: int) -> int:
        segment = self._segment(address, 2, True)
        segment.halves[(address - segment.base) >> 1] = value & 0xFFFF
        return value

    def byte_at(self, address: int) -> int:
        for segment in self.segments:
            offset = address - segment.base
            if 0 <= offset < segment.size:
                return segment.data[offset]
        self._segment(address, 1, False)
        raise AssertionError("unreachable")

    def byte_at_put(self, address: int, value: int) -> int:
        segment = self._segment(address, 1, True)
        segment.data[address - segment.base] = value & 0xFF
        return value

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes from `address`, which must lie in one segment."""
        segment = self._segment(address, 1, False)
        offset = address - segment.base
        if offset + count > segment.size:
            raise SlangFault(f"read of {count} bytes at {address:#010x} runs out of its segment")
        return bytes(segment.data[offset : offset + count])

    def write(self, address: int, data: bytes) -> None:
        segment = self._segment(address, 1, True)
        offset = address - segment.base
        if offset + len(data) > segment.size:
            raise SlangFault(f"write of {len(data)} bytes at {address:#010x} runs out of its segment")
        segment.bytes[offset : offset + len(data)] = data
