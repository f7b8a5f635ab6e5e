"""Puts boot code, routines, tables and image together: `link`.

The boot stub needs addresses of the layout and the layout the stub's size (a literal that becomes an immediate changes
it), so the stub is assembled until its size stands still.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hardtalk.arm import encode as arm
from hardtalk.link.assembler import Assembly, AssemblySource, assemble
from hardtalk.link.debugging import debugging_sections
from hardtalk.link.elf import STT_FUNC, STT_NOTYPE, STT_OBJECT, Section, Symbol, write_elf
from hardtalk.link.errors import LinkError, did_you_mean
from hardtalk.link.facts import facts_of
from hardtalk.link.inputs import ImageLike, ProgramLike, RoutineLike, Target
from hardtalk.link.layout import Layout, lay_out
from hardtalk.link.lines import code_rows, lines_section
from hardtalk.link.locked_lines import LockedLines, lock_lines
from hardtalk.link.objects import NativeObject
from hardtalk.link.plan import (
    CACHE_LINE_BYTES,
    CODE_BASE,
    HEAP_BASE,
    IMAGE_HEADER_BYTES,
    IMAGE_HEADER_FIELDS,
    LOCKED_FROM,
    STATE,
    TABLES,
)
from hardtalk.link.prepared import PreparedProgram, prepare
from hardtalk.vm import native
from hardtalk.vm.constants import CODE_TABLE_ENTRIES, PRIMITIVE_TABLE_ENTRIES
from hardtalk.vm.facts import FACTS_SECTION
from hardtalk.vm.instruction_codes import INSTRUCTION_TABLE_BYTES, instruction_codes
from hardtalk.vm.primitives import arity_codes, receiver_codes

ENTRY = "startMachine"
BRANCH_REACH_BYTES = 1 << 25
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
# Section bits of a first-level descriptor for 1 MB: type, the bit ARMv5 wants set, read and write for all.
PAGE_SECTION = 0xC12
PAGE_CACHEABLE_BUFFERABLE = 0xC
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Firmware:
    """The linked firmware: the ELF's bytes, its entry, all symbols, and bytes by section."""

    elf: bytes
    entry: int
    symbols: tuple[Symbol, ...]
    sections: tuple[Section, ...]

    @property
    def sizes(self) -> dict[str, int]:
        return {section.name: section.byte_count for section in self.sections}

    def address(self, name: str) -> int:
        """The value of the symbol `name`; KeyError when there is none."""
        for symbol in self.symbols:
            if symbol.name == name:
                return symbol.value
        raise KeyError(name)


def link(
    boot_sources: Sequence[AssemblySource],
    program: ProgramLike,
    image: ImageLike,
    target: Target,
    native_routines: Mapping[str, int] = MappingProxyType({}),
    objects: Sequence[NativeObject] = (),
    file_names: Mapping[str, str] = MappingProxyType({}),
) -> Firmware:
    """The firmware of these parts. Raises LinkError for a name, a reach or a size that does not work out.

    `native_routines` name, in the order of their numbers, the routines that Smalltalk can start as native code, with
    the codes of their arguments.
    `file_names` are those by which line tables and facts call files that messages call otherwise.
    """
    prepared = prepare(program, objects, native_routines)
    layout, boot = _assemble_boot(boot_sources, prepared, image, target)
    names = _Names(layout, boot, prepared, objects)
    vm = bytearray(layout.vm_stop - layout.vm_start)
    for routine in prepared.routines:
        start = layout.routines[routine.name] - layout.vm_start
        vm[start : start + len(routine.code)] = _relocated(routine, start + layout.vm_start, names)
    locked = lock_lines(prepared.routines, boot.labels, layout, prepared.lock_places, target.way_bytes)
    tables = _tables(layout, program, locked, target, names, native_routines)
    facts = facts_of(boot, layout, prepared, locked, target, names.addresses, native_routines, file_names)
    rows = code_rows(boot, layout, prepared, file_names)
    sections = (
        Section(".boot", boot.code, CODE_BASE, executable=True),
        Section(".vm", bytes(vm), layout.vm_start, executable=True, alignment=32),
        Section(".tables", tables, layout.tables_start, alignment=TABLES[0].alignment),
        Section(
            ".state", b"", layout.state_start, size=layout.state_stop - layout.state_start, writable=True, alignment=32
        ),
        Section(
            ".imageHeader", _image_header(layout, image), HEAP_BASE - IMAGE_HEADER_BYTES, writable=True, alignment=32
        ),
        Section(".image", image.data, HEAP_BASE, writable=True, alignment=32),
        Section(".hardtalk.lines", lines_section(rows, image, file_names), load=False, alignment=1),
        Section(FACTS_SECTION, facts.to_bytes(), load=False, alignment=1),
        *debugging_sections(rows, boot, layout, prepared, bytes(vm), facts.variables),
    )
    symbols = tuple(_elf_symbols(layout, boot, prepared, image))
    entry = boot.labels[ENTRY]
    return Firmware(write_elf(entry, sections, symbols), entry, symbols, sections)


