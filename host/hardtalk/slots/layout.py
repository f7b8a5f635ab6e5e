"""Where firmware lies in the flash and what its header says, declared once: for the host, and as names for the loader.

docs/boot-from-flash.md says why. The class FirmwareSlot of the drivers has the same numbers for the board.
"""

from __future__ import annotations

from typing import Final

from hardtalk.devices.cfi_flash import PAGE_BYTES, SECTOR_BYTES
from hardtalk.link.plan import CODE_BASE

WORD_BYTES: Final = 4

# The flash, in sectors: the loader, slot A, slot B, one to spare; from `hardtalk.flash.FIRST_SECTOR` on the volume.
LOADER_BYTES: Final = 8 << 10
SLOT_NAMES: Final = ("A", "B")
FIRST_SLOT_SECTOR: Final = 1
SLOT_SECTORS: Final = 15
SLOT_BYTES: Final = SLOT_SECTORS * SECTOR_BYTES

# A slot: the header in its first page, the payload behind that page. Offsets in bytes.
MAGIC_VALUE: Final = int.from_bytes(b"HTFW", "little")
MOST_SEGMENTS: Final = 4
SEGMENT_GRAIN: Final = 32
NAME_BYTES: Final = 20
TRIES: Final = 3
FIELDS: Final = {
    "MAGIC": 1,
    "PAYLOAD_SIZE": 1,
    "PAYLOAD_CHECKSUM": 1,
    "ENTRY": 1,
    "SEGMENT_COUNT": 1,
    "SEGMENTS": 2 * MOST_SEGMENTS,
    "NAME": NAME_BYTES // WORD_BYTES,
    "HEADER_CHECKSUM": 1,
    "GENERATION": 1,
    "GENERATION_COMPLEMENT": 1,
    "TRIED": TRIES,
    "CONFIRMED": 1,
    "TAKEN": 1,
    "TAKEN_COMPLEMENT": 1,
}
"""Fields of the header in order, with their words. The checksum is of those before it; a file that is sent has none of
those behind it."""
HEADER_BYTES: Final = 128
PAYLOAD: Final = PAGE_BYTES
MOST_PAYLOAD: Final = SLOT_BYTES - PAYLOAD

STARTED_FROM_FLASH: Final = 0xB0070000
"""What the loader leaves in SYS_FLAGS, with the slot's number, 0 or 1, for the firmware that it starts."""

RECEIVED_AT: Final = 64 << 20
"""Bytes from RAM's beginning where the loader puts a file that comes over the line."""
COUNTER_HERTZ: Final = 24_000_000


def offsets() -> dict[str, int]:
    """Where each field of the header begins."""
    found, offset = {}, 0
    for name, words in FIELDS.items():
        found[name] = offset
        offset += words * WORD_BYTES
    assert offset <= HEADER_BYTES
    return found


OFFSETS: Final = offsets()


def slot_offset(slot: int) -> int:
    """Where a slot begins in the flash."""
    return FIRST_SLOT_SECTOR * SECTOR_BYTES + slot * SLOT_BYTES


def loader_symbols(flash_base: int, ram_base: int, ram_bytes: int, timer_line: int) -> dict[str, int]:
    """What boot/loader/*.s knows of this module and of the board."""
    return {
        "TIMER_LINE": 1 << timer_line,
        **OFFSETS,
        "MAGIC_VALUE": MAGIC_VALUE,
        "MOST_SEGMENTS": MOST_SEGMENTS,
        "TRIES": TRIES,
        "HEADER_BYTES": HEADER_BYTES,
        "HEADER_SHIFT": HEADER_BYTES.bit_length() - 1,
        "PAYLOAD": PAYLOAD,
        "MOST_PAYLOAD": MOST_PAYLOAD,
        "SECTOR_BYTES": SECTOR_BYTES,
        "PAGE_BYTES": PAGE_BYTES,
        "LAST_PAGE_WORD": PAGE_BYTES // WORD_BYTES - 1,
        "FIRST_SLOT": flash_base + slot_offset(0),
        "SLOT_BYTES": SLOT_BYTES,
        "STARTED_FROM_FLASH": STARTED_FROM_FLASH,
        "LOADER_BYTES": LOADER_BYTES,
        "CHECKSUM_TABLE": 0x4000,
        "HEADERS": 0x4400,
        "SLOT_RANKS": 0x4400 + 2 * HEADER_BYTES,
        "LOADER_STACK_TOP": 0x8000,
        "FIRMWARE_BASE": CODE_BASE,
        "FIRMWARE_ROOM": ram_base + ram_bytes - CODE_BASE,
        "RAM_STOP": ram_base + ram_bytes,
        "RECEIVED": ram_base + RECEIVED_AT,
        "RECEIVED_STOP": ram_base + RECEIVED_AT + SLOT_BYTES,
        "BYTE_TICKS": COUNTER_HERTZ,
        "BLOCK_TICKS": 3 * COUNTER_HERTZ,
        "SILENCE_TICKS": COUNTER_HERTZ // 5,
    }
