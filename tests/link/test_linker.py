"""The linker: the ELF as pyelftools reads it back, relocations, tables, and everything that must not link."""

from __future__ import annotations

import json
import re
import struct
import sys
import zlib
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

sys.path.insert(0, str(Path(__file__).parents[1] / "boot"))
from handmade import (
    ACTIVATE,
    IDLE,
    TARGET,
    HandImage,
    HandMethod,
    HandProgram,
    HandRelocation,
    HandRoutine,
    boot_sources,
    routine,
)

from hardtalk.arm.flow import decode
from hardtalk.link import Firmware, LinkError, link
from hardtalk.link.assembler import AssemblySource
from hardtalk.link.plan import BUDGETS, FILLING_PLACE, NATIVE_HANDLERS_PLACE, STATE
from hardtalk.vm.constants import DISPATCH_TABLES, PENDING_BIT, SLOT_BYTES
from hardtalk.vm.facts import Facts

START = routine(
    "startVirtualMachine",
    "abs32_HeapBase: .word 0\nbranch24_handleInterrupts: b there\nbranch24_putCharacter: blne there",
)
HANDLE = routine("handleInterrupts", "mov r0, r0")
PUSH = routine("push", "mov r1, r1")
PROGRAM = HandProgram(
    (START, HANDLE, IDLE, ACTIVATE, PUSH),
    bytecode_entries={16: PUSH.name},
    primitive_entries={1: PUSH.name, 1023: PUSH.name},
)
DEBUGGING = [f".debug_{part}" for part in ("abbrev", "info", "ranges", "line", "frame")]
METHOD = HandMethod("Object>>yourself", 0x100000, 28, "firmware/kernel/Object.class.st", 12, ((0x100018, 14),))
IMAGE = HandImage(symbols=(METHOD,))


def linked(program: HandProgram = PROGRAM, image: HandImage = IMAGE) -> Firmware:
    return link(boot_sources(), program, image, TARGET)


@pytest.fixture(scope="module")
def firmware() -> Firmware:
    return linked()


@pytest.fixture(scope="module")
def elf(firmware: Firmware) -> ELFFile:
    return ELFFile(BytesIO(firmware.elf))


def word(elf: ELFFile, address: int) -> int:
    for section in elf.iter_sections():
        if section["sh_addr"] and section["sh_addr"] <= address < section["sh_addr"] + section["sh_size"]:
            (value,) = struct.unpack_from("<I", section.data(), address - section["sh_addr"])
            return int(value)
    raise AssertionError(f"no section holds {address:#x}")


def branched_to(elf: ELFFile, address: int) -> int | None:
    instruction = decode(word(elf, address), address)
    assert instruction is not None
    return instruction.target


def test_sections_and_segments(elf: ELFFile, firmware: Firmware) -> None:
    assert elf["e_machine"] == "EM_ARM"
    assert elf["e_entry"] == firmware.address("startMachine") == 0x10000
    sections = {s.name: s for s in elf.iter_sections()}
    loaded = [".boot", ".vm", ".tables", ".state", ".imageHeader", ".image"]
    for_tools = [".hardtalk.lines", ".hardtalk.facts", *DEBUGGING]
    assert list(sections) == ["", *loaded, *for_tools, ".symtab", ".strtab", ".shstrtab"]
    assert sections[".state"]["sh_type"] == "SHT_NOBITS"
    assert sections[".image"]["sh_addr"] == 0x100000
    segments = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
    assert [s["p_vaddr"] for s in segments] == [sections[name]["sh_addr"] for name in loaded]
    ends = [s["p_vaddr"] + s["p_memsz"] for s in segments]
    assert all(end <= following["p_vaddr"] for end, following in zip(ends, segments[1:], strict=False))
    assert segments[-1].data() == IMAGE.data


def test_symbols_have_sizes_and_kinds(elf: ELFFile) -> None:
    table = elf.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    symbols = {s.name: s for s in table.iter_symbols()}
    assert symbols["Hand>>push"]["st_size"] == 4
    assert symbols["Hand>>push"]["st_info"]["type"] == "STT_FUNC"
    assert symbols["pendingLines"]["st_value"] == symbols["vmState"]["st_value"]
    assert symbols["interruptCount"]["st_size"] == 4
    assert symbols["Object>>yourself"]["st_value"] == METHOD.address
    assert symbols["interruptEntry"]["st_size"] > 40
    assert symbols["heapLimit"]["st_value"] == 128 << 20


