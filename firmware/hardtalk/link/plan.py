"""The memory plan: every region of the firmware in address order, its size, what the caches hold for good, budgets.

Code and tables lie from CODE_BASE on, the state and the stacks behind them, the image from HEAP_BASE to the end of RAM,
its header before it.
Tables come in the order of their alignment, so the padding is one gap. What an interrupt needs lies together, so that
it can be locked in the caches: the end of the boot code and the first routines (`<locked: n>`), and the data from the
upper end of the supervisor stack on. `layout` gives addresses by this plan and refuses what does not fit it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from hardtalk.link.errors import LinkError
from hardtalk.vm.constants import (
    CODE_TABLE_ENTRIES,
    METHOD_CACHE_ENTRIES,
    METHOD_CACHE_ENTRY_BYTES,
    METHOD_CACHE_PLACES,
    PRIMITIVE_TABLE_ENTRIES,
    SEND_PLACE_BYTES,
    SEND_PLACES,
)
from hardtalk.vm.instruction_codes import INSTRUCTION_TABLE_BYTES
from hardtalk.vm.native import LAYOUT_TABLES, LINE_RECORD_BYTES, ROUTINE_LIMIT

CODE_BASE: Final = 0x00010000
HEAP_BASE: Final = 0x00100000
IMAGE_HEADER_BYTES: Final = 32
"""What lies before HEAP_BASE: an image brings it, so that another one can take the place of the one that was linked."""
IMAGE_HEADER_FIELDS: Final = ("imageHeader", "specialObjects", "imageChecksum")
"""Its first words: where the image ends, the oop of the special objects, what `checkImage` must find; then zeros."""
HEAP_GRAIN_BYTES: Final = 1 << 12
"""A heap of a given size is made of so many bytes at a time."""
LEAST_FREE_BYTES: Final = 136 << 10
"""What a heap must have beside the image: 64 KB are the reserve for when memory runs out, the rest is for start-up and
for the prompt to tell what happened."""
CACHE_LINE_BYTES: Final = 32
PAGE_BYTES: Final = 4096
LOCKED_WAYS: Final = 2
"""Of the four ways of each cache, those in which nothing is replaced once `lockCaches` (boot/start.s) has run."""
LOCKED_FROM: Final = "interruptEntry"
"""The label from which on the boot stub's code is locked."""
LOCKED_LINES: Final = 128
"""The most lines of code that are locked in a way."""
VECTORS: Final = 0
"""The address of the exception vectors, whose line is locked before all others."""
SLOTS_PLACE: Final = 2560
"""Where in a page the dispatch slots begin: from the boot stub's interrupt code on (boot/interrupts.s) what is locked
fills each set of the cache once; with this distance the sets that it fills twice are those of bytecodes that are not
locked. PENDING_BIT is not set in it, nor any bit too low to be part of an immediate operand."""

Use = Literal["code", "table", "stack", "state"]


@dataclass(frozen=True)
class Piece:
    """A region of fixed size.

    `top` is the symbol of a stack's upper end. `end_alignment`: the piece grows until its end is a multiple of that.
    `locked_bytes` of its end must be among the data that the caches hold for good, None for all; or
    `locked_first` of its beginning.
    """

    name: str
    size: int
    use: Use
    alignment: int = 4
    end_alignment: int = 1
    top: str = ""
    locked_bytes: int | None = 0
    locked_first: int = 0


METHOD_CACHE_SET_BYTES: Final = METHOD_CACHE_PLACES * METHOD_CACHE_ENTRY_BYTES
"""What the sizes of the method cache and of what lies behind it without a gap are multiples of."""
STATE_PLACE: Final = "vmState"
"""The piece whose size the Slang program decides."""

IRQ_STACK_BYTES: Final = 1024
MACHINE_STACK_BYTES: Final = 512
"""The VM's own stack; `hardtalk bound` refuses one that may be deeper."""
STACKS_BEHIND_BYTES: Final = MACHINE_STACK_BYTES + IRQ_STACK_BYTES

