"""Where everything lies: the memory map of docs/virtual-machine.md as one table of regions and symbols.

Boot code, routines and tables follow each other from `CODE_BASE`; the state and the stacks follow those; the image has
its own megabyte boundary. Tables come in the order of their alignment, so the padding is one gap.

What an interrupt needs lies together, so that it can be locked in the caches: the end of the boot code and the first
routines (`hardtalk.link.locked`), and the data from the upper end of the supervisor stack on. The IRQ stack fills the
page of the dispatch tables; the VM's state begins the next one, so that its address is an immediate operand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import ImageLike, ProgramLike, RoutineLike, Target
from hardtalk.link.objects import ALIGNMENT, NativeObject
from hardtalk.vm.native import LAYOUT_TABLES, LINE_RECORD_BYTES, ROUTINE_LIMIT

CODE_BASE = 0x00010000
HEAP_BASE = 0x00100000
BYTECODE_COUNT = 256
PRIMITIVE_COUNT = 1024
METHOD_CACHE_BYTES = 1024 * 16
CACHE_LINE_BYTES = 32

# Native handlers run on it. Its upper end is needed for each of them, so it is locked with the tables that follow.
SUPERVISOR_STACK_BYTES = 8192
LOCKED_STACK_BYTES = 128
# (symbol, bytes, alignment) in address order. Bit 10 of a dispatch table's address is set in interruptTable alone.
TABLES = (
    ("pageTable", 4096 * 4, 16384),
    ("primitiveTable", PRIMITIVE_COUNT * 4, 4),
    ("primitiveReceivers", PRIMITIVE_COUNT, 4),
    ("specialObjects", 4, 4),
    ("imageChecksum", 4, 4),
    ("nativeRoutineTable", ROUTINE_LIMIT * 4, 4),
    ("forwardingTable", BYTECODE_COUNT * 4, 2048),
    ("supervisorStack", SUPERVISOR_STACK_BYTES, 4),
    ("dispatchTable", BYTECODE_COUNT * 4, 4096),
    ("interruptTable", BYTECODE_COUNT * 4, 4),
    ("markingTable", BYTECODE_COUNT * 4, 4),
)
# Words of the boot stub's own, cleared with the VM state.
STUB_WORDS = ("faultInProgress",)
STATE_ALIGNMENT = 4096
# An interrupt that nests in native handlers takes 32 bytes of the IRQ stack, and there are at most 32 lines to nest.
IRQ_STACK_BYTES = 1024
# (symbol of the top, bytes): full descending stacks; one frame of registers is 56 bytes.
STACKS = (
    ("fiqStackTop", 128),
    ("abortStackTop", 512),
    ("undefinedStackTop", 512),
    ("machineStackTop", 8192),
)


@dataclass
class Layout:
    """Addresses of everything. `symbols` holds all linker symbols; `sizes` their bytes where they have any."""

    routines: dict[str, int] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    vm_start: int = 0
    vm_stop: int = 0
    tables_start: int = 0
    tables_stop: int = 0
    state_start: int = 0
    state_stop: int = 0

    def place(self, name: str, address: int, size: int) -> int:
        self.symbols[name] = address
        self.sizes[name] = size
        return address + size


def align(address: int, alignment: int) -> int:
    return (address + alignment - 1) & -alignment


def lay_out(boot_bytes: int, program: ProgramLike, image: ImageLike, target: Target) -> Layout:
    """The layout for a boot stub of that size. Raises LinkError when something does not fit."""
    layout = Layout()
    address = layout.vm_start = align(CODE_BASE + boot_bytes, CACHE_LINE_BYTES)
    address = layout.vm_stop = _place_routines(layout, program.routines, address)
    layout.symbols["lockedCodeEnd"] = layout.vm_stop
    layout.tables_start = address = align(address, TABLES[0][2])
    for name, size, alignment in TABLES:
        address = layout.place(name, align(address, alignment), size)
    layout.tables_stop = address

    layout.symbols["supervisorStackTop"] = layout.symbols["dispatchTable"]
    layout.symbols["lockedDataStart"] = layout.symbols["dispatchTable"] - LOCKED_STACK_BYTES
    layout.state_start = address
    layout.symbols["irqStackTop"] = address = align(address + IRQ_STACK_BYTES, STATE_ALIGNMENT)
    layout.symbols["stateStart"] = address
    address = layout.place("vmState", address, program.state_size)
    for name, size in LAYOUT_TABLES:
        address = layout.place(name, align(address, LINE_RECORD_BYTES), size)
    address = layout.place("methodCache", align(address, CACHE_LINE_BYTES), METHOD_CACHE_BYTES)
    for name in STUB_WORDS:
        address = layout.place(name, align(address, 4), 4)
    address = layout.symbols["stateEnd"] = align(address, CACHE_LINE_BYTES)
    for name, size in STACKS:
        layout.symbols[name] = address = address + size
    layout.state_stop = address
    if address > HEAP_BASE:
        raise LinkError(
            f"code, tables and state end at {address:#x}, {address - HEAP_BASE:,} bytes beyond HeapBase "
            f"{HEAP_BASE:#x}; make the VM smaller or move HEAP_BASE in hardtalk.link.layout"
        )
    _place_heap(layout, image, target)
    return layout


def _place_routines(layout: Layout, routines: Sequence[RoutineLike], address: int) -> int:
    for routine in routines:
        if routine.name in layout.routines:
            raise LinkError(f"routine {routine.name} is defined twice; names are unique in a program")
        if len(routine.code) % 4:
            raise LinkError(f"routine {routine.name} has {len(routine.code)} bytes; ARM code comes in words")
        address = align(address, ALIGNMENT if isinstance(routine, NativeObject) else 4)
        layout.routines[routine.name] = address
        address += len(routine.code)
    return address


def _place_heap(layout: Layout, image: ImageLike, target: Target) -> None:
    limit = target.ram_start + target.ram_size
    end = align(image.base + len(image.data), CACHE_LINE_BYTES)
    if image.base != HEAP_BASE:
        raise LinkError(
            f"the image is laid out for {image.base:#x}, HeapBase is {HEAP_BASE:#x}; build it with that base"
        )
    if end > limit:
        raise LinkError(f"the image ends at {end:#x}, RAM at {limit:#x}; leave classes out or give the board more RAM")
    layout.symbols |= {"HeapBase": image.base, "imageEnd": end, "heapLimit": limit}
