"""Where everything lies: addresses by the memory plan (`hardtalk.link.plan`), as symbols and as regions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from hardtalk.link.cache_sets import place_routines
from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import ImageLike, Target
from hardtalk.link.objects import ALIGNMENT, NativeObject
from hardtalk.link.plan import (
    CACHE_LINE_BYTES,
    CODE_BASE,
    HEAP_BASE,
    HEAP_GRAIN_BYTES,
    IMAGE_HEADER_BYTES,
    IMAGE_HEADER_FIELDS,
    IRQ_STACK,
    LEAST_FREE_BYTES,
    PAGE_BYTES,
    SLOTS_PLACE,
    STACKS,
    STATE,
    STATE_PLACE,
    TABLES,
    Piece,
    check_budget,
    check_locked_data,
)
from hardtalk.link.prepared import PreparedProgram
from hardtalk.vm.constants import BYTECODE_COUNT, DISPATCH_SLOTS, DISPATCH_TABLES, SLOT_BYTES
from hardtalk.vm.facts import Region
from hardtalk.vm.object_format import WORD_BYTES


@dataclass
class Layout:
    """Addresses of everything. `symbols` holds all linker symbols; `sizes` their bytes where they have any."""

    routines: dict[str, int] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)
    vm_start: int = 0
    vm_stop: int = 0
    tables_start: int = 0
    tables_stop: int = 0
    state_start: int = 0
    state_stop: int = 0
    locked_data: tuple[int, int] = (0, 0)

    def place(self, piece: Piece, address: int) -> int:
        """Put the piece at the next address that fits; answer where it ends."""
        address = align(address, piece.alignment)
        stop = align(address + piece.size, piece.end_alignment)
        self.regions.append(Region(piece.name, address, stop, piece.use))
        if piece.top:
            self.symbols[piece.top] = stop
        else:
            self.symbols[piece.name], self.sizes[piece.name] = address, stop - address
        if piece.locked_bytes != 0 or piece.locked_first:
            first = stop - piece.locked_bytes if piece.locked_bytes else address
            last = address + piece.locked_first if piece.locked_first else stop
            self.locked_data = (self.locked_data[0] or first, last)
        return stop

    def place_all(self, pieces: Iterable[Piece], address: int) -> int:
        for piece in pieces:
            address = self.place(piece, address)
        return address


def align(address: int, alignment: int) -> int:
    return (address + alignment - 1) // alignment * alignment


def lay_out(
    boot_bytes: int, locked_boot_bytes: int, program: PreparedProgram, image: ImageLike, target: Target
) -> Layout:
    """The layout for a boot stub of that size, so much of whose end is locked in the cache.

    Raises LinkError when something does not fit.
    """
    layout = Layout()
    layout.regions.append(Region(".boot", CODE_BASE, CODE_BASE + boot_bytes, "code"))
    layout.vm_start = align(CODE_BASE + boot_bytes, CACHE_LINE_BYTES)
    layout.vm_stop = _place_routines(layout, program, locked_boot_bytes, target)
    layout.regions.append(Region(".vm", layout.vm_start, layout.vm_stop, "code"))
    layout.tables_start = align(layout.vm_stop, TABLES[0].alignment)
    layout.state_start = layout.tables_stop = layout.place_all(TABLES, layout.tables_start)

    address = layout.symbols["stateStart"] = layout.place(IRQ_STACK, layout.state_start)
    state = [replace(each, size=program.state_size) if each.name == STATE_PLACE else each for each in STATE]
    address = layout.symbols["stateEnd"] = align(layout.place_all(state, address), CACHE_LINE_BYTES)
    layout.state_stop = layout.place_all(STACKS, address)
    layout.symbols["lockedDataStart"] = layout.locked_data[0]
    _check(layout, boot_bytes, target)
    _place_heap(layout, image, target)
    return layout


def _check(layout: Layout, boot_bytes: int, target: Target) -> None:
    check_budget(".boot", boot_bytes)
    check_budget(".vm", layout.vm_stop - layout.vm_start)
    check_budget(".tables", layout.tables_stop - layout.tables_start)
    check_budget(".state", layout.state_stop - layout.state_start)
    check_locked_data(*layout.locked_data, target.way_bytes)
    header = HEAP_BASE - IMAGE_HEADER_BYTES
    if layout.state_stop > header:
        raise LinkError(
            f"code, tables and state end at {layout.state_stop:#x}, {layout.state_stop - header:,} bytes beyond "
            f"the image's header at {header:#x}; make the VM smaller or move HEAP_BASE in hardtalk.link.plan"
        )
    for before, after in zip(layout.regions, layout.regions[1:], strict=False):
        if before.stop > after.start:
            raise LinkError(
                f"{before.name} ends at {before.stop:#x}, {after.name} begins at {after.start:#x}: they overlap; "
                "correct hardtalk.link.plan"
            )


def _place_routines(layout: Layout, program: PreparedProgram, locked_boot_bytes: int, target: Target) -> int:
    """What lies in slots where its slot is, behind all others; answers where they end."""
    seen = set[str]()
    for routine in program.routines:
        if routine.name in seen:
            raise LinkError(f"routine {routine.name} is defined twice; names are unique in a program")
        if len(routine.code) % 4:
            raise LinkError(f"routine {routine.name} has {len(routine.code)} bytes; ARM code comes in words")
        seen.add(routine.name)
    own = [each for each in program.routines if each.name not in program.slots and not isinstance(each, NativeObject)]
    stub = layout.vm_start - locked_boot_bytes, layout.vm_start
    found = place_routines(program, own, stub, target.way_bytes)
    address = max((found[each.name] + len(each.code) for each in own), default=layout.vm_start)
    for routine in program.routines:
        offset = program.slots.get(routine.name)
        if routine.name in found:
            layout.routines[routine.name] = found[routine.name]
            continue
        if offset is None:
            address = align(address, ALIGNMENT)
        elif offset == 0:
            address = _place_slots(layout, address)
        else:
            address = layout.symbols["dispatchSlots"] + offset
        layout.routines[routine.name] = address
        address += len(routine.code)
    return address


def _place_slots(layout: Layout, address: int) -> int:
    """Gives the dispatch tables their addresses, as near to the tables behind them as may be, so that one immediate
    operand leads from the VM's state to interruptTable. Answers the address of the first slot."""
    least = align(address - SLOTS_PLACE, PAGE_BYTES) + SLOTS_PLACE
    size = (DISPATCH_SLOTS - 1) * SLOT_BYTES + WORD_BYTES
    room = align(least + size, TABLES[0].alignment) - least - size
    first = least + room // PAGE_BYTES * PAGE_BYTES
    for name, offset in DISPATCH_TABLES.items():
        layout.symbols[name], layout.sizes[name] = first + offset, BYTECODE_COUNT * SLOT_BYTES
    layout.symbols["dispatchSlots"] = first
    return first


