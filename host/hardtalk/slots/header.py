"""The header of a slot: what it says, packed as the loader reads it, and read as the loader does."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

from hardtalk.chip import default_chip
from hardtalk.link.plan import CODE_BASE
from hardtalk.slots.layout import (
    FIELDS,
    HEADER_BYTES,
    MAGIC_VALUE,
    MOST_PAYLOAD,
    MOST_SEGMENTS,
    NAME_BYTES,
    OFFSETS,
    SEGMENT_GRAIN,
    TRIES,
)

ERASED = 0xFFFFFFFF


@dataclass(frozen=True)
class Header:
    """`segments` are addresses with sizes, in the order of the payload. `generation` 0: a file that is in no slot yet.

    `tries_left` and `is_confirmed` are the marks that only clear bits. `taken` is the second of 1970 and after, by the
    board's clock, in which a snapshot was taken; None for a firmware that is none.
    """

    name: str
    entry: int
    segments: tuple[tuple[int, int], ...]
    payload_checksum: int
    generation: int = 0
    tries_left: int = TRIES
    is_confirmed: bool = False
    taken: int | None = None

    @property
    def payload_size(self) -> int:
        return sum(size for _, size in self.segments)

    @property
    def is_loadable(self) -> bool:
        """Whether the loader takes its segments and its entry."""
        return is_in_room(self.entry, 1) and all(is_segment(*each) for each in self.segments)

    def to_bytes(self) -> bytes:
        """HEADER_BYTES bytes; what is not written yet is ones."""
        pairs = [word for segment in self.segments for word in segment]
        unused = [0] * (2 * MOST_SEGMENTS - len(pairs))
        checked = struct.pack(
            f"<5I{2 * MOST_SEGMENTS}I{NAME_BYTES}s",
            MAGIC_VALUE, self.payload_size, self.payload_checksum, self.entry, len(self.segments),
            *pairs, *unused, self.name.encode("ascii"),
        )  # fmt: skip
        marks = [self.generation, self.generation ^ ERASED] if self.generation else [ERASED, ERASED]
        tried = [0] * (TRIES - self.tries_left) + [ERASED] * self.tries_left
        marks += [*tried, 0 if self.is_confirmed else ERASED]
        marks += [ERASED, ERASED] if self.taken is None else [self.taken, self.taken ^ ERASED]
        return (checked + struct.pack(f"<{1 + len(marks)}I", crc32(checked), *marks)).ljust(HEADER_BYTES, b"\xff")


def is_segment(address: int, size: int) -> bool:
    """Whether the loader copies so many bytes to that address."""
    return (address | size) % SEGMENT_GRAIN == 0 and is_in_room(address, size)


def is_in_room(address: int, size: int) -> bool:
    """Whether that lies where a firmware may: in RAM, behind the loader."""
    stop = default_chip().ram.base + default_chip().ram.size
    return CODE_BASE <= address < stop and size <= stop - address


def read_header(data: bytes) -> Header | None:
    """What HEADER_BYTES bytes say; None when they are no whole header."""
    words = struct.unpack_from(f"<{HEADER_BYTES // 4}I", data)

    def field(name: str) -> tuple[int, ...]:
        first = OFFSETS[name] // 4
        return words[first : first + FIELDS[name]]

    (magic,), (size,), (count,) = field("MAGIC"), field("PAYLOAD_SIZE"), field("SEGMENT_COUNT")
    checked = data[: OFFSETS["HEADER_CHECKSUM"]]
    if magic != MAGIC_VALUE or field("HEADER_CHECKSUM") != (crc32(checked),) or count > MOST_SEGMENTS:
        return None
    pairs = field("SEGMENTS")[: 2 * count]

    def paired(name: str) -> int | None:
        (value,), (complement,) = field(name), field(f"{name}_COMPLEMENT")
        return value if value ^ complement == ERASED else None

    header = Header(
        name=checked[OFFSETS["NAME"] :].rstrip(b"\0").decode("ascii", "replace"),
        entry=field("ENTRY")[0],
        segments=tuple(zip(pairs[::2], pairs[1::2], strict=True)),
        payload_checksum=field("PAYLOAD_CHECKSUM")[0],
        generation=paired("GENERATION") or 0,
        tries_left=field("TRIED").count(ERASED),
        is_confirmed=field("CONFIRMED") == (0,),
        taken=paired("TAKEN"),
    )
    return header if header.payload_size == size <= MOST_PAYLOAD and header.is_loadable else None
