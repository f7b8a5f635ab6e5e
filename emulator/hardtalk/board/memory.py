"""The board's RAM: one block of host memory that all CPU engines share, saved and restored by its touched pages."""

import ctypes
import mmap
import os
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 16
PAGE = 1 << 12
WORD_BYTES = 4

SavedMemory = dict[int, bytes]


class Ram:
    """`size` bytes from address `base`. What was never touched takes no host memory and no time to save."""

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._file: int | None = None
        if sys.platform == "linux":
            self._file = os.memfd_create("ram")
            os.ftruncate(self._file, size)
            self._map = mmap.mmap(self._file, size)
        else:
            self._map = mmap.mmap(-1, size)
        self.bytes: NDArray[np.uint8] = np.frombuffer(self._map, np.uint8)
        self.host_address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def __del__(self) -> None:
        file: int | None = getattr(self, "_file", None)  # absent when __init__ failed
        if file is not None:
            os.close(file)
            self._file = None

    def contains(self, address: int, size: int) -> bool:
        return self.base <= address and address + size <= self.base + self.size

    def read(self, address: int, size: int) -> bytes:
        start = address - self.base
        return self.bytes[start : start + size].tobytes()

    def word(self, address: int) -> int:
        """The little-endian word at the address."""
        return int.from_bytes(self.read(address, WORD_BYTES), "little")

    def write(self, address: int, data: bytes) -> None:
        start = address - self.base
        self.bytes[start : start + len(data)] = np.frombuffer(data, np.uint8)

    def save(self, earlier: SavedMemory | None = None) -> SavedMemory:
        """The chunks that are not all zero, by offset; those that are as in `earlier` are shared with it."""
        saved = {}
        known = earlier or {}
        for offset in self.touched_chunks():
            chunk = self.bytes[offset : offset + CHUNK]
            before = known.get(offset)
            if before is not None and np.array_equal(chunk, np.frombuffer(before, np.uint8)):
                saved[offset] = before
            elif chunk.any():
                saved[offset] = chunk.tobytes()
        return saved

    def restore(self, saved: SavedMemory) -> list[int]:
        """Make memory as it was saved. Answers the addresses of the pages that changed."""
        changed: list[int] = []
        zeros = bytes(CHUNK)
        for offset in sorted({*self.touched_chunks(), *saved}):
            now = self.bytes[offset : offset + CHUNK]
            then = np.frombuffer(saved.get(offset, zeros), np.uint8)[: len(now)]
            if np.array_equal(now, then):
                continue
            different = (now != then).reshape(-1, PAGE).any(axis=1)
            changed += [self.base + offset + int(page) * PAGE for page in np.flatnonzero(different)]
            now[:] = then
        return changed

    def touched_chunks(self) -> Iterator[int]:
        """The offsets of the chunks that may hold something else than zeros."""
        if self._file is None:
            yield from range(0, self.size, CHUNK)
            return
        end = 0
        while True:
            try:
                start = os.lseek(self._file, end, os.SEEK_DATA)
            except OSError:  # no data after `end`
                return
            first = max(start // CHUNK * CHUNK, -(-end // CHUNK) * CHUNK)
            end = os.lseek(self._file, start, os.SEEK_HOLE)
            yield from range(first, end, CHUNK)


class DeviceMemory:
    """RAM for devices that write by themselves. `about_to_write` hears address and size before each write is done."""

    def __init__(self, ram: Ram) -> None:
        self.about_to_write: Callable[[int, int], None] | None = None
        self._ram = ram

    def contains(self, address: int, size: int) -> bool:
        return self._ram.contains(address, size)

    def read(self, address: int, size: int) -> bytes:
        return self._ram.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        if self.about_to_write is not None:
            self.about_to_write(address, len(data))
        self._ram.write(address, data)