def test_relocations(elf: ELFFile, firmware: Firmware) -> None:
    start = firmware.address("Hand>>startVirtualMachine")
    assert word(elf, start) == 0x100000
    branch = word(elf, start + 4)
    assert branch >> 24 == 0xEA
    assert start + 4 + 8 + 4 * ((branch & 0xFFFFFF ^ 0x800000) - 0x800000) == firmware.address("Hand>>handleInterrupts")
    call = word(elf, start + 8)
    assert call >> 24 == 0x1B, "condition and link bit are kept"
    assert start + 8 + 8 + 4 * ((call & 0xFFFFFF) - (1 << 24)) == firmware.address("putCharacter")


def test_tables(elf: ELFFile, firmware: Firmware) -> None:
    push = firmware.address("Hand>>push")
    assert push == firmware.address("dispatchTable") + 16 * SLOT_BYTES, "a bytecode's routine lies in its slot"
    unknown = {branched_to(elf, firmware.address("dispatchTable") + n * SLOT_BYTES) for n in (1, 15, 17, 255)}
    assert unknown == {firmware.address("Hand>>unknownBytecode")}
    interrupt = range(
        firmware.address("interruptTable"), firmware.address("interruptTable") + 256 * SLOT_BYTES, SLOT_BYTES
    )
    assert {branched_to(elf, place) for place in interrupt} == {firmware.address("Hand>>handleInterrupts")}
    primitives = firmware.address("primitiveTable")
    activate = firmware.address("Hand>>activateMethod:arguments:")
    assert [word(elf, primitives + 4 * n) for n in (0, 1, 2, 1023)] == [activate, push, activate, push]
    assert word(elf, firmware.address("specialObjects")) == IMAGE.special_objects
    pages = firmware.address("pageTable")
    assert pages % 16384 == 0
    assert [word(elf, pages + 4 * n) for n in (0, 127, 128, 0x101, 0xFFF)] == [
        0x00000C1E,
        0x07F00C1E,
        0,
        0x10100C12,
        0,
    ]


def test_line_table(elf: ELFFile, firmware: Firmware) -> None:
    table = json.loads(zlib.decompress(elf.get_section_by_name(".hardtalk.lines").data()))
    push = firmware.address("Hand>>push")
    assert [push, push + 4, table["files"].index("Hand.class.st"), 7] in table["arm"]
    entry = firmware.address("interruptEntry")
    row = next(row for row in table["arm"] if row[0] == entry)
    text = next(s.text for s in boot_sources() if s.file == table["files"][row[2]])
    assert text.split("\n")[row[3] - 1].split() == ["stmdb", "sp!,", "{r0-r3}"]
    file = table["files"].index(METHOD.file)
    assert table["methods"] == [[METHOD.address, 28, METHOD.name, file, 12, [[0x100018, 14]]]]


def test_same_input_same_bytes(firmware: Firmware) -> None:
    assert linked().elf == firmware.elf


def refusal(program: HandProgram = PROGRAM, image: HandImage = IMAGE) -> str:
    with pytest.raises(LinkError) as caught:
        linked(program, image)
    return str(caught.value)


def with_relocation(relocation: HandRelocation) -> HandProgram:
    return replace(PROGRAM, routines=(*PROGRAM.routines[:-1], replace(PUSH, relocations=(relocation,))))


def test_missing_symbol() -> None:
    assert refusal(with_relocation(HandRelocation(0, "abs32", "methodCash"))) == (
        "Hand>>push needs methodCash, which nothing defines; did you mean methodCache?; define it as a Slang method, a "
        "boot label or a symbol of the layout"
    )


def test_branch_out_of_reach() -> None:
    program = replace(
        PROGRAM,
        routines=(
            *PROGRAM.routines[:-1],
            HandRoutine(PUSH.name, "push", bytes.fromhex("feffffea"), (HandRelocation(0, "branch24", "heapLimit"),)),
        ),
    )
    assert "heapLimit is 134," in refusal(program)
    assert "out of a branch's reach of 32 MB; load its address and jump" in refusal(program)


def test_unknown_relocation_kind() -> None:
    assert "relocation kind thumb22 is unknown" in refusal(with_relocation(HandRelocation(0, "thumb22", "vmState")))


def test_bytecodes_without_routine() -> None:
    program = replace(PROGRAM, routines=tuple(r for r in PROGRAM.routines if r.selector != "unknownBytecode"))
    assert refusal(program).startswith("bytecodes 0, 1, 2,")
    assert "have no routine; write <bytecode: #name> methods" in refusal(program)


