"""The section of facts, against the code it speaks of: nothing that an analysis needs is missing or made up."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile

from hardtalk.arm import encode as arm
from hardtalk.arm.flow import Flow, Instruction, decode
from hardtalk.build import build
from hardtalk.link.elf import Section, write_elf
from hardtalk.vm import facts as kinds
from hardtalk.vm.constants import BYTECODE_COUNT, slang_constants
from hardtalk.vm.facts import Facts, Jump, Loop, LoopEdge, RoutineFact

POLL = arm.data("tst", 0, 8, arm.Immediate(1024))


class Code:
    """The loaded code, followed from each routine's entry, so that literals are not taken for instructions."""

    def __init__(self, elf: bytes) -> None:
        file = ELFFile(BytesIO(elf))
        self.facts = Facts.of_elf(elf)
        self.symbols = {each.name: each["st_value"] for each in file.get_section_by_name(".symtab").iter_symbols()}
        self.words: dict[int, int] = {}
        for name in (".boot", ".vm", ".tables"):
            section = file.get_section_by_name(name)
            for offset, (word,) in enumerate(struct.iter_unpack("<I", section.data())):
                self.words[section["sh_addr"] + 4 * offset] = word
        self.ways: dict[int, list[int]] = {}
        self.instructions: dict[int, Instruction] = {}
        for routine in self.facts.routines:
            self.follow(routine.address, routine.name)
        for table in self.facts.dispatch_tables:
            for place in table.places:
                self.follow(place, table.name)

    def follow(self, entry: int, name: str) -> None:
        pending = [entry]
        while pending:
            at = pending.pop()
            if at in self.instructions:
                continue
            found = decode(self.words[at], at)
            assert found is not None, f"{name}: {at:#x} is no instruction"
            self.instructions[at] = found
            self.ways[at] = list(self.ways_on(found))
            pending += self.ways[at]

    def ways_on(self, found: Instruction) -> Iterator[int]:
        """Without calls' targets: a call comes back."""
        goes_by = found.flow in (Flow.NEXT, Flow.CALL, Flow.CALL_COMPUTED, Flow.TRAP)
        if found.flow is Flow.JUMP and found.target is not None:
            yield found.target
        if goes_by or found.is_conditional:
            yield found.address + 4


@pytest.fixture(scope="module")
def code() -> Code:
    return Code(build().elf)


def cycle_without(code: Code, cut: set[tuple[int, int]], entry: int, start: int, stop: int) -> list[int]:
    """An edge on a way round between two addresses that leads over none of the edges cut; empty when there is none."""
    state: dict[int, int] = {entry: 1}
    stack = [(entry, iter(code.ways[entry]))]
    while stack:
        at, rest = stack[-1]
        target = next(rest, None)
        if target is None:
            state[at] = 2
            stack.pop()
        elif (at, target) in cut or not start <= target < stop:
            continue
        elif state.get(target) == 1:
            return [at, target]
        elif target not in state:
            state[target] = 1
            stack.append((target, iter(code.ways[target])))
    return []


def test_every_cycle_has_an_edge_that_closes_a_loop(code: Code) -> None:
    cut = {(edge.address, edge.target) for edge in code.facts.loops}
    cut |= {(address, code.ways[address][0]) for address in code.facts.halts}
    stub_stop = max(each.stop for each in code.facts.routines if not each.class_name)
    looping = 0
    for routine in code.facts.routines:
        start, stop = (routine.address, routine.stop) if routine.class_name else (0, stub_stop)
        assert not cycle_without(code, cut, routine.address, start, stop), routine.name
        looping += bool(cycle_without(code, set(), routine.address, start, stop))
    assert looping > 60


def test_loop_edges_are_branches_of_the_code(code: Code) -> None:
    for edge in code.facts.loops:
        assert code.instructions[edge.address].target == edge.target and edge.loops


def test_every_loop_has_a_bound_or_polls(code: Code) -> None:
    """The one that waits goes round through the dispatch."""
    open_ended = {
        routine.selector or routine.name
        for edge in code.facts.loops
        if edge.bound is None and not edge.polls and (routine := code.facts.routine_at(edge.address))
    }
    assert open_ended == set()
    assert len(code.facts.halts) == 1