def _assemble_boot(
    sources: Sequence[AssemblySource], program: PreparedProgram, image: ImageLike, target: Target
) -> tuple[Layout, Assembly]:
    used = {name for source in sources for name in IDENTIFIER.findall(source.text)}
    boot_bytes = locked_bytes = 0
    for _ in range(8):
        layout = lay_out(boot_bytes, locked_bytes, program, image, target)
        known = {
            **target.symbols,
            **layout.symbols,
            **_distances(layout),
            **dict(native.constants()),
            **program.state,
            **_routine_aliases(layout, program),
        }
        boot = assemble(sources, CODE_BASE, {name: known[name] for name in sorted(used & known.keys())})
        if ENTRY not in boot.labels:
            raise LinkError(f"the boot sources define no label {ENTRY}; the machine is entered there")
        before, boot_bytes = (boot_bytes, locked_bytes), len(boot.code)
        locked_bytes = layout.vm_start - boot.labels.get(LOCKED_FROM, layout.vm_start)
        if (boot_bytes, locked_bytes) == before:
            return layout, boot
    raise LinkError("the boot stub's size does not settle; use .ltorg and .word instead of ldr rN, =value")


def _distances(layout: Layout) -> dict[str, int]:
    """What locked code adds to the address of the VM's state instead of loading another one."""
    state = layout.symbols["vmState"]
    return {
        "INTERRUPT_TABLE_DISTANCE": state - layout.symbols["interruptTable"],
        "LINE_TABLE_DISTANCE": layout.symbols["nativeLineTable"] - state,
    }


def _routine_aliases(layout: Layout, program: ProgramLike) -> dict[str, int]:
    """Addresses by selector, for selectors with one routine; in assembly a colon is an underscore."""
    by_selector: dict[str, list[str]] = {}
    for routine in program.routines:
        if routine.selector:
            by_selector.setdefault(routine.selector, []).append(routine.name)
    return {
        name: layout.routines[names[0]]
        for selector, names in by_selector.items()
        if len(names) == 1
        for name in (selector, selector.replace(":", "_"))
    }


class _Names:
    """Finds the address of what a relocation names: a routine, a boot label, a linker symbol, a routine by selector."""

    def __init__(self, layout: Layout, boot: Assembly, program: ProgramLike, objects: Sequence[NativeObject]) -> None:
        exported: dict[str, int] = {}
        for each in objects:
            for label, offset in each.labels.items():
                if label in exported:
                    raise LinkError(f"{each.name}: {label} is defined by another object, too; rename one")
                exported[label] = layout.routines[each.name] + offset
        self.addresses: Mapping[str, int] = {
            **exported,
            **_routine_aliases(layout, program),
            **layout.symbols,
            **boot.labels,
            **layout.routines,
        }

    def find(self, name: str, wanted_by: str) -> int:
        if name not in self.addresses:
            raise LinkError(
                f"{wanted_by} needs {name}, which nothing defines{did_you_mean(name, self.addresses)}; "
                "define it as a Slang method, a boot label or a symbol of the layout"
            )
        return self.addresses[name]


