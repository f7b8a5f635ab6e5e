"""What is taken for loaded in empty caches: on small programs, and on generated ones that run on a CPU beside caches
that remember all they have seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import keystone
import pytest
import unicorn
from unicorn import arm_const as arm

from hardtalk.bounds.blocks import Block, Code, End
from hardtalk.bounds.cache_flow import CacheFlow
from hardtalk.bounds.cache_states import State, Value
from hardtalk.bounds.cache_steps import CacheSteps, Misses
from hardtalk.bounds.caches import CachedModel, FreedModel
from hardtalk.bounds.costs import InstructionModel
from hardtalk.bounds.graph import graph_of, without_calls
from hardtalk.bounds.solver import Solver
from hardtalk.chip import default_chip
from hardtalk.vm.facts import DISPATCH, RETURN, Facts, Jump, Locked, Region

BASE, STATE, HEAP, STACK = 0x10000, 0x20000, 0x30000, 0x48000
LINE, WORD = 32, 4
CHIP = default_chip()
FILL, STORE = CHIP.bus.line_fill_cycles, CHIP.bus.critical_word_cycles
GOALS = frozenset({End.DISPATCH})
DISPATCH_JUMP = "ldr pc, [r8, r0, lsl #2]"
REGISTERS = {name: getattr(arm, f"UC_ARM_REG_R{name[1:]}") for name in ("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8")}


@dataclass(frozen=True)
class Program:
    """Lines of code, an instruction each; `fields`: how far the address at a line lies behind an object's beginning."""

    lines: tuple[str, ...]
    fields: dict[int, int] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        words, _ = keystone.Ks(keystone.KS_ARCH_ARM, keystone.KS_MODE_ARM).asm("\n".join(self.lines), BASE)
        assert len(words) == WORD * len(self.lines)
        return bytes(words)

    def code(self) -> Code:
        data = self.data
        jumps = {DISPATCH_JUMP: DISPATCH, "bx lr": RETURN, "pop {r5, pc}": RETURN}
        facts = Facts(
            pinned={"dispatchBase": 8, "vmState": 4},
            sizes={"pending bit": 0x400, "locked ways": 2},
            regions=(Region("vmState", STATE, STATE + 64, "state"),),
            locked=(Locked("data", STATE, STATE + LINE),),
            jumps=tuple(
                Jump(BASE + WORD * at, kind)
                for at, line in enumerate(self.lines)
                for text, kind in jumps.items()
                if text in line
            ),
            object_offsets=tuple((BASE + WORD * at, offset) for at, offset in self.fields.items()),
        )
        return Code(facts, lambda address, size: data[address - BASE : address - BASE + size])


def flow_of(program: Program, *, everywhere: bool = False) -> tuple[CacheFlow, dict[int, Block]]:
    code = program.code()
    graph = graph_of(code, [BASE], lambda _: False, everywhere=everywhere)
    return CacheFlow(graph, CacheSteps(code.facts, CHIP)), dict(graph.blocks)


def misses(*lines: str, fields: dict[int, int] | None = None) -> Misses:
    """Of all blocks of a program together."""
    flow, blocks = flow_of(Program((*lines, DISPATCH_JUMP), fields or {}))
    found = [flow.misses[each] for each in blocks]
    dispatch = 1  # the jump's own load
    return Misses(
        sum(each.fetches for each in found),
        sum(each.fills for each in found) - dispatch,
        sum(each.stores for each in found),
        sum(each.freed for each in found),
    )


# Values


def test_an_object_lies_in_its_line() -> None:
    lines = ("ldr r1, [r2]", "ldr r3, [r2, #28]", "ldr r3, [r2, #32]", "str r1, [r2, #8]")
    assert misses(*lines, fields={0: 0}) == Misses(1, 2, 0, 1)


def test_what_lies_anywhere_may_be_in_two_lines() -> None:
    """Of words that are no further apart than a line is long no third line is paid."""
    assert misses("ldr r1, [r2, #8]", "ldr r3, [r2]", "ldr r3, [r2, #16]").fills == 2
    assert misses("ldr r1, [r2]", "ldr r3, [r2, #32]", "ldr r3, [r2, #16]").fills == 2
    assert misses("ldr r1, [r2]", "ldr r3, [r2, #64]", "ldr r3, [r2, #128]").fills == 3