def heap_limit(target: Target) -> int:
    """Where the heap ends: with RAM, or when the build says how large it is to be."""
    if target.heap_bytes is None:
        return target.ram_start + target.ram_size
    return HEAP_BASE + target.heap_bytes // HEAP_GRAIN_BYTES * HEAP_GRAIN_BYTES


def _place_heap(layout: Layout, image: ImageLike, target: Target) -> None:
    limit = heap_limit(target)
    end = align(image.base + len(image.data), CACHE_LINE_BYTES)
    if image.base != HEAP_BASE:
        raise LinkError(
            f"the image is laid out for {image.base:#x}, HeapBase is {HEAP_BASE:#x}; build it with that base"
        )
    ram_stop = target.ram_start + target.ram_size
    if end > ram_stop:
        raise LinkError(
            f"the image ends at {end:#x}, RAM at {ram_stop:#x}; leave classes out or give the board more RAM"
        )
    if target.heap_bytes is not None and not end + LEAST_FREE_BYTES <= limit <= ram_stop:
        raise LinkError(
            f"a heap of {target.heap_bytes or 0:,} bytes: the image takes {end - image.base:,} and the program needs "
            f"{LEAST_FREE_BYTES:,} beside it, RAM has {ram_stop - image.base:,}; choose a size between the two"
        )
    layout.symbols |= {"HeapBase": image.base, "imageEnd": end, "heapLimit": limit}
    header = image.base - IMAGE_HEADER_BYTES
    for place, name in enumerate(IMAGE_HEADER_FIELDS):
        layout.symbols[name], layout.sizes[name] = header + WORD_BYTES * place, WORD_BYTES
    layout.regions += [
        Region(".imageHeader", header, image.base, "image"),
        Region(".image", image.base, end, "image"),
        Region("heap", end, limit, "heap"),
    ]