def _relocated(routine: RoutineLike, address: int, names: _Names) -> bytes:
    code = bytearray(routine.code)
    for relocation in routine.relocations:
        target = names.find(relocation.symbol, routine.name) + relocation.addend
        place = address + relocation.offset
        (word,) = struct.unpack_from("<I", code, relocation.offset)
        if relocation.kind == "branch24":
            displacement = target - place
            if not -BRANCH_REACH_BYTES + 8 <= displacement < BRANCH_REACH_BYTES + 8:
                raise LinkError(
                    f"{routine.name}: {relocation.symbol} is {displacement:,} bytes away, out of a "
                    "branch's reach of 32 MB; load its address and jump"
                )
            word = arm.branch_to(word, displacement)
        elif relocation.kind == "abs32":
            word = target & 0xFFFFFFFF
        elif relocation.kind == "rel32":
            word = (target - place) & 0xFFFFFFFF
        else:
            raise LinkError(f"{routine.name}: relocation kind {relocation.kind} is unknown; branch24, abs32 or rel32")
        struct.pack_into("<I", code, relocation.offset, word)
    return bytes(code)


def _tables(
    layout: Layout,
    program: ProgramLike,
    locked: LockedLines,
    target: Target,
    names: _Names,
    native_routines: Mapping[str, int],
) -> bytes:
    words = {
        "pageTable": _page_table(target),
        "lockedLines": locked.words,
        "primitiveTable": _primitive_table(layout, program, names),
        "primitiveReceivers": list(struct.unpack(f"<{PRIMITIVE_TABLE_ENTRIES // 4}I", receiver_codes())),
        "primitiveArities": list(struct.unpack(f"<{PRIMITIVE_TABLE_ENTRIES // 4}I", arity_codes())),
        "instructionTable": list(struct.unpack(f"<{INSTRUCTION_TABLE_BYTES // 4}I", instruction_codes())),
        "codeTable": _code_table(layout, program),
        "nativeRoutineTable": _native_routine_table(names, native_routines),
        "nativeArgumentTable": [*native_routines.values(), *[0] * (native.ROUTINE_LIMIT - len(native_routines))],
    }
    out = bytearray()
    for region in layout.regions:
        if region.name not in words:
            continue
        out.extend(bytes(region.start - layout.tables_start - len(out)))
        data = struct.pack(f"<{len(words[region.name])}I", *words[region.name])
        if len(data) != region.stop - region.start:
            raise LinkError(
                f"table {region.name} has {len(data)} bytes instead of {region.stop - region.start}; "
                "correct TABLES in hardtalk.link.plan"
            )
        out.extend(data)
    return bytes(out)


def _image_header(layout: Layout, image: ImageLike) -> bytes:
    """What IMAGE_HEADER_FIELDS name."""
    words = (layout.symbols["imageEnd"], image.special_objects, image_checksum(image.data, image.special_objects))
    return struct.pack("<3I", *words).ljust(IMAGE_HEADER_BYTES, b"\0")


def image_checksum(data: bytes, special_objects: int) -> int:
    """The sum that the boot stub's `checkImage` takes: each word added to the sum so far, rotated right by one."""
    total = special_objects
    for (word,) in struct.iter_unpack("<I", data + bytes(-len(data) % CACHE_LINE_BYTES)):
        total = (word + (total >> 1 | (total & 1) << 31)) & 0xFFFFFFFF
    return total