def test_a_store_loads_nothing() -> None:
    assert misses("str r1, [r2]", "str r1, [r2]", "ldr r1, [r2]", "str r1, [r2]") == Misses(1, 1, 2, 1)


def test_a_changed_register_is_another_address() -> None:
    assert misses("ldr r1, [r2]", "ldr r2, [r3]", "ldr r1, [r2]").fills == 3


def test_a_copied_or_moved_register_is_the_same_place() -> None:
    assert misses("ldr r1, [r2]", "mov r3, r2", "ldr r1, [r3]").fills == 1
    assert misses("ldr r1, [r2, #4]", "add r3, r2, #4", "ldr r1, [r3]").fills == 1
    assert misses("ldr r1, [r2], #4", "ldr r1, [r2, #-4]").fills == 1
    assert misses("ldr r1, [r2]", "mov r3, r2, lsl #1", "ldr r1, [r3]").fills == 2


def test_the_vms_state_is_known_and_part_of_it_locked() -> None:
    assert misses("ldr r1, [r4]", "str r1, [r4, #4]").fills == 0
    assert misses("ldr r1, [r4, #32]", "add r2, r4, #36", "str r1, [r2]") == Misses(1, 1, 0, 1)


def test_a_conditional_load_promises_nothing() -> None:
    assert misses("cmp r0, #0", "ldreq r1, [r2]", "ldr r1, [r2]").fills == 2
    assert misses("cmp r0, #0", "moveq r3, r2", "ldr r1, [r2]", "ldr r1, [r3]").fills == 2


def test_several_words_at_once() -> None:
    assert misses("ldm r2, {r1, r3, r5, r6}", "ldr r1, [r2, #12]").fills == 2
    assert misses("ldm r2, {r1, r3, r5, r6}", fields={0: 0}).fills == 1


def test_what_one_of_two_ways_has_loaded_is_loaded_again() -> None:
    one = ("cmp r0, #0", "beq on", "ldr r1, [r2]", "on: ldr r1, [r2]")
    both = ("cmp r0, #0", "beq other", "ldr r1, [r2]", "b on", "other: ldr r3, [r2]", "on: ldr r1, [r2]")
    assert misses(*one).fills == 2
    assert misses(*both).fills == 2


def test_lines_of_code_are_fetched_once() -> None:
    lines = ("cmp r0, #0", "beq on", *["mov r1, r1"] * 7, "on: mov r1, r1")
    assert misses(*lines).fetches == 3, "the branch leads past the second line, which may be missed behind it"
    assert misses(*lines[2:]).fetches == 2


def test_a_line_of_code_stays_as_long_as_no_other_of_its_set_is_fetched() -> None:
    steps = CacheSteps(Program((DISPATCH_JUMP,)).code().facts, CHIP)
    sets = CHIP.instruction_cache.size // (CHIP.instruction_cache.ways * LINE)
    assert steps.staying(frozenset({1, 2}), {1 + sets, 2}) == {2}


def test_a_way_that_begins_behind_a_load_pays_for_it_and_for_what_is_stored_there() -> None:
    program = Program(("ldr r1, [r2]", "b on", "on: str r1, [r2]", DISPATCH_JUMP), {0: 0, 2: 0})
    flow, _ = flow_of(program, everywhere=True)
    model = CachedModel("cold", InstructionModel(), flow, program.code().facts, CHIP, fetches=False)
    assert flow.misses[BASE + 8].freed == 1
    assert model.assumed(BASE + 8, 1) == FILL + STORE
    assert model.assumed(BASE, 1) == 0, "nothing is taken for loaded there"


def test_the_stack_keeps_values() -> None:
    lines = ("ldr r1, [r2]", "str r2, [sp, #-4]!", "mov r2, #0", "ldr r3, [sp], #4", "ldr r1, [r3]")
    flow, blocks = flow_of(Program(("bl inner", DISPATCH_JUMP, f"inner: {lines[0]}", *lines[1:], "bx lr")))
    assert sum(flow.misses[each].fills for each in blocks) - 1 == 1


def test_joined_values() -> None:
    one = Value(0, frozenset({0, 1}))
    assert one.joined(Value(0, frozenset({1, 2})), LINE) == Value(0, frozenset({1}))
    assert one.joined(Value(4, frozenset({1})), LINE) is None
    assert Value(address=8).joined(Value(address=8), LINE) == Value(address=8)


