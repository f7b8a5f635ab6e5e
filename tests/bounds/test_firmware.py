"""The proof of the shipped firmware: there is one, it keeps its budgets, and it is what the command says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.bounds.budget import BUDGETS, broken_budgets, figure
from hardtalk.bounds.graph import address_of
from hardtalk.bounds.parts import part_way
from hardtalk.bounds.proof import COLD, HITTING, INSTRUCTIONS, LARGE, SMALL, Proof
from hardtalk.bounds.response import SWITCHED, handler_of, switch_graph
from hardtalk.bounds.solver import Solver
from hardtalk.bounds.stretch import RETURNS, vm_entries
from hardtalk.build import build
from hardtalk.chip import default_chip
from hardtalk.cli.main import run
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.facts import LIMITED

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def proof() -> Proof:
    return Proof(SourceMap(build().elf), default_chip())


def test_budgets_hold(proof: Proof) -> None:
    assert list(broken_budgets(proof)) == []


def test_budgets_are_as_tight_as_what_holds(proof: Proof) -> None:
    for budget in BUDGETS:
        assert figure(proof, budget.what, budget.model) > budget.limit * 19 // 20


def test_every_bytecode_primitive_and_activation_has_a_bound(proof: Proof) -> None:
    known = {row.routine.address for row in proof.rows}
    halting = {"primitiveHalt:arguments:", "stopWithError:"}
    for entry in set(vm_entries(proof.code)):
        routine = proof.code.facts.routine_at(entry)
        assert routine is not None
        assert routine.address in known or routine.selector in halting, routine.name


def test_instructions_are_fewer_than_cycles_and_those_fewer_than_with_empty_caches(proof: Proof) -> None:
    for row in proof.rows:
        assert 0 < row.lengths[INSTRUCTIONS] <= row.lengths[HITTING] <= row.lengths[COLD]


THROUGH = {
    "takeListedBlock:": 850,
    "mergeOne": 1_600,
    "takeBlockOrReserve:": 950,
    "scanContext:": 1_650,
    "scanSmallContext:": 650,
    "takeReadyProcessAbove:": 550,
    "copyPieceTo:from:count:downward:": 2_300,
    "holdLines:": 460,
}
"""The most cycles that a routine may take from its first instruction until it returns, by selector."""


@pytest.mark.parametrize(("selector", "limit"), THROUGH.items())
def test_steps_that_many_others_contain_stay_short(proof: Proof, selector: str, limit: int) -> None:
    (address,) = [each.address for each in proof.code.facts.routines if each.selector == selector]
    way = proof.stretches[HITTING].to_return[address]
    assert way is not None
    assert way.length <= limit


def test_taking_the_signals_of_native_code_is_no_look(proof: Proof) -> None:
    """They are exchanged with 0 as the pending lines are, by another routine: a line that comes then still waits."""
    (address,) = [each.address for each in proof.code.facts.routines if each.selector == "signalFromNative"]
    graph = proof.stretches[HITTING].graph
    at = next(node for node in graph.flows if address_of(node) == address)
    way = proof.stretches[HITTING].whole(at)
    waking = proof.stretches[HITTING].to_return[
        next(each.address for each in proof.code.facts.routines if each.selector == "takeSignalsOf:")
    ]
    assert way is not None and waking is not None
    assert way.length > waking.length


def test_parts_of_the_response(proof: Proof) -> None:
    for model in (HITTING, COLD):
        response = proof.response(model)
        assert response.whole == sum(response.parts.values())
        assert all(response.parts.values())


def test_what_others_cause_is_no_part_of_the_switch(proof: Proof) -> None:
    """A large context is scanned for longer, and so much longer is what the command shows."""
    solver = proof.stretches[HITTING]
    through = {}
    for selector in ("scanLargeContext:", "scanSmallContext:"):
        (address,) = [each.address for each in proof.code.facts.routines if each.selector == selector]
        way = solver.to_return[address]
        assert way is not None
        through[selector] = way.length
    more = through["scanLargeContext:"] - through["scanSmallContext:"]
    beyond = proof.longer_by(LARGE, HITTING) - proof.longer_by(SMALL, HITTING)
    assert more > 0 and abs(beyond - more) < 10
    assert proof.response(HITTING).switch > through["scanSmallContext:"] - proof.longer_by(SMALL, HITTING)


def test_drivers_wait_in_a_context_of_few_slots(proof: Proof) -> None:
    """Method, closure and receiver, and the semaphore that is sent `wait`; each slot more is looked at, too."""
    assert proof.waiting_slots == 4
    shading = [each for each in proof.code.facts.routines if each.selector == "shadeFewFrom:to:"]
    graph = switch_graph(proof.code, proof.source_map, handler_of(proof.code), slots=5)
    (loop,) = [each for each in graph.loops if proof.code.facts.routine_at(address_of(each.head)) in shading]
    assert loop.turns == 4
    switch = _whole(proof.solved(graph, SWITCHED, RETURNS, HITTING))
    assert 0 < switch - proof.response(HITTING).switch < 30


def _whole(solver: Solver) -> int:
    return max(0 if (way := solver.whole(root)) is None else way.length for root in solver.graph.roots)


def test_command_shows_and_writes_the_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bound.json"
    assert run(["bound", "--json", str(path), "--way", "handleInterrupts", "--loops"]) == 0
    shown = capsys.readouterr().out
    assert "arm926-cold: line to handler at most" in shown and "Interrupts>>handleInterrupts: " in shown
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert {"bound.stretch.cycles", "bound.masked.cycles", "bound.response.cycles"} <= set(figures)
    assert figures["bound.response.cycles"] > figures["bound.stretch.cycles"] > figures["bound.masked.cycles"]
    shown_loops = [line.split() for line in shown.splitlines() if line.startswith("firmware/vm/processes/Mutexes")]
    assert ["16", "limited", "where", "made", "Mutexes>>ownsFewer:"] in [line[1:] for line in shown_loops]
    shipped = ("LcdController", "SecondaryInterruptController", "SerialPort", "Timer")
    ends = [figures[f"bound.handler.{name}.end.cycles"] for name in shipped]
    assert figures["bound.handler.cycles"] == max(ends)


def test_each_loop_has_an_end(proof: Proof) -> None:
    """The page has how many are ended by what; one that is limited elsewhere names by which methods."""
    page = (ROOT / "docs" / "bounds.md").read_text(encoding="utf-8")
    table = page.partition("<!-- loops -->")[2].partition("<!-- end: loops -->")[0]
    rows = [line.split(" | ") for line in table.splitlines()[3:]]
    assert {means.lstrip("| "): int(count) for means, count, _ in rows} == proof.loops_by_means
    assert all(">>" in loop.limited_by for loop in proof.loops if loop.means == LIMITED)
    assert all(loop.bound is not None or loop.polls for loop in proof.loops)


def test_ways_of_the_other_parts(proof: Proof) -> None:
    """As long as the response has them; an entry by an exception that takes three cycles."""
    for model in (HITTING, INSTRUCTIONS):
        response = proof.response(model)
        assert part_way(proof, "masked", model)[0].length == response.masked
        assert part_way(proof, "switch", model)[0].length == response.switch
        assert response.entry - part_way(proof, "entry", model)[0].length == (3 if model == HITTING else 1)


def test_an_unknown_routine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bound", "--way", "noSuchRoutine"]) == 2
    assert "there is no such routine" in capsys.readouterr().err
