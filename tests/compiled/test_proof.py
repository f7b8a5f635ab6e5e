"""Compiled methods are in the proof: no budget is broken, and a look that is taken away is missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardtalk.bounds.blocks import Code
from hardtalk.bounds.budget import broken_budgets
from hardtalk.bounds.costs import InstructionModel
from hardtalk.bounds.longest import Unbounded, Way
from hardtalk.bounds.proof import HITTING, Proof
from hardtalk.bounds.solver import Solver
from hardtalk.bounds.stretch import LOOKS, RETURNS, stretch_graph
from hardtalk.build import BuildOptions, build
from hardtalk.chip import default_chip
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.facts import CODE

OWNER = "CompiledMethods"


@pytest.fixture(scope="module")
def source_map() -> SourceMap:
    return SourceMap(build(BuildOptions(compiled=("Benchmarks",))).elf)


def test_the_budgets_hold_with_compiled_methods(source_map: SourceMap) -> None:
    proof = Proof(source_map, default_chip())
    assert list(broken_budgets(proof)) == []
    own = [row for row in proof.rows if row.routine.class_name == OWNER]
    assert len(own) > 40
    assert max(row.lengths[HITTING] for row in own) < max(row.lengths[HITTING] for row in proof.rows)


def test_enter_code_leads_to_each_piece(source_map: SourceMap) -> None:
    facts = source_map.facts
    code = Code(facts, source_map.read)
    jumps = [each for each in facts.jumps if each.kind == CODE]
    pieces = {each.address for each in facts.routines if each.table == "code"}
    for jump in jumps:
        block = code.blocks([jump.address])[jump.address]
        assert set(block.targets) == pieces == set(facts.code_entries) and len(pieces) > 60
    names = [owner.selector for jump in jumps if (owner := facts.routine_at(jump.address)) is not None]
    assert names.count("bytecodeEnterCode") == 1
    assert {each.split(":")[0].rstrip("0123456789") for each in names} == {"bytecodeEnterCode", "quick"}
    coded = [each for each in facts.routines if each.table == "code"]
    starts = {each.address for each in coded if each.selector.startswith(("start", "quick"))}
    assert starts < set(facts.method_entries)


def test_each_look_of_a_piece_is_needed(source_map: SourceMap) -> None:
    """Where a piece's look is none, there is no bound, or some way is longer."""
    facts = source_map.facts
    solver = Solver(stretch_graph(Code(facts, source_map.read), source_map), InstructionModel(), LOOKS, RETURNS)
    before = {node: lengths(solver.to_goal[node], solver.to_return[node]) for node in solver.graph.flows}
    looks = {at for at in facts.polls if (owner := facts.routine_at(at)) and owner.class_name == OWNER}
    flows = solver.graph.flows
    nodes = [node for node, flow in flows.items() if flow.block.polls and flow.block.stop - 4 in looks]
    assert len(looks) > 20 and len(nodes) >= len(looks)
    for node in nodes:
        try:
            ways = solver.with_flow(node, replace(flows[node], on=(flows[node].block.stop,)))
        except Unbounded:
            continue
        assert any(lengths(*ways[each]) > before[each] for each in ways.keys() & before.keys())


def lengths(goal: Way | None, back: Way | None) -> tuple[int, int]:
    return (-1 if goal is None else goal.length, -1 if back is None else back.length)
