"""The debugging information as pyelftools reads it: lines are those of the firmware's own table, frames lead back."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cached_property
from io import BytesIO
from typing import Any

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

from hardtalk.bench import Bench
from hardtalk.board import Board
from hardtalk.build import BuildOptions, build
from hardtalk.link.call_frames import Frame, frames
from hardtalk.symbols.source_map import SourceMap

CALL, CALL_MASK = 0x0B000000, 0x0F000000
CFA, UNDEFINED = "cfa", "UNDEFINED"
LINK, STACK = 14, 13
INSTRUCTIONS = 25_000


class Debugging:
    """What the DWARF sections of an ELF say."""

    def __init__(self, elf: bytes) -> None:
        self.dwarf = ELFFile(BytesIO(elf)).get_dwarf_info()
        self.unit = next(self.dwarf.iter_CUs())
        self._tables: dict[FDE, list[dict[str, Any]]] = {}

    @cached_property
    def lines(self) -> list[tuple[int, str, int, bool]]:
        """Address, file, line, whether a sequence ends there."""
        program = self.dwarf.line_program_for_CU(self.unit)
        names = [each.name.decode() for each in program["file_entry"]]
        states = [each.state for each in program.get_entries() if each.state is not None]
        return [(each.address, names[each.file - 1], each.line, each.end_sequence) for each in states]

    @cached_property
    def entries(self) -> list[FDE]:
        found = [each for each in self.dwarf.CFI_entries() if isinstance(each, FDE)]
        return sorted(found, key=lambda each: int(each["initial_location"]))

    @cached_property
    def starts(self) -> list[int]:
        return [each["initial_location"] for each in self.entries]

    def caller(self, board: Board) -> int | None:
        """Where the routine at the PC returns to; None when it is said to have no caller."""
        entry = self.entries[bisect_right(self.starts, board.cpu.pc) - 1]
        if entry not in self._tables:
            self._tables[entry] = entry.get_decoded().table
        row = [each for each in self._tables[entry] if each["pc"] <= board.cpu.pc][-1]
        rule = row.get(LINK)
        if rule is not None and rule.type == UNDEFINED:
            return None
        assert row[CFA].reg == STACK
        frame = board.cpu.register(STACK) + row[CFA].offset
        return board.ram.word(frame + rule.arg) if rule is not None else board.cpu.register(LINK)


@pytest.fixture(scope="module")
def debugging() -> Debugging:
    return Debugging(build(BuildOptions()).elf)


def test_lines_are_those_of_the_table(debugging: Debugging, bench: Bench) -> None:
    source_map = bench.source_map
    for address, file, line, ends in debugging.lines:
        if not ends:
            place = source_map.arm_place(address)
            assert place is not None
            assert (place.file, place.line) == (file, line), hex(address)
    known = {address for address, _, _, ends in debugging.lines if not ends}
    starts = [each.address for each in source_map.facts.routines if each.size and each.class_name]
    assert set(starts) <= known


def test_routines_and_variables_have_their_places(debugging: Debugging, bench: Bench) -> None:
    found = {each.attributes["DW_AT_name"].value.decode(): each for each in debugging.unit.iter_DIEs() if each.tag and
             "DW_AT_name" in each.attributes}  # fmt: skip
    source_map: SourceMap = bench.source_map
    for fact in source_map.facts.routines:
        if fact.size:
            entry = found[fact.name].attributes
            assert (entry["DW_AT_low_pc"].value, entry["DW_AT_high_pc"].value) == (fact.address, fact.size)
    state = source_map.address_of("vmState")
    assert state is not None
    for name, (offset, words) in source_map.facts.variables.items():
        attributes = found[name].attributes
        assert int.from_bytes(bytes(attributes["DW_AT_location"].value[1:]), "little") == state + offset
        kind = found[name].get_DIE_from_attribute("DW_AT_type")
        counts = [each.attributes["DW_AT_count"].value for each in kind.iter_children()]
        assert counts == ([words] if words > 1 else [])


def test_frames_lead_to_whoever_called(debugging: Debugging, bench: Bench) -> None:
    """At each instruction of a run that allocates and prints, in whatever was called until it has returned."""
    board, facts = bench.board, bench.source_map.facts
    bench.console.prompt.enter("(1 to: 50) collect: [ :each | each printString , (each / 3) printString ]")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    board.run(3_000_000)
    calls: list[tuple[int, int]] = []
    depths: Counter[int] = Counter()
    for _ in range(INSTRUCTIONS):
        pc, stack = board.cpu.pc, board.cpu.register(STACK)
        if calls and (pc, stack) == calls[-1]:
            calls.pop()
        routine = facts.routine_at(pc)
        assert routine is not None
        caller = debugging.caller(board)
        if routine.is_threaded:
            assert (caller, calls) == (None, [])
        elif calls and (caller is not None or routine.class_name):
            assert caller == calls[-1][0], f"{pc:#x} in {routine.name}"
            depths[len(calls)] += 1
        word = board.ram.word(pc)
        board.step()
        if word & CALL_MASK == CALL and board.cpu.pc != pc + 4:
            calls.append((pc + 4, stack))
    assert depths[1] > 2_000
    assert depths[2] > 200


ENTRY, PUSHED, DEEPER = Frame(), Frame(8, ((4, 8), (14, 4))), Frame(24, ((4, 8), (14, 4)))


def test_frames_of_code_with_two_ends() -> None:
    words = [0xE92D4010, 0xE24DD010, 0x0A000003, 0xE28DD010, 0xE8BD8010, 0xE1A00000, 0xEA000000, 0xE1A00000, 0xE28DD010]
    # stmdb sp!, {r4, lr}; sub sp, sp, #16; beq end; add sp, sp, #16; ldmia sp!, {r4, pc}; mov; b; mov; end: add
    assert list(frames(words, 0x100, ENTRY, {})) == [
        (0x100, ENTRY), (0x104, PUSHED), (0x108, DEEPER), (0x110, PUSHED), (0x114, DEEPER),
    ]  # fmt: skip


def test_a_conditional_end_leaves_the_frame_as_it_is() -> None:
    assert list(frames([0xE92D4010, 0x08BD8010, 0xE1A00000], 0, ENTRY, {})) == [(0, ENTRY), (4, PUSHED)]


def test_what_is_popped_is_in_its_register_again() -> None:
    assert list(frames([0xE92D4010, 0xE8BD0010, 0xE12FFF1E], 0, ENTRY, {}))[2:] == [(8, Frame(4, ((14, 4),)))]
