"""A channel of a MediaWire controller: a ring of words in memory, moved by the controller itself.

Words are moved in bursts. What the positions say is true whenever they are read; memory beyond them is not yet written,
or read already.
"""

import struct

from hardtalk.devices.bus_master import Memory

WORD_BYTES = 4
WORD_MASK = 0xFFFFFFFF
BURST_WORDS = 256


class Channel:
    """`read` and `write` are places of words in the buffer of `length` words at `base`; one word is always free.

    `has_begun` when a word has been moved: silence before is no loss. `is_losing`: the latest word was lost. `gap` is
    the place before which the latest words were lost. `has_reached`: the threshold was crossed, or a loss has begun.
    """

    def __init__(self, number: int, base: int, length: int, read: int, write: int, threshold: int) -> None:
        self.number = number
        self.base = base
        self.length = length
        self.read = read
        self.write = write
        self.threshold = threshold
        self.overruns = self.underruns = self.gap = 0
        self.has_begun = self.is_losing = self.has_reached = False
        self._came: list[int] = []
        self._ahead: list[int] = []

    @property
    def words(self) -> int:
        """How many wait in the buffer."""
        return (self.write - self.read) % self.length

    @property
    def room(self) -> int:
        return self.length - 1 - self.words

    def put(self, word: int) -> None:
        """A word has come in."""
        self.has_begun = True
        write = (self.write + 1) % self.length
        if write == self.read:
            self.lose()
            return
        self._came.append(word & WORD_MASK)
        self.write = write
        self.is_losing = False
        if (write - self.read) % self.length == self.threshold:
            self.has_reached = True

    def lose(self) -> None:
        """A word that has come in, or should have, is lost; before the first one nothing is missed."""
        if self.has_begun:
            self.overruns += 1
            self.gap = self.write
            self.has_reached |= not self.is_losing
            self.is_losing = True

    def next(self, memory: Memory) -> int:
        """The word that goes out: silence when there is none."""
        if self.read == self.write:
            self.be_silent()
            return 0
        if not self._ahead:
            self._ahead = self._words_ahead(memory)
        self.read = read = (self.read + 1) % self.length
        self.has_begun = True
        self.is_losing = False
        if (self.write - read) % self.length == self.threshold:
            self.has_reached = True
        return self._ahead.pop()

    def be_silent(self) -> None:
        if self.has_begun:
            self.underruns += 1
            self.gap = self.read
            self.has_reached |= not self.is_losing
            self.is_losing = True

    def _words_ahead(self, memory: Memory) -> list[int]:
        """The next words to go out, the next one last, as far as they lie in one piece."""
        end = self.write if self.write > self.read else self.length
        count = min(end - self.read, BURST_WORDS)
        return list(reversed(unpacked(memory.read(self.base + WORD_BYTES * self.read, WORD_BYTES * count))))

    def end_burst(self, memory: Memory) -> None:
        """Bring memory up to the positions; forget what was read ahead, since it may be written anew."""
        self._ahead.clear()
        if not self._came:
            return
        start = (self.write - len(self._came)) % self.length
        first = self._came[: self.length - start]
        memory.write(self.base + WORD_BYTES * start, packed(first))
        if len(first) < len(self._came):
            memory.write(self.base, packed(self._came[len(first) :]))
        self._came.clear()


def packed(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def unpacked(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // WORD_BYTES}I", data)
