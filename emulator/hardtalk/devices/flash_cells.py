"""The cells of a NOR flash bank: bits that a program clears and an erase sets, and how often each sector was erased.

Erased pages take no memory, and pages are immutable, so that a copy of the cells for a snapshot shares them.
"""

import random
from typing import Any

PAGE_BYTES = 4096
ERASED_PAGE = b"\xff" * PAGE_BYTES
WORD_BYTES = 4


class FlashCells:
    """`size` bytes in sectors of `sector_bytes`, all erased. `wear` counts the erases of each sector."""

    def __init__(self, size: int, sector_bytes: int) -> None:
        self.size = size
        self.sector_bytes = sector_bytes
        self.wear = [0] * (size // sector_bytes)
        self._pages: dict[int, bytes] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "FlashCells":
        copied = FlashCells(self.size, self.sector_bytes)
        copied.wear[:] = self.wear
        copied._pages.update(self._pages)
        return copied

    # Reading

    def read(self, offset: int, size: int) -> bytes:
        """Raises IndexError outside the bank."""
        if not 0 <= offset <= offset + size <= self.size:
            raise IndexError(f"{size} bytes at {offset:#x}: the flash has {self.size:#x}")
        page, start = divmod(offset, PAGE_BYTES)
        if start + size <= PAGE_BYTES:
            return self._pages.get(page, ERASED_PAGE)[start : start + size]
        last = (offset + size - 1) // PAGE_BYTES
        joined = b"".join(self._pages.get(each, ERASED_PAGE) for each in range(page, last + 1))
        return joined[start : start + size]

    def word(self, offset: int) -> int:
        """The little-endian word at an offset that is a multiple of 4."""
        page, start = divmod(offset, PAGE_BYTES)
        return int.from_bytes(self._pages.get(page, ERASED_PAGE)[start : start + WORD_BYTES], "little")

    # Changing

    def program(self, offset: int, data: bytes) -> None:
        """Clear the bits that are 0 in `data`."""
        old = self.read(offset, len(data))
        left = int.from_bytes(old, "little") & int.from_bytes(data, "little")
        self.put(offset, left.to_bytes(len(data), "little"))

    def erase(self, sector: int) -> None:
        first = sector * self.sector_bytes // PAGE_BYTES
        for page in range(first, first + self.sector_bytes // PAGE_BYTES):
            self._pages.pop(page, None)
        self.wear[sector] += 1

    def put(self, offset: int, data: bytes) -> None:
        """Contents by other means than the bus: a file, a fault."""
        position = 0
        while position < len(data):
            page, start = divmod(offset + position, PAGE_BYTES)
            count = min(PAGE_BYTES - start, len(data) - position)
            old = self._pages.get(page, ERASED_PAGE)
            new = old[:start] + data[position : position + count] + old[start + count :]
            if new == ERASED_PAGE:
                self._pages.pop(page, None)
            else:
                self._pages[page] = new
            position += count

    # Faults

    def tear_program(self, offset: int, data: bytes, chance: random.Random) -> None:
        """Power fails while `data` is programmed: some words are, one has lost some of its bits, the others are not."""
        done = chance.randrange(len(data) // WORD_BYTES) * WORD_BYTES
        self.program(offset, data[:done])
        torn = bytes(byte | chance.getrandbits(8) for byte in data[done : done + WORD_BYTES])
        self.program(offset + done, torn)

    def tear_erase(self, sector: int, chance: random.Random) -> None:
        """Power fails during an erase: a part has been cleared to zeros first, or bits are set here and there."""
        offset, size = sector * self.sector_bytes, self.sector_bytes
        if chance.getrandbits(1):
            cleared = chance.randrange(size) & -WORD_BYTES
            self.put(offset, bytes(cleared))
        else:
            noise = chance.randbytes(PAGE_BYTES)
            for start in range(offset, offset + size, PAGE_BYTES):
                old = self.read(start, PAGE_BYTES)
                self.put(start, bytes(was | bits for was, bits in zip(old, noise, strict=True)))
        self.wear[sector] += 1