def _primitive_table(layout: Layout, program: ProgramLike, names: _Names) -> list[int]:
    for number, name in program.primitive_entries.items():
        if not 0 <= number < PRIMITIVE_TABLE_ENTRIES:
            raise LinkError(
                f"primitive {number} of {name} is out of range; numbers are 0 to {PRIMITIVE_TABLE_ENTRIES - 1}"
            )
    activate = names.find("activateMethod:arguments:", "the primitive table")
    return [
        layout.routines[program.primitive_entries[n]] if n in program.primitive_entries else activate
        for n in range(PRIMITIVE_TABLE_ENTRIES)
    ]


def _code_table(layout: Layout, program: ProgramLike) -> list[int]:
    """The address of each piece of machine code that methods go on in; number 0 of those that are none."""
    if len(program.code_entries) > CODE_TABLE_ENTRIES:
        raise LinkError(
            f"the compiled methods have {len(program.code_entries):,} pieces of code and there is room for "
            f"{CODE_TABLE_ENTRIES:,}; compile fewer methods, or raise CODE_TABLE_ENTRIES in hardtalk.vm.constants"
        )
    entries = {number: layout.routines[name] for number, name in program.code_entries.items()}
    return [entries.get(number, entries.get(0, 0)) for number in range(CODE_TABLE_ENTRIES)]


def _native_routine_table(names: _Names, native_routines: Collection[str]) -> list[int]:
    if len(native_routines) > native.ROUTINE_LIMIT:
        raise LinkError(
            f"there are {len(native_routines)} native routines and room for {native.ROUTINE_LIMIT}; "
            "raise ROUTINE_LIMIT in hardtalk.vm.native"
        )
    addresses = [names.find(name, "the table of native routines") for name in native_routines]
    return addresses + [0] * (native.ROUTINE_LIMIT - len(addresses))


def _page_table(target: Target) -> list[int]:
    """Addresses map to themselves: RAM is cacheable write-back, devices are strongly ordered.

    A section of neither is not mapped, so that an access to it aborts also where the bus answers anything.
    """
    table = [0] * (1 << 12)
    for base, end in target.devices:
        for section in range(base // MEGABYTE, (end - 1) // MEGABYTE + 1):
            table[section] = section * MEGABYTE | PAGE_SECTION
    for section in range(target.ram_start // MEGABYTE, (target.ram_start + target.ram_size) // MEGABYTE):
        table[section] = section * MEGABYTE | PAGE_SECTION | PAGE_CACHEABLE_BUFFERABLE
    return table


def _elf_symbols(layout: Layout, boot: Assembly, program: ProgramLike, image: ImageLike) -> list[Symbol]:
    section_of = {
        **dict.fromkeys((piece.name for piece in TABLES), ".tables"),
        **dict.fromkeys((piece.name for piece in STATE), ".state"),
        **dict.fromkeys(IMAGE_HEADER_FIELDS, ".imageHeader"),
    }
    symbols = [
        Symbol(
            name,
            address,
            layout.sizes[name] if name in section_of else 0,
            STT_OBJECT if name in section_of else STT_NOTYPE,
            section_of.get(name),
        )
        for name, address in layout.symbols.items()
    ]
    labels = sorted(boot.labels.items(), key=lambda item: item[1])
    stops = [*(address for _, address in labels[1:]), boot.base + len(boot.code)]
    symbols += [
        Symbol(name, address, stop - address, STT_FUNC, ".boot")
        for (name, address), stop in zip(labels, stops, strict=True)
    ]
    symbols += [
        Symbol(routine.name, layout.routines[routine.name], len(routine.code), STT_FUNC, ".vm")
        for routine in program.routines
    ]
    state = sorted(program.state.items(), key=lambda item: item[1])
    ends = [*(offset for _, offset in state[1:]), program.state_size]
    symbols += [
        Symbol(name, layout.symbols["vmState"] + offset, end - offset, STT_OBJECT, ".state")
        for (name, offset), end in zip(state, ends, strict=True)
    ]
    symbols += [Symbol(method.name, method.address, method.size, STT_OBJECT, ".image") for method in image.symbols]
    return symbols
