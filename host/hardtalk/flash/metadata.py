"""The metadata of a littlefs volume as they lie in the flash, read by themselves: logs of commits in pairs of blocks.

The littlefs library answers what is whole and is silent about the rest; this reader knows of each row the block it is
in, so that a check can say where the damage is. After the library's SPEC.md, disk version 2.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import unpack, unpack_from
from zlib import crc32

Reader = Callable[[int, int, int], bytes]
"""Answers so many bytes from an offset of a block: (block, offset, size)."""

NONE = 0xFFFFFFFF
FILE, DIRECTORY, SUPERBLOCK = 0x001, 0x002, 0x0FF
PAIR_STRUCTURE, INLINE_STRUCTURE, LIST_STRUCTURE = 0, 1, 2
COMMIT_END, COMMIT_END_MASK, FORWARD_CRC = 0x500, 0x700, 0x5FF
CREATE, DELETE = 0x401, 0x4FF
NAMES, STRUCTURES, SPLICES, TAILS, STATES = 0, 2, 4, 6, 7
TAG_BYTES = 4


@dataclass
class Entry:
    """One row: a name and what it names."""

    kind: int = 0
    name: str = ""
    structure: int = -1
    data: bytes = b""

    @property
    def words(self) -> tuple[int, int]:
        """A directory's pair of blocks, or a list's last block and its bytes."""
        first, second = unpack_from("<2I", self.data.ljust(8, b"\xff"))
        return first, second


@dataclass
class Log:
    """What the whole commits of a block say. `end` is the offset behind the last of them."""

    block: int
    revision: int
    entries: list[Entry] = field(default_factory=list)
    tail: tuple[int, int] | None = None
    is_hard: bool = False
    state: tuple[int, int, int] = (0, 0, 0)
    commits: int = 0
    end: int = 0

    def apply(self, tag: int, data: bytes) -> None:
        """Raises ValueError for a tag that says nothing sensible."""
        type_, index = tag >> 20 & 0x7FF, tag >> 10 & 0x3FF
        match type_ >> 8:
            case code if code == NAMES:
                entry = self.entry(index)
                entry.kind, entry.name = type_, data.decode("latin-1")
            case code if code == STRUCTURES:
                entry = self.entry(index)
                entry.structure, entry.data = type_ & 0xFF, data
            case code if code == SPLICES:
                self.splice(type_, index)
            case code if code == TAILS:
                first, second = unpack("<2I", data)
                self.tail = None if first == NONE else (first, second)
                self.is_hard = bool(type_ & 1)
            case code if code == STATES:
                self.state = unpack("<3I", data)

    def splice(self, type_: int, index: int) -> None:
        if type_ == CREATE and index <= len(self.entries):
            self.entries.insert(index, Entry())
        elif type_ == DELETE and index < len(self.entries):
            del self.entries[index]
        else:
            raise ValueError(f"a row {index} is made or taken out of {len(self.entries)}")

    def entry(self, index: int) -> Entry:
        """The library names the first row of a pair without making it first."""
        if index == len(self.entries):
            self.entries.append(Entry())
        if index > len(self.entries):
            raise ValueError(f"row {index} of {len(self.entries)}")
        return self.entries[index]


def read_log(read: Reader, block: int, block_bytes: int) -> Log:
    """All whole commits of a block, none if there are none."""
    contents = read(block, 0, block_bytes)
    log = Log(block, int.from_bytes(contents[:4], "little"))
    offset, previous, crc = TAG_BYTES, NONE, crc32(contents[:4])
    waiting: list[tuple[int, bytes]] = []
    while offset + TAG_BYTES <= block_bytes:
        tag = previous ^ int.from_bytes(contents[offset : offset + TAG_BYTES], "big")
        type_, size = tag >> 20 & 0x7FF, tag & 0x3FF
        size = 0 if size == 0x3FF else size
        start, offset = offset + TAG_BYTES, offset + TAG_BYTES + size
        if tag >> 31 or offset > block_bytes:
            break
        crc = crc32(contents[start - TAG_BYTES : start], crc)
        previous = tag
        if type_ & COMMIT_END_MASK != COMMIT_END or type_ == FORWARD_CRC:
            crc = crc32(contents[start:offset], crc)
            waiting.append((tag, contents[start:offset]))
            continue
        if size < 4 or crc ^ NONE != int.from_bytes(contents[start : start + 4], "little"):
            break
        try:
            for each in waiting:
                log.apply(*each)
        except ValueError:
            break
        log.commits += 1
        log.end = offset
        waiting, crc = [], 0
        previous ^= (type_ & 1) << 31
    return log


def newer_first(one: Log, other: Log) -> tuple[Log, Log]:
    """By their revisions, which go round."""
    return (one, other) if (other.revision - one.revision & NONE) - 1 >= 0x7FFFFFFF else (other, one)


def counting_log(read: Reader, pair: tuple[int, int], block_bytes: int) -> Log | None:
    """The log that counts of a pair of blocks; None when neither has a whole commit."""
    logs = newer_first(*(read_log(read, each, block_bytes) for each in pair))
    return next((each for each in logs if each.commits), None)