def test_primitive_out_of_range() -> None:
    assert refusal(replace(PROGRAM, primitive_entries={1024: PUSH.name})) == (
        "primitive 1024 of Hand>>push is out of range; numbers are 0 to 1023"
    )


def test_routine_twice() -> None:
    assert refusal(replace(PROGRAM, routines=(*PROGRAM.routines, PUSH))) == (
        "routine Hand>>push is defined twice; names are unique in a program"
    )


def test_vm_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUDGETS, ".vm", 2 << 20)
    big = HandRoutine("Hand>>big", "big", bytes(1 << 20))
    message = refusal(replace(PROGRAM, routines=(*PROGRAM.routines, big)))
    assert "beyond the image's header at 0xfffe0; make the VM smaller" in message


def test_image_at_another_base() -> None:
    assert "the image is laid out for 0x200000, HeapBase is 0x100000" in refusal(image=replace(IMAGE, base=0x200000))


def test_boot_sources_without_entry() -> None:
    with pytest.raises(LinkError, match="no label startMachine"):
        link([AssemblySource("x.s", "mov r0, r0")], PROGRAM, IMAGE, TARGET)


def test_what_an_interrupt_needs_lies_where_it_can_be_locked(firmware: Firmware) -> None:
    """The VM's state where an immediate reaches, behind the ends of the stacks; a bit that tells."""
    assert firmware.address("interruptEntry") % 4096 == 3072
    assert firmware.address("vmState") % 4096 == 0
    assert firmware.address("interruptTable") & PENDING_BIT
    assert not any(firmware.address(name) & PENDING_BIT for name in DISPATCH_TABLES if name != "interruptTable")
    assert firmware.address("irqStackTop") == firmware.address("vmState")
    assert firmware.address("machineStackTop") == firmware.address("vmState") - 1024
    assert firmware.address("supervisorStackTop") == firmware.address("machineStackTop") - 512
    assert firmware.address("lockedDataStart") == firmware.address("supervisorStackTop") - 128
    assert firmware.address("Hand>>handleInterrupts") < firmware.address("Hand>>startVirtualMachine")


def test_routines_lie_in_the_order_of_their_locks() -> None:
    """What drivers start goes before the rest, behind what every interrupt needs, before what only some handlers do."""
    names = ("last", "aHandler", "second", "first")
    places = {"last": NATIVE_HANDLERS_PLACE + 5, "second": 20, "first": 10}
    others = [replace(routine(name, "mov r2, r2"), locked=places.get(name)) for name in names]
    made = link(boot_sources(), replace(PROGRAM, routines=(*PROGRAM.routines, *others)), IMAGE, TARGET, {"aHandler": 0})
    order = ("first", "second", "aHandler", "last", "handleInterrupts", "startVirtualMachine")
    addresses = [made.address(f"Hand>>{name}") for name in order]
    assert addresses == sorted(addresses)


def locked(size: int, place: int) -> HandProgram:
    big = HandRoutine("Hand>>big", "big", bytes(size), lines=((0, "big.st", 1),), locked=place)
    return replace(PROGRAM, routines=(*PROGRAM.routines, big))


@pytest.mark.parametrize("place", [10, NATIVE_HANDLERS_PLACE + 1])
def test_more_code_to_lock_than_the_caches_hold_is_told(place: int) -> None:
    """The set of the vectors has one more place: what lies in one piece is locked up to its second line there."""
    small = link(boot_sources(), locked(4, place), IMAGE, TARGET)
    room = 4096 + 1024 - (small.address("Hand>>big") - small.address("interruptEntry"))
    assert not Facts.of_elf(link(boot_sources(), locked(room, place), IMAGE, TARGET).elf).unlocked
    full = Facts.of_elf(link(boot_sources(), locked(room + 4, place), IMAGE, TARGET).elf)
    assert full.unlocked == ("Hand>>big",)


def test_lines_of_one_set_have_two_places() -> None:
    """Bytecodes 64 apart share a set; the more important ones are locked, and no line is locked twice."""
    names = [f"bytecode{number}" for number in (32, 96, 160)]
    routines = [
        replace(routine(name, "mov r2, r2"), locked=place) for place, name in enumerate(names, FILLING_PLACE - 3)
    ]
    entries = {number: f"Hand>>bytecode{number}" for number in (32, 96, 160)}
    program = replace(PROGRAM, routines=(*PROGRAM.routines, *routines), bytecode_entries=entries)
    facts = Facts.of_elf(link(boot_sources(), program, IMAGE, TARGET).elf)
    ranges = [(each.start, each.stop) for each in facts.locked if each.cache == "code"]
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))
    assert facts.unlocked == ("Hand>>bytecode160",)


