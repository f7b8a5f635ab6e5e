"""How often the edges that close loops are really taken, and what the facts say of it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from hardtalk.vm.facts import Loop, LoopEdge

from .three_ways import DATA_SIZE, ThreeWays, program

BOUND = 6
LOOPS = {
    "tested before": ("[ left > 0 ] whileTrue: [ <bound: 6> left := left - 1. sum := sum + (self turn: sum) ]", 5),
    "tested until": ("[ left = 0 ] whileFalse: [ <bound: 6> left := left - 1. sum := sum + (self turn: sum) ]", 5),
    "statements in the test": (
        "[ sum := self turn: sum. left > 0 ] whileTrue: [ <bound: 6> left := left - 1 ]", 6),
    "counted": ("1 to: left do: [ :each | <bound: 6> sum := sum + (self turn: each) ]", 5),
    "counted down": ("left to: 1 by: -1 do: [ :each | <bound: 6> sum := sum + (self turn: each) ]", 5),
    "by a constant": ("1 to: 6 do: [ :each | sum := sum + (self turn: each) ]", 5),
    "so many times": ("left timesRepeat: [ <bound: 6> sum := sum + (self turn: sum) ]", 5),
}  # fmt: skip
"""Each runs `count` times, or 6 times; and how often it goes back at most."""


def taken(ways: ThreeWays, count: int) -> tuple[Counter[LoopEdge], list[LoopEdge]]:
    """How often each edge was taken that closes a loop of the routine, and all such edges."""
    name = ways.program.methods["run:"].symbol
    (routine,) = [each for each in ways.compiled.routines if each.name == name]
    start = ways.addresses[name]
    edges = [LoopEdge(start + at, start + target, loops) for at, target, loops in routine.facts.loops]
    visited: list[int] = []
    ways.executed("run:", [count], bytes(DATA_SIZE), visited.append)
    passed = Counter(pairwise(visited))
    return Counter({edge: passed[edge.address, edge.target] for edge in edges}), edges


@pytest.mark.parametrize("kind", LOOPS)
def test_loops_go_back_as_often_as_their_bound_lets_them(kind: str) -> None:
    source, turns = LOOPS[kind]
    ways = program(f"""Sample >> run: count [
	| left sum |
	left := count bitAnd: 7.
	left > 6 ifTrue: [ left := 6 ].
	sum := 0.
	{source}.
	^ sum
]

Sample >> turn: value [
	<noInline>
	counter := value.
	^ counter + 1
]
""")
    for count in range(BOUND + 1):
        times, edges = taken(ways, count)
        assert edges and all(edge.bound == BOUND for edge in edges)
        assert max(times.values()) <= max(edge.turns or 0 for edge in edges) == turns
    assert max(times.values()) == turns


def test_an_edge_that_closes_several_loops_counts_each_in_full() -> None:
    first, second = (Loop("a.st", line, 4, False, is_tested_first=True) for line in (1, 2))
    assert LoopEdge(4, 0, (first,)).turns == 3
    assert LoopEdge(4, 0, (first, second)).turns == LoopEdge(4, 0, (first, second)).bound == 16
    assert LoopEdge(4, 0, (Loop("a.st", 1, None, True, is_tested_first=True),)).turns is None