def test_bounds_are_those_of_the_source(code: Code) -> None:
    """Counted by a constant, stated in Slang as a number and by a name, in the boot stub as a number and by names."""
    bounds = {
        (routine.selector or routine.name, edge.bound)
        for edge in code.facts.loops
        if (routine := code.facts.routine_at(edge.address))
    }
    stock = slang_constants()["SmallContextStock"]
    assert {
        ("startVirtualMachine", stock),
        ("returnFromHomeOfBlock:", 15),
        ("searchStep", slang_constants()["SearchedAtOnce"]),
        ("putPause", 1024),
    } <= bounds
    start, stop = code.symbols["stateStart"], code.symbols["stateEnd"]
    assert ("clearNext", (stop - start) // 32) in bounds


def test_every_computed_jump_has_its_kind(code: Code) -> None:
    computed = (Flow.JUMP_COMPUTED, Flow.CALL_COMPUTED, Flow.RETURN, Flow.EXCEPTION_RETURN)
    for at, instruction in code.instructions.items():
        if instruction.flow in computed:
            jump = code.facts.jump_at.get(at)
            assert jump is not None, f"{at:#x}"
            assert jump.kind in kinds.JUMP_KINDS and jump.kind != kinds.UNKNOWN, f"{at:#x}: {jump.kind}"
            if instruction.flow is Flow.EXCEPTION_RETURN:
                assert jump.kind == kinds.EXCEPTION_RETURN
    assert {jump.kind for jump in code.facts.jumps} == set(kinds.JUMP_KINDS) - {kinds.UNKNOWN}


def test_jumps_lead_to_routines(code: Code) -> None:
    entries = {routine.address for routine in code.facts.routines}
    for jump in code.facts.jumps:
        assert set(jump.targets) <= entries, f"{jump.address:#x}"
    assert set(code.facts.method_entries) <= entries and len(code.facts.method_entries) > 300
    for table in code.facts.dispatch_tables:
        owners = [code.facts.routine_at(place) for place in table.places]
        assert all(owners) and len(set(owners)) == BYTECODE_COUNT
        assert set(table.places) <= code.instructions.keys()
    primitives = next(table for table in code.facts.tables if table.name == "primitiveTable")
    leads = {code.words[primitives.address + 4 * number] for number in range(primitives.entries)}
    activate = next(each.address for each in code.facts.routines if each.selector == "activateMethod:arguments:")
    assert leads - {activate} <= set(code.facts.method_entries)


def test_polls_and_masks_are_those_of_the_code(code: Code) -> None:
    assert set(code.facts.polls) == {at for at, each in code.instructions.items() if each.word == POLL}
    changes = {at for at, each in code.instructions.items() if each.writes_status}
    assert changes == code.facts.mask_at.keys()
    assert set(code.facts.mask_at.values()) == {kinds.MASK, kinds.UNMASK} and len(code.facts.polls) > 10
    assert len(code.facts.sleeps) == 2


def test_routines_know_what_they_serve(code: Code) -> None:
    by_name = {routine.name: routine for routine in code.facts.routines}
    pop = next(routine for routine in code.facts.routines if routine.selector == "bytecodePop")
    assert (pop.table, pop.first, pop.last, pop.is_threaded) == ("bytecode", 135, 135, True)
    assert code.facts.routine_at(pop.address + 4) is pop
    assert by_name["interruptEntry"].class_name == ""
    assert any(routine.is_native for routine in code.facts.routines) == bool(code.facts.handler_entries)


def test_facts_survive_the_section() -> None:
    given = Facts(
        pinned={"ip": 5},
        variables={"bytesFree": (8, 1)},
        special_objects=((0, "object", "nil", "nilObject"),),
        special_selectors=(("+", 1),),
        routines=(RoutineFact(0x100, 8, "A>>b", "A", "b", "bytecode", 3, 4, 12, 0, True),),
        loops=(LoopEdge(0x104, 0x100, (Loop("a.st", 3, 16, False), Loop("a.st", 2, None, True))),),
        masks=((0x100, kinds.MASK),),
        jumps=(Jump(0x104, kinds.ROUTINES, (0x100,)),),
    )
    data = given.to_bytes()
    assert Facts.from_bytes(data) == given and Facts.from_bytes(data).to_bytes() == data
    assert given.loops[0].bound is None and not given.loops[0].polls
    with pytest.raises(ValueError, match=r"no \.hardtalk\.facts"):
        Facts.of_elf(build_without_facts())


def build_without_facts() -> bytes:
    return write_elf(0, (Section(".boot", b"\0\0\0\0", 0x10000),), ())