def test_what_native_routines_push_out_of_the_caches_is_told() -> None:
    program = locked(4000, NATIVE_HANDLERS_PLACE + 1)
    handler = HandRoutine("Hand>>aHandler", "aHandler", bytes(4000), lines=((0, "big.st", 1),))
    firmware = link(
        boot_sources(), replace(program, routines=(*program.routines, handler)), IMAGE, TARGET, {"aHandler": 0}
    )
    assert Facts.of_elf(firmware.elf).unlocked == ("Hand>>big",)


def test_more_data_to_lock_than_the_caches_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = STATE
    monkeypatch.setattr("hardtalk.link.layout.STATE", (replace(first, locked_first=7100), *others))
    message = refusal(replace(PROGRAM, state_size=7100))
    assert message.startswith("the data that must be locked have 8,764 bytes, 2 ways of the data cache hold 8,192; ")


@pytest.mark.parametrize("section", [".boot", ".vm", ".tables", ".state"])
def test_a_section_beyond_its_budget_is_refused(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUDGETS, section, 16)
    message = refusal()
    assert message.startswith(f"{section} has ") and "more than its budget of 16; make it smaller or raise" in message


def test_regions_follow_each_other_without_overlap(firmware: Firmware) -> None:
    regions = Facts.of_elf(firmware.elf).regions
    assert [each.name for each in regions][:3] == [".boot", ".vm", "pageTable"]
    assert [each.name for each in regions][-2:] == [".image", "heap"] and regions[-1].stop == 128 << 20
    assert all(before.stop <= after.start for before, after in pairwise(regions))
    stacks = {each.name: each.stop for each in regions if each.use == "stack"}
    assert len(stacks) == 6 and all(firmware.address(f"{name}Top") == stop for name, stop in stacks.items())


def test_a_heap_of_its_own_size() -> None:
    """The heap's limit is the one word of the code that differs."""
    target = replace(TARGET, heap_bytes=(1 << 20) + 5000)
    limits = Firmware.address(link(boot_sources(), PROGRAM, IMAGE, target), "heapLimit")
    assert limits == (2 << 20) + 4096
    for size, words in (
        (1000, "the image takes 32 and the program needs 139,264 beside it, RAM has 133,169,152; choose"),
        (1 << 30, "a heap of 1,073,"),
    ):
        with pytest.raises(LinkError, match=re.escape(words)):
            link(boot_sources(), PROGRAM, IMAGE, replace(TARGET, heap_bytes=size))


def refused_note(old: str, new: str) -> str:
    """What linking says when a note of the boot stub reads otherwise."""
    assert any(old in source.text for source in boot_sources())
    sources = [replace(source, text=source.text.replace(old, new)) for source in boot_sources()]
    with pytest.raises(LinkError) as caught:
        link(sources, PROGRAM, IMAGE, TARGET)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<sleeps>", "<bound: 3>", "<bound> at an instruction that is no branch; write it at the one that loops"),
        ("<bound: 8>", "<bound: eight>", "<bound> names eight, which nothing defines"),
        ("<bound: 8>", "<bound: 8 8>", "<bound: 8 8>: invalid syntax; write a number, or names with + - * / <<"),
        ("<bound: 8>", "<bound: [8]>", "<bound: [8]> is no expression of numbers and names"),
        ("<calls: scheduleAfterInterrupt>", "<calls: schedule>", "<calls> names schedule, which nothing defines"),
    ],
)
def test_notes_that_cannot_be_are_refused_with_their_place(old: str, new: str, message: str) -> None:
    refused = refused_note(old, new)
    assert refused.startswith("boot/") and message in refused


def test_facts_of_a_program_made_by_hand(firmware: Firmware) -> None:
    found = Facts.of_elf(firmware.elf)
    push = next(each for each in found.routines if each.name == PUSH.name)
    assert (push.address, push.size, push.class_name) == (firmware.address(PUSH.name), 4, "Hand")
    assert found.variables["interruptCount"] == (4, 1)
    assert {table.name: table.role for table in found.tables if table.role} == {
        "forwardingTable": "forwarding", "dispatchTable": "normal", "interruptTable": "interrupt",
        "markingTable": "marking",
    }  # fmt: skip
    assert next(each.start for each in found.locked if each.cache == "code") == firmware.address("interruptEntry")
    assert next(each.start for each in found.locked if each.cache == "data") == firmware.address("lockedDataStart")
