"""Slots in the cells of a flash: what they hold, which one the loader will start, and a firmware put into one.

The order of a device that may lose power at any moment: the old header goes first, the new one comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from zlib import crc32

from hardtalk.devices import FlashCells
from hardtalk.devices.cfi_flash import PAGE_BYTES
from hardtalk.slots.header import Header, read_header
from hardtalk.slots.layout import HEADER_BYTES, PAYLOAD, SLOT_NAMES, slot_offset
from hardtalk.slots.packing import unpacked

ERASED_WORD = b"\xff\xff\xff\xff"


class State(Enum):
    """What the loader makes of a slot."""

    EMPTY = "no firmware"
    DAMAGED_HEADER = "its header is damaged"
    DAMAGED_PAYLOAD = "the firmware is damaged"
    CONFIRMED = "confirmed"
    ON_TRIAL = "on trial"
    UNCONFIRMED = "never confirmed, and no start is left"

    @property
    def is_startable(self) -> bool:
        return self in (State.CONFIRMED, State.ON_TRIAL)


@dataclass(frozen=True)
class Slot:
    """One slot as it was found. `header` is None when it cannot be read."""

    number: int
    state: State
    header: Header | None = None

    @property
    def name(self) -> str:
        return SLOT_NAMES[self.number]

    @property
    def generation(self) -> int:
        return self.header.generation if self.header is not None else 0

    @property
    def rank(self) -> int:
        """The loader starts the slot with the greatest, none with 0."""
        return self.generation if self.state.is_startable else 0


def slots_in(cells: FlashCells) -> tuple[Slot, ...]:
    """Both slots, looked at as the loader does."""
    return tuple(slot_in(cells, number) for number in range(len(SLOT_NAMES)))


def slot_in(cells: FlashCells, number: int) -> Slot:
    start = slot_offset(number)
    data = cells.read(start, HEADER_BYTES)
    if data.startswith(ERASED_WORD):
        return Slot(number, State.EMPTY)
    header = read_header(data)
    if header is None or not header.generation:
        return Slot(number, State.DAMAGED_HEADER)
    if crc32(cells.read(start + PAYLOAD, header.payload_size)) != header.payload_checksum:
        return Slot(number, State.DAMAGED_PAYLOAD, header)
    if header.is_confirmed:
        return Slot(number, State.CONFIRMED, header)
    return Slot(number, State.ON_TRIAL if header.tries_left else State.UNCONFIRMED, header)


def started_slot(slots: tuple[Slot, ...]) -> Slot | None:
    """The one that the loader starts."""
    best = max(slots, key=lambda each: (each.rank, -each.number))
    return best if best.rank else None


def install(
    cells: FlashCells,
    file: bytes,
    number: int | None = None,
    confirm: bool = False,
    changed: Callable[[int, int], None] = lambda offset, size: None,
) -> Slot:
    """Put a slot file into a slot: without a number, the one that would not be started now.

    It is on trial, so that the other one is started again if nobody confirms it; or confirmed at once, if that is
    asked for or the other could not be started. `changed` hears of each change in order. Raises UnfitFirmware.
    """
    header, payload = unpacked(file)
    before = slots_in(cells)
    started = started_slot(before)
    if number is None:
        number = 1 - started.number if started is not None else 0
    header = replace(
        header,
        generation=max(each.generation for each in before) + 1,
        is_confirmed=confirm or not before[1 - number].rank,
    )
    start, sector_bytes = slot_offset(number), cells.sector_bytes
    for offset in range(start, start + PAYLOAD + len(payload), sector_bytes):
        cells.erase(offset // sector_bytes)
        changed(offset, sector_bytes)
    for done in range(0, len(payload), PAGE_BYTES):
        page = payload[done : done + PAGE_BYTES]
        cells.program(start + PAYLOAD + done, page)
        changed(start + PAYLOAD + done, len(page))
    cells.program(start, header.to_bytes())
    changed(start, HEADER_BYTES)
    return slot_in(cells, number)


def is_erased(cells: FlashCells) -> bool:
    """Whether there is nothing where the loader belongs."""
    return cells.read(0, len(ERASED_WORD)) == ERASED_WORD


def install_loader(
    cells: FlashCells, loader: bytes, changed: Callable[[int, int], None] = lambda offset, size: None
) -> bool:
    """Put the loader at the flash's beginning if another one, or none, is there. Answers whether it was."""
    if cells.read(0, len(loader)) == loader:
        return False
    cells.erase(0)
    changed(0, cells.sector_bytes)
    cells.program(0, loader)
    changed(0, len(loader))
    return True