def test_places_that_share_a_value_on_one_way_only_share_it_no_more() -> None:
    one, other = State(), State()
    one.put(1, Value(0))
    one.share(2, 1)
    other.put(1, Value(0))
    other.put(2, Value(0))
    joined = one.joined(other, LINE)
    assert joined.at[1] != joined.at[2]


# Calls


def test_a_call_costs_less_where_its_lines_are_known() -> None:
    program = Program(("ldr r1, [r0]", "bl inner", DISPATCH_JUMP, "inner: ldr r1, [r0, #4]", "bx lr"), {0: 0, 3: 4})
    flow, _ = flow_of(program)
    assert flow.misses[BASE + 12].fills == 1
    assert flow.known_at_call(BASE, BASE + 12).data == 1
    assert flow.known_at(BASE + 8).data == 1


def test_one_value_in_two_registers_is_loaded_once() -> None:
    """So a call costs less by one line only, whatever number of registers brings it."""
    lines = ("ldr r3, [r0]", "mov r1, r0", "bl inner", DISPATCH_JUMP, "inner: ldr r3, [r0]", "ldr r3, [r1]", "bx lr")
    flow, _ = flow_of(Program(lines, {0: 0, 4: 0, 5: 0}))
    assert flow.misses[BASE + 16].fills == 1
    assert flow.known_at_call(BASE, BASE + 16).data == 1


def test_what_another_process_may_have_run_behind_is_known_no_more() -> None:
    """A routine that leaves through an exception's return comes back when others have used the caches."""
    lines = ("ldr r1, [r5]", "bl inner", "ldr r1, [r5]", DISPATCH_JUMP, "inner: ldmia lr, {r0-r7, pc}^")
    code = Program(lines).code()
    facts = replace(code.facts, jumps=(*code.facts.jumps, Jump(BASE + 16, "exception return")))
    graph = graph_of(code.with_facts(facts), [BASE], lambda _: False)
    assert any(block.end is End.EXCEPTION_RETURN for block in graph.blocks.values())
    flow = CacheFlow(graph, CacheSteps(facts, CHIP))
    assert flow.misses[BASE + 8].fills == 2  # the load, and the dispatch's


# Generated programs


def generated(chance: random.Random, *, of_objects: bool) -> Program:
    """Blocks with forward branches that call routines; r1-r3 and r6 point into the heap wherever they come from, to
    where objects begin if `of_objects`."""
    lines: list[str] = []
    fields: dict[int, int] = {}

    def add(line: str) -> None:
        if of_objects and "[r4" not in line and line.startswith(("ldr", "str", "ldm")):
            fields[len(lines)] = int(line.partition("#")[2].rstrip("]") or 0)
        lines.append(line)

    def block(depth: int, label: str) -> None:
        for number in range(chance.randint(2, 5)):
            for _ in range(chance.randint(1, 5)):
                add(chance.choice(list(operations(depth))))
            if chance.random() < 0.6:
                skipped = f"{label}{number}"
                lines.extend(("ands r5, r5, r5, ror #1", f"b{chance.choice(('eq', 'mi', 'pl'))} {skipped}"))
                add(chance.choice(list(operations(depth))))
                lines.append(f"{skipped}: mov r0, r0")

    def operations(depth: int) -> Iterator[str]:
        base, other = chance.sample(("r1", "r2", "r3", "r6"), 2)
        offset = 4 * chance.randint(0, 14)
        yield f"ldr {other}, [{base}, #{offset}]"
        yield f"ldr r0, [{base}, #{offset}]"
        yield f"str r6, [{base}, #{offset}]"
        yield f"mov {other}, {base}"
        yield "mov r0, r0" if of_objects else f"add {other}, {base}, #4"
        yield f"ldmia {base}, {{r0, {other}}}" if int(other[1]) > 0 and other != base else "mov r0, r0"
        yield "ldr r0, [r4, #32]"
        yield "str r0, [r4, #36]"
        if depth < 2:
            yield f"bl routine{depth}{chance.randint(0, 1)}"

    block(0, "m")
    lines.append(DISPATCH_JUMP)
    for depth in (0, 1):
        for number in (0, 1):
            lines.append(f"routine{depth}{number}: push {{r5, lr}}")
            block(depth + 1, f"r{depth}{number}x")
            lines.append("pop {r5, pc}")
    return Program(tuple(lines), fields)


