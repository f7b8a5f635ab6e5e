"""The analyser on small pieces of ARM code whose longest way is known, and on ones that have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keystone
import pytest

from hardtalk.bounds.blocks import Code, End, Unprovable
from hardtalk.bounds.costs import HittingModel, InstructionModel
from hardtalk.bounds.graph import graph_of
from hardtalk.bounds.longest import Unbounded
from hardtalk.bounds.solver import Solver
from hardtalk.vm.facts import DISPATCH, RETURN, Facts, Jump, Loop, LoopEdge

BASE = 0x10000
POLL = "tst r8, #0x400"
DISPATCH_JUMP = "ldr pc, [r8, r0, lsl #2]"


@dataclass(frozen=True)
class Program:
    """Lines of code; a label stands at the beginning of its line. `bounds` of the branches at these lines."""

    lines: tuple[str, ...]
    bounds: Mapping[int, int]

    def code(self) -> Code:
        text = "\n".join(self.lines)
        words, _ = keystone.Ks(keystone.KS_ARCH_ARM, keystone.KS_MODE_ARM).asm(text, BASE)
        data = bytes(words)
        assert len(data) == 4 * len(self.lines)
        facts = Facts(
            pinned={"dispatchBase": 8},
            sizes={"pending bit": 0x400},
            polls=tuple(self.at(line) for line, text in enumerate(self.lines) if POLL in text),
            jumps=tuple(
                Jump(self.at(line), DISPATCH if DISPATCH_JUMP in text else RETURN)
                for line, text in enumerate(self.lines)
                if DISPATCH_JUMP in text or "bx lr" in text
            ),
        )
        read = lambda address, size: data[address - BASE : address - BASE + size]  # noqa: E731
        plain = Code(facts, read)
        edges = []
        for line, bound in self.bounds.items():
            target = plain.instruction(self.at(line)).target
            assert target is not None
            edges.append(LoopEdge(self.at(line), target, (Loop("small.s", line, bound, False),)))
        return Code(Facts(**{**facts.__dict__, "loops": tuple(edges)}), read)

    def at(self, line: int) -> int:
        return BASE + 4 * line


def longest(program: Program, line: int = 0) -> int | None:
    """Instructions from the line to the next dispatch."""
    graph = graph_of(program.code(), [BASE], lambda _: False, everywhere=True)
    way = Solver(graph, InstructionModel(), frozenset({End.DISPATCH})).whole(program.at(line))
    return None if way is None else way.length


def test_straight_code() -> None:
    assert longest(Program(("mov r1, #1", "mov r2, #2", DISPATCH_JUMP), {})) == 3


def test_the_longer_branch() -> None:
    lines = ("cmp r1, #0", "beq short", "mov r2, #1", "mov r2, #2", f"short: {DISPATCH_JUMP}")
    assert longest(Program(lines, {})) == 5


def test_a_loop_with_a_bound() -> None:
    lines = ("mov r1, #10", "again: subs r1, r1, #1", "bne again", DISPATCH_JUMP)
    assert longest(Program(lines, {2: 9})) == 1 + 2 + 9 * 2 + 1


def test_loops_in_a_loop_with_one_head() -> None:
    """The inner loop goes back 3 times in each of the outer loop's 1 + 2 runs."""
    lines = ("again: subs r1, r1, #1", "bne again", "subs r2, r2, #1", "bne again", DISPATCH_JUMP)
    found = longest(Program(lines, {1: 3, 3: 2}))
    exact = 3 * (4 * 2 + 2) + 1
    assert found is not None and exact <= found <= 12 * 4 + 1, "each of the 11 turns as long as the longer"


def test_a_call_is_as_long_as_the_routine() -> None:
    lines = ("bl called", DISPATCH_JUMP, "called: mov r1, #1", "mov r2, #2", "bx lr")
    program = Program(lines, {})
    assert longest(program) == 1 + 3 + 1
    assert longest(program, 2) == 3 + 1, "from inside, the way returns"


def test_from_a_routine_the_longest_of_its_callers_counts() -> None:
    lines = ("bl called", DISPATCH_JUMP, "cmp r1, #0", "bl called", "mov r1, #1", "mov r1, #1", DISPATCH_JUMP,
             "called: bx lr")  # fmt: skip
    code = Program(lines, {}).code()
    graph = graph_of(code, [BASE, BASE + 8], lambda _: False, everywhere=True)
    way = Solver(graph, InstructionModel(), frozenset({End.DISPATCH})).whole(BASE + 28)
    assert way is not None and way.length == 1 + 3


def test_a_safepoint_ends_the_stretch() -> None:
    """Without a bound: from the test on, the loop is left; an interrupt behind the test waits for a turn more."""
    lines = ("again: mov r1, #1", POLL, "bne out", "mov r2, #2", "b again", f"out: {DISPATCH_JUMP}")
    program = Program(lines, {})
    assert longest(program, 0) == 4
    assert longest(program, 2) == 3 + 3 + 1


def test_a_test_that_is_decided_later_than_it_is_made() -> None:
    lines = ("again: " + POLL, "mov r2, #2", "mov r3, #3", "beq again", DISPATCH_JUMP)
    assert longest(Program(lines, {})) == 5


def test_flags_that_changed_are_decided_no_more() -> None:
    lines = ("again: " + POLL, "cmp r2, #2", "beq again", DISPATCH_JUMP)
    with pytest.raises(Unbounded):
        longest(Program(lines, {}))


def test_a_safepoint_on_one_way_of_a_loop_only_is_none() -> None:
    lines = ("again: cmp r1, #1", "beq skip", POLL, "bne out", "skip: b again", f"out: {DISPATCH_JUMP}")
    with pytest.raises(Unbounded, match="no bound for the loop at 0x10000"):
        longest(Program(lines, {}))


def test_a_loop_without_anything_is_refused() -> None:
    with pytest.raises(Unbounded):
        longest(Program(("again: b again",), {}))


def test_recursion_is_refused() -> None:
    lines = ("again: bl inner", DISPATCH_JUMP, "inner: bl again", "bx lr")
    with pytest.raises(Unprovable, match="it is called again"):
        longest(Program(lines, {}))


def test_a_computed_jump_without_facts_is_refused() -> None:
    with pytest.raises(Unprovable, match="facts do not have"):
        longest(Program(("bx r1",), {}))


def test_what_is_no_instruction_is_refused() -> None:
    with pytest.raises(Unprovable, match="no instruction"):
        longest(Program(("mov r0, #1",), {}))


def test_another_test_is_no_safepoint() -> None:
    program = Program(("tst r7, #0x400", DISPATCH_JUMP), {})
    code = program.code()
    code = Code(Facts(**{**code.facts.__dict__, "polls": (BASE,)}), code.read)
    with pytest.raises(Unprovable, match="no TST of the dispatch register"):
        graph_of(code, [BASE], lambda _: False, everywhere=True)


def test_what_is_not_ready_stalls_behind_the_seam() -> None:
    """A load's result is used by the first instruction of the next block, into which control only falls."""
    lines = ("ldr r1, [r2]", "next: add r1, r1, #1", "cmp r1, #5", "bne next", DISPATCH_JUMP)
    program = Program(lines, {3: 1})
    code = program.code()
    graph = graph_of(code, [BASE], lambda _: False)
    model = HittingModel(code.read)
    assert model.seam(graph.blocks[BASE]) == 1
