"""What the proof rests on cannot be taken from the firmware unnoticed: a safepoint, a bound, an unmasking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from hardtalk.bounds.blocks import Code, Unprovable
from hardtalk.bounds.costs import InstructionModel
from hardtalk.bounds.longest import Loop, Unbounded, Way
from hardtalk.bounds.masked import ENDLESS, UNMASKED, MaskedCode
from hardtalk.bounds.solver import Solver
from hardtalk.bounds.stretch import LOOKS, RETURNS, stretch_graph, take_lines_routine, takes_lines, vm_entries
from hardtalk.bounds.telling import routine_name
from hardtalk.build import build
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.facts import UNMASK

ELSEWHERE = ("startMachine", "clearNext", "fetchOwnLines", "fetchFirstWay", "isCodeFetched", "loadFirstWay",
             "loadSecondWay", "putPause", "putStringByte", "putDigit", "drainPause", "putRegister", "sumNext",
             "startVirtualMachine", "addFreeRegionFrom:to:", "setUpNative", "setUpLevels:",
             "tickNative")  # fmt: skip
"""Routines of start-up, of faults, and what only native processes call with IRQs on: no stretch, no masked section."""

Lengths = dict[int, tuple[int, int]]


@pytest.fixture(scope="module")
def source_map() -> SourceMap:
    return SourceMap(build().elf)


@pytest.fixture(scope="module")
def code(source_map: SourceMap) -> Code:
    return Code(source_map.facts, source_map.read)


@pytest.fixture(scope="module")
def stretches(source_map: SourceMap, code: Code) -> Solver:
    return stretches_with(source_map, code)


@pytest.fixture(scope="module")
def masked(source_map: SourceMap, code: Code) -> Solver:
    return masked_with(source_map, code)


def stretches_with(source_map: SourceMap, code: Code) -> Solver:
    return Solver(stretch_graph(code, source_map), InstructionModel(), LOOKS, RETURNS)


def masked_with(source_map: SourceMap, code: Code) -> Solver:
    return Solver(MaskedCode(code, source_map).graph, InstructionModel(), UNMASKED)


def length(way: Way | None) -> int:
    return -1 if way is None else way.length


def lengths(solver: Solver) -> Lengths:
    return {node: (length(solver.to_goal[node]), length(solver.to_return[node])) for node in solver.graph.flows}


def is_longer(found: Lengths, before: Lengths) -> bool:
    return any(found[node] > before[node] for node in found.keys() & before.keys())


def ways_lengths(ways: Mapping[int, tuple[Way | None, Way | None]]) -> Lengths:
    return {node: (length(goal), length(back)) for node, (goal, back) in ways.items()}


OF_COMPILED_METHODS = "CompiledCode>>send:class:at:"
"""Nothing else leads there, and this firmware has none: tests/compiled/test_proof.py proves one that has."""


def test_no_safepoint_can_be_removed(source_map: SourceMap, stretches: Solver) -> None:
    """Where it is no safepoint any more both ways are open."""
    before, flows = lengths(stretches), stretches.graph.flows
    assert len(source_map.facts.polls) > 30
    for poll in source_map.facts.polls:
        nodes = [node for node, flow in flows.items() if flow.block.polls and flow.block.stop - 4 == poll]
        assert nodes or routine_name(source_map, poll).startswith(OF_COMPILED_METHODS), (
            f"{poll:#x} is nowhere in the graph"
        )
        for node in nodes:
            flow = flows[node]
            try:
                found = ways_lengths(stretches.with_flow(node, replace(flow, on=(flow.block.stop,))))
            except Unbounded:
                continue
            assert is_longer(found, before), f"{poll:#x} {source_map.arm_place(poll)}"


def bounded(solver: Solver) -> Iterator[Loop]:
    yield from (loop for loop in solver.graph.loops if loop.turns is not None)


def test_no_bound_can_be_raised(source_map: SourceMap, code: Code, stretches: Solver, masked: Solver) -> None:
    """But that of a loop round which no way goes, for the pending lines are taken in it."""
    counted = set[int]()
    take = take_lines_routine(source_map)
    looks = {block.address for block in code.blocks(vm_entries(code)).values() if takes_lines(block, take)}
    for solver in (stretches, masked):
        before = lengths(solver)
        for loop in bounded(solver):
            assert loop.turns is not None
            ways = solver.with_loop(replace(loop, turns=loop.turns + 1))
            found = {node: each for node, each in ways_lengths(ways).items() if max(each) >= 0}
            nodes = {node & ~1 for node in loop.nodes}
            if found:
                assert is_longer(found, before), source_map.arm_place(loop.head)
                counted |= nodes
            elif solver is stretches and looks & nodes:
                counted |= nodes
    for edge in source_map.facts.loops:
        routine = source_map.facts.routine_at(edge.address)
        assert routine is not None
        is_counted = edge.target in counted or (edge.bound is None or edge.polls)
        assert is_counted or (routine.selector or routine.name) in ELSEWHERE, source_map.arm_place(edge.address)


def test_no_masked_section_can_be_lengthened(source_map: SourceMap, code: Code, masked: Solver) -> None:
    """By leaving the I bit as it is where it is cleared."""
    facts, before = source_map.facts, lengths(masked)
    ends = [address for address, change in facts.masks if change == UNMASK]
    assert len(ends) > 15
    sections = MaskedCode(code, source_map)
    reached = {node for site in sections.sites if site.name not in ENDLESS for node in sections.reached(site)}
    for end in ends:
        rest = replace(facts, masks=tuple(each for each in facts.masks if each[0] != end))
        try:
            found = lengths(masked_with(source_map, code.with_facts(rest)))
        except (Unbounded, Unprovable):
            continue
        is_used = any(sections.graph.flows[node].block.stop - 4 == end for node in reached)
        assert is_longer(found, before) or not is_used, f"{end:#x} {source_map.arm_place(end)}"