@dataclass
class Seen:
    """A run: the blocks it went through, and each access with the number of the block it was in."""

    blocks: list[int]
    accesses: list[tuple[int, int, bool]]


def run(program: Program, blocks: dict[int, Block], chance: random.Random, *, of_objects: bool) -> Seen:
    def pointer() -> int:
        return HEAP + (LINE * chance.randint(0, 0x200) if of_objects else WORD * chance.randint(0, 0x1000))

    cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
    cpu.mem_map(0, 1 << 20)
    cpu.mem_write(BASE, program.data)
    table, stop = HEAP + 0x10000, 0x80000
    cpu.mem_write(table, stop.to_bytes(WORD, "little") * 64)
    for at in range(HEAP, HEAP + 0x8000, WORD):
        cpu.mem_write(at, pointer().to_bytes(WORD, "little"))
    for name in ("r1", "r2", "r3", "r6"):
        cpu.reg_write(REGISTERS[name], pointer())
    cpu.reg_write(REGISTERS["r4"], STATE)
    cpu.reg_write(REGISTERS["r5"], chance.getrandbits(32))
    cpu.reg_write(REGISTERS["r8"], table)
    cpu.reg_write(arm.UC_ARM_REG_SP, STACK)
    seen = Seen([], [])

    def at_instruction(_cpu: object, address: int, _size: int, _data: object) -> None:
        if address in blocks:
            seen.blocks.append(address)
        if program.lines[(address - BASE) // WORD] == DISPATCH_JUMP:
            cpu.reg_write(REGISTERS["r0"], 0)

    def at_access(_cpu: object, kind: int, address: int, size: int, _value: int, _data: object) -> None:
        if not STACK - 0x1000 <= address < STACK:
            for each in range(address, address + size, WORD):
                seen.accesses.append((len(seen.blocks) - 1, each, kind == unicorn.UC_MEM_WRITE))

    cpu.hook_add(unicorn.UC_HOOK_CODE, at_instruction)
    cpu.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, at_access)
    cpu.emu_start(BASE, stop, count=2000)
    assert cpu.reg_read(arm.UC_ARM_REG_PC) == stop
    return seen


def missed(seen: Seen, blocks: dict[int, Block], start: int) -> int:
    """Cycles that caches charge which are empty at the start of a block of the run and lose nothing afterwards."""
    passed = [blocks[at] for at in seen.blocks[start:]]
    code = {line for each in passed for line in range(each.address // LINE, (each.stop - 1) // LINE + 1)}
    loaded: set[int] = set()
    cycles = FILL * len(code)
    for block, address, is_store in seen.accesses:
        line = address // LINE
        if block < start or line in loaded or line == STATE // LINE:
            continue
        cycles += STORE if is_store else FILL
        if not is_store:
            loaded.add(line)
    return cycles


@pytest.mark.parametrize("seed", range(60))
def test_no_run_misses_more_than_is_bounded(seed: int) -> None:
    """From each block of a run to its end."""
    chance, of_objects = random.Random(seed), seed % 2 == 1
    program = generated(chance, of_objects=of_objects)
    code = program.code()
    graph = graph_of(code, [BASE], lambda _: False, everywhere=True)
    flow = CacheFlow(graph, CacheSteps(code.facts, CHIP))
    cached = CachedModel("cold", InstructionModel(), flow, code.facts, CHIP)
    freed = Solver(without_calls(graph), FreedModel(flow), frozenset(End))
    later = Solver(graph, CachedModel("cold", InstructionModel(), flow, code.facts, CHIP, fetches=False), GOALS)
    solver = Solver(graph, cached, GOALS, frozenset({End.RETURN}), later, freed)
    blocks = dict(graph.blocks)
    for _ in range(4):
        seen = run(program, blocks, chance, of_objects=of_objects)
        for start, at in enumerate(seen.blocks):
            way = solver.whole(at)
            instructions = sum(len(blocks[each].instructions) for each in seen.blocks[start:])
            assert way is not None and missed(seen, blocks, start) + instructions <= way.length, f"from {at:#x}"
