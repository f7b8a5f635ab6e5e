"""The longest way from each node of a graph to a goal, where loops are run at most as often as their bound allows.

The graph is a flow graph of code that was cut at the goals. A cycle that is left after cutting must lie in a loop with
a bound; one that does not has no longest way, and `Unbounded` names it. Loops nest: the bound of an inner loop counts
anew in each turn of the outer one. Lengths are integers of any unit, and edges carry them.

A bound limits the edges back to the head. A way that ends inside the loop may have begun one turn more: the length is
never short, and long by a part of a turn at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

Node = int


class Edge(NamedTuple):
    """`later` is the length in a loop's second and further turns, when that is another one."""

    target: Node
    length: int
    later: int | None = None


Edges = Mapping[Node, Sequence[Edge]]


@dataclass(frozen=True)
class Loop:
    """A natural loop: its head, all its nodes, and how often at most an edge back to the head is taken in one run.

    `turns` is None when nobody stated it. Beside its edges a run costs `once`, each turn but the first `each`.
    """

    head: Node
    nodes: frozenset[Node]
    turns: int | None
    once: int = 0
    each: int = 0


@dataclass(frozen=True)
class Way:
    """A way of so great a length; `first`, then the steps of `rest`. A step is a node or a repeated loop."""

    length: int
    first: "Node | Repeat | None" = None
    rest: "Way | None" = None

    def steps(self) -> "list[Node | Repeat]":
        found: list[Node | Repeat] = []
        way: Way | None = self
        while way is not None:
            if way.first is not None:
                found.append(way.first)
            way = way.rest
        return found


@dataclass(frozen=True)
class Repeat:
    """`turns` times the way `body`, which begins at a loop's head and comes back to it."""

    turns: int
    body: Way


class Unbounded(Exception):
    """A cycle that contains no goal and has no bound. `nodes` are those on it, `head` the loop's when it is one."""

    def __init__(self, nodes: Iterable[Node], head: Node | None) -> None:
        self.nodes = tuple(sorted(nodes))
        self.head = head
        super().__init__(f"no bound for the loop at {self.head or self.nodes[0]:#x}")


@dataclass
class _Region:
    """Part of the graph: its nodes, the edges inside it, what is added where a way leaves it or reaches a goal."""

    edges: dict[Node, list[Edge]]
    ends: dict[Node, Way]
    ways: dict[Node, Way | None] = field(default_factory=dict)


def longest_ways(edges: Edges, ends: Mapping[Node, Way], loops: Sequence[Loop]) -> dict[Node, Way | None]:
    """For each node the longest way to a goal; None where no goal can be reached.

    `ends` are the ways with which a node reaches a goal at once, over no edge of the graph. Raises Unbounded. Such a
    node may have edges of its own: a way may end there or go on.
    """
    return _solve(_Region({node: list(ways) for node, ways in edges.items()}, dict(ends)), loops)


def _solve(region: _Region, loops: Sequence[Loop]) -> dict[Node, Way | None]:
    for component in components(region.edges):
        if len(component) == 1 and all(edge.target != component[0] for edge in region.edges[component[0]]):
            node = component[0]
            region.ways[node] = _best(node, region, region.edges[node], region.ends.get(node))
        else:
            _solve_cycle(frozenset(component), region, loops)
    return region.ways


def _later(edges: Edges) -> dict[Node, list[Edge]]:
    return {node: [Edge(each.target, _later_length(each)) for each in ways] for node, ways in edges.items()}


def _later_length(edge: Edge) -> int:
    return edge.length if edge.later is None else edge.later


def _later_ends(region: "_Region", nodes: frozenset[Node], head: Node) -> dict[Node, Way]:
    back = {node: [_later_length(edge) for edge in region.edges[node] if edge.target == head] for node in nodes}
    return {node: Way(max(lengths), node) for node, lengths in back.items() if lengths}


def _best(node: Node, region: _Region, edges: Iterable[Edge], end: Way | None) -> Way | None:
    best = end
    for edge in edges:
        way = region.ways.get(edge.target)
        if way is not None and (best is None or way.length + edge.length > best.length):
            best = Way(way.length + edge.length, node, way)
    return best


def _solve_cycle(nodes: frozenset[Node], region: _Region, loops: Sequence[Loop]) -> None:
    loop = _outermost(nodes, loops)
    if loop is None or loop.turns is None:
        raise Unbounded(nodes, None if loop is None else loop.head)
    inside: dict[Node, list[Edge]] = {}
    leaving: dict[Node, Way] = {}
    returning: dict[Node, Way] = {}
    for node in nodes:
        edges = region.edges[node]
        inside[node] = [edge for edge in edges if edge.target in nodes and edge.target != loop.head]
        out = [edge for edge in edges if edge.target not in nodes]
        end = _best(node, region, out, region.ends.get(node))
        if end is not None:
            leaving[node] = end
        back = [edge.length for edge in edges if edge.target == loop.head]
        if back:
            returning[node] = Way(max(back), node)
    exits = _solve(_Region(inside, leaving), loops)
    turns = _solve(_Region(inside, returning), loops)
    again, last = turns[loop.head], exits[loop.head]
    if any(edge.later is not None for node in nodes for edge in region.edges[node]):
        known = [replace(each, once=0) for each in loops]
        again = _solve(_Region(_later(inside), _later_ends(region, nodes, loop.head)), known)[loop.head]
    for node in nodes:
        region.ways[node] = exits[node]
        first = turns[node]
        if first is None or last is None or again is None or loop.turns == 0:
            continue
        more = loop.turns - 1
        tail = last
        if more or loop.once:
            tail = Way(loop.once + more * (again.length + loop.each) + last.length, Repeat(more, again), last)
        length = first.length + tail.length
        best = region.ways[node]
        if best is None or length > best.length:
            region.ways[node] = joined(first, tail)


def joined(first: Way, tail: Way) -> Way:
    """One way behind the other. `first` keeps the lengths of its steps."""
    whole = tail
    for step, own in reversed([(way.first, way.length) for way in _parts(first)]):
        whole = Way(own + tail.length, step, whole)
    return whole


def _parts(way: Way) -> list[Way]:
    found: list[Way] = []
    at: Way | None = way
    while at is not None:
        found.append(at)
        at = at.rest
    return found


def _outermost(nodes: frozenset[Node], loops: Sequence[Loop]) -> Loop | None:
    """The loop whose head is on the cycle and which holds all of it."""
    found = [loop for loop in loops if loop.head in nodes and nodes <= loop.nodes]
    return max(found, key=lambda loop: (len(loop.nodes), -loop.head), default=None)


def components(edges: Mapping[Node, Sequence[Edge]]) -> list[list[Node]]:
    """The strongly connected components, each before those that lead to it (Tarjan's algorithm without recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    waiting: list[Node] = []
    is_waiting: set[Node] = set()
    found: list[list[Node]] = []
    for root in edges:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        waiting.append(root)
        is_waiting.add(root)
        work = [(root, iter(edges[root]))]
        while work:
            node, rest = work[-1]
            for edge in rest:
                target = edge.target
                if target not in edges:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    waiting.append(target)
                    is_waiting.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in is_waiting:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        each = waiting.pop()
                        is_waiting.discard(each)
                        component.append(each)
                        if each == node:
                            break
                    found.append(component)
    return found
