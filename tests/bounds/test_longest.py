"""Longest ways in graphs whose longest way is known: by hand, and by generated programs run in every way."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardtalk.bounds.longest import Edge, Loop, Repeat, Unbounded, Way, longest_ways
from hardtalk.bounds.loops import natural_loops


def lengths(edges: dict[int, list[tuple[int, int]]], goals: dict[int, int], loops: list[Loop]) -> dict[int, int | None]:
    ways = longest_ways(
        {n: [Edge(*e) for e in es] for n, es in edges.items()}, {n: Way(g, n) for n, g in goals.items()}, loops
    )
    return {node: None if way is None else way.length for node, way in ways.items()}


def test_the_longer_of_two_branches() -> None:
    assert lengths({1: [(2, 5), (3, 7)], 2: [(4, 1)], 3: [(4, 1)], 4: []}, {4: 2}, []) == {1: 10, 2: 3, 3: 3, 4: 2}


def test_a_node_without_a_way_to_a_goal() -> None:
    assert lengths({1: [(2, 5), (3, 100)], 2: [], 3: []}, {2: 0}, []) == {1: 5, 2: 0, 3: None}


def test_a_loop_goes_back_as_often_as_its_bound() -> None:
    edges = {1: [(2, 1)], 2: [(3, 10), (4, 1)], 3: [(2, 5)], 4: []}
    loop = Loop(2, frozenset({2, 3}), 7)
    found = lengths(edges, {4: 0}, [loop])
    assert found[1] == 1 + 7 * 15 + 1
    assert found[3] == 5 + 6 * 15 + 1, "from inside, one way back is taken already"


def test_a_loop_without_bound_is_named() -> None:
    with pytest.raises(Unbounded, match="no bound for the loop at 0x2") as caught:
        lengths({1: [(2, 1)], 2: [(3, 1), (4, 1)], 3: [(2, 1)], 4: []}, {4: 0}, [Loop(2, frozenset({2, 3}), None)])
    assert caught.value.nodes == (2, 3)


def test_a_cycle_that_is_no_natural_loop_is_refused() -> None:
    edges = {1: [(2, 1), (3, 1)], 2: [(3, 1), (4, 1)], 3: [(2, 1)], 4: []}
    loops = natural_loops({n: [t for t, _ in es] for n, es in edges.items()}, [1], lambda *_: 5)
    assert loops == []
    with pytest.raises(Unbounded):
        lengths(edges, {4: 0}, loops)


def test_steps_tell_the_way() -> None:
    edges = {1: [Edge(2, 1)], 2: [Edge(3, 10), Edge(4, 1)], 3: [Edge(2, 5)], 4: []}
    way = longest_ways(edges, {4: Way(0, 4)}, [Loop(2, frozenset({2, 3}), 7)])[1]
    assert way is not None
    steps = way.steps()
    (repeat,) = [step for step in steps if isinstance(step, Repeat)]
    assert (repeat.turns, repeat.body.steps()) == (6, [2, 3])
    assert [step for step in steps if not isinstance(step, Repeat)] == [1, 2, 3, 2, 4]


# A program: sequences of work, choices, loops with a bound, and looks. Its longest ways follow from its shape.


@dataclass(frozen=True)
class Work:
    length: int


@dataclass(frozen=True)
class Look:
    pass


@dataclass(frozen=True)
class Choice:
    first: tuple["Part", ...]
    second: tuple["Part", ...]


@dataclass(frozen=True)
class Turns:
    most: int
    body: tuple["Part", ...]


Part = Work | Look | Choice | Turns
parts = st.recursive(
    st.one_of(st.builds(Work, st.integers(1, 20)), st.just(Look())),
    lambda inner: st.one_of(
        st.builds(Choice, st.lists(inner, max_size=3).map(tuple), st.lists(inner, max_size=3).map(tuple)),
        st.builds(Turns, st.integers(1, 5), st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=14,
)


class Graph:
    """Nodes for a program; `looks` are cut into where a way ends and where the next one begins."""

    def __init__(self, program: tuple[Part, ...]) -> None:
        self.edges: dict[int, list[Edge]] = {}
        self.whole: dict[int, list[int]] = {}
        self.looks: set[int] = set()
        self.turns: dict[int, int] = {}
        self.start = self.node()
        self.end = self.add(program, self.start)

    def node(self) -> int:
        number = len(self.edges)
        self.edges[number], self.whole[number] = [], []
        return number

    def link(self, source: int, target: int, length: int = 0) -> None:
        self.edges[source].append(Edge(target, length))
        self.whole[source].append(target)

    def add(self, program: tuple[Part, ...], at: int) -> int:
        for part in program:
            after = self.node()
            if isinstance(part, Work):
                self.link(at, after, part.length)
            elif isinstance(part, Look):
                self.looks.add(at)
                self.whole[at].append(after)
            elif isinstance(part, Choice):
                for arm in (part.first, part.second):
                    begin = self.node()
                    self.link(at, begin)
                    self.link(self.add(arm, begin), after)
            else:
                head = self.node()
                self.link(at, head)
                begin = self.node()
                self.link(head, begin, 1)
                self.link(self.add(part.body, begin), head)
                self.turns[head] = part.most
                self.link(head, after)
            at = after
        return at


@dataclass(frozen=True)
class Runs:
    """The longest of all runs without a look; of those with one, the longest before, between and behind their looks."""

    whole: int | None = 0
    first: int | None = None
    between: int = 0
    last: int | None = None

    def then(self, other: "Runs") -> "Runs":
        return Runs(
            plus(self.whole, other.whole),
            largest(self.first, plus(self.whole, other.first)),
            largest(self.between, other.between, plus(self.last, other.first)) or 0,
            largest(other.last, plus(self.last, other.whole)),
        )

    def either(self, other: "Runs") -> "Runs":
        return Runs(
            largest(self.whole, other.whole),
            largest(self.first, other.first),
            max(self.between, other.between),
            largest(self.last, other.last),
        )

    def longest(self) -> int:
        return largest(*vars(self).values()) or 0


def plus(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def largest(*lengths: int | None) -> int | None:
    return max((each for each in lengths if each is not None), default=None)


def runs(program: tuple[Part, ...], more_turns: int = 0) -> Runs:
    """All runs, loops `more_turns` more often than they may."""
    found = Runs()
    for part in program:
        if isinstance(part, Work):
            more = Runs(part.length)
        elif isinstance(part, Look):
            more = Runs(None, 0, 0, 0)
        elif isinstance(part, Choice):
            more = runs(part.first, more_turns).either(runs(part.second, more_turns))
        else:
            turn = Runs(1).then(runs(part.body, more_turns))
            more = last = Runs()
            for _ in range(part.most + more_turns):
                last = last.then(turn)
                more = more.either(last)
        found = found.then(more)
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(parts, max_size=3).map(tuple))
def test_no_run_of_a_generated_program_is_longer_and_the_longest_is_near(program: tuple[Part, ...]) -> None:
    graph = Graph(program)
    loops = natural_loops(graph.whole, [graph.start], lambda head, *_: graph.turns[head])
    goals = {node: Way(0, node) for node in (*graph.looks, graph.end)}
    ways = longest_ways(graph.edges, goals, loops)
    starts = [graph.start, *(target for look in graph.looks for target in graph.whole[look])]
    longest = max(way.length for start in starts if (way := ways[start]) is not None)
    assert longest >= runs(program).longest()
    assert longest <= runs(program, 2).longest(), "long by the parts of a turn at its two ends"