# Native handlers run on the supervisor stack. Its upper end is needed for each of them, so that is locked; it
# ends where the VM's stack begins, and that where the IRQ stack does, which ends with the page.
TABLES: Final = (
    Piece("pageTable", 4096 * 4, "table", 16384),
    Piece("primitiveTable", PRIMITIVE_TABLE_ENTRIES * 4, "table"),
    Piece("primitiveReceivers", PRIMITIVE_TABLE_ENTRIES, "table"),
    Piece("primitiveArities", PRIMITIVE_TABLE_ENTRIES, "table"),
    Piece("instructionTable", INSTRUCTION_TABLE_BYTES, "table"),
    Piece("codeTable", CODE_TABLE_ENTRIES * 4, "table"),
    Piece("nativeRoutineTable", ROUTINE_LIMIT * 4, "table"),
    Piece("nativeArgumentTable", ROUTINE_LIMIT * 4, "table"),
    Piece("lockedLines", LOCKED_WAYS * LOCKED_LINES * 4, "table"),
    Piece(
        "supervisorStack",
        3 * PAGE_BYTES - STACKS_BEHIND_BYTES,
        "stack",
        PAGE_BYTES,
        top="supervisorStackTop",
        locked_bytes=128,
    ),
    Piece("machineStack", MACHINE_STACK_BYTES, "stack", 1, top="machineStackTop", locked_bytes=None),
)
# An interrupt that nests in native handlers takes 32 bytes of the IRQ stack, and there are at most 32 lines to nest.
# The VM's state begins a page, so that its address is an immediate operand.
IRQ_STACK: Final = Piece("irqStack", IRQ_STACK_BYTES, "stack", 1, PAGE_BYTES, "irqStackTop", None)
# Cleared at reset. The variables are in the order of STATE_ORDER: those of graphics and of drivers come last and need
# no locking. What is left of the two ways is for what comes next, the first lines' records if there is room.
STATE: Final = (
    Piece(STATE_PLACE, 0, "state", PAGE_BYTES, locked_first=3072),
    *(Piece(name, size, "state", LINE_RECORD_BYTES) for name, size in LAYOUT_TABLES),
    Piece("methodCache", METHOD_CACHE_ENTRIES * METHOD_CACHE_ENTRY_BYTES, "state", METHOD_CACHE_SET_BYTES),
    Piece("sendPlaces", SEND_PLACES * SEND_PLACE_BYTES, "state", METHOD_CACHE_SET_BYTES),
    Piece("faultInProgress", 4, "state"),
)
# Full descending; one frame of registers is 56 bytes.
STACKS: Final = (
    Piece("fiqStack", 128, "stack", 1, top="fiqStackTop"),
    Piece("abortStack", 512, "stack", 1, top="abortStackTop"),
    Piece("undefinedStack", 512, "stack", 1, top="undefinedStackTop"),
)

BUDGETS: Final = {".boot": 16 << 10, ".vm": 512 << 10, ".tables": 64 << 10, ".state": 64 << 10}
"""The most bytes of each section; the image and the heap have the rest of RAM."""

FILLING_PLACE: Final = 400
"""Routines with this place in `<locked: n>` or a higher one get what room is left, line by line; what of them has none
is not told."""
NATIVE_HANDLERS_PLACE: Final = 345
"""Native routines of drivers are locked behind the routines with a lower place in `<locked: n>`, which every handler
needs; those with a higher one come behind them. Those of which some lines have no room are told by the facts
(`Facts.unlocked`) and by `hardtalk build`."""


def check_budget(section: str, size: int) -> None:
    """Refuse a section that is larger than planned."""
    budget = BUDGETS.get(section, size)
    if size > budget:
        raise LinkError(
            f"{section} has {size:,} bytes, {size - budget:,} more than its budget of {budget:,}; "
            "make it smaller or raise BUDGETS in hardtalk.link.plan"
        )


def check_locked_data(start: int, stop: int, way_bytes: int) -> None:
    """Refuse more data that must be locked than the caches can hold."""
    if stop - start > LOCKED_WAYS * way_bytes:
        raise LinkError(
            f"the data that must be locked have {stop - start:,} bytes, {LOCKED_WAYS} ways of the data cache hold "
            f"{LOCKED_WAYS * way_bytes:,}; make the VM's state smaller or change locked_bytes in hardtalk.link.plan"
        )


def _check() -> None:
    pieces = (*TABLES, IRQ_STACK, *STATE, *STACKS)
    assert len({piece.name for piece in pieces}) == len(pieces)
    assert all(piece.size % 4 == 0 and (piece.size or piece.name == STATE_PLACE) for piece in pieces)
    assert all(bool(piece.top) == (piece.use == "stack") for piece in pieces)
    locked = [place for place, piece in enumerate(pieces) if piece.locked_bytes != 0]
    assert locked == list(range(locked[0], locked[-1] + 1)), "locked pieces must lie together"


_check()
