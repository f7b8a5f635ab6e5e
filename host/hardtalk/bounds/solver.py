"""The longest ways through a graph of code with calls: from each node to a goal, and to the return from its routine.

Routines are solved before their callers, so that a call is an edge as long as the way through the callee. From a node
inside a routine a way may also return and go on behind the longest of all calls: `whole` has the longest of these.
Recursion has no longest way and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from hardtalk.bounds.blocks import End, Unprovable
from hardtalk.bounds.caches import CachedModel
from hardtalk.bounds.costs import Model
from hardtalk.bounds.graph import Flow, Graph, address_of
from hardtalk.bounds.longest import Edge, Loop, Node, Way, components, joined, longest_ways


class Solver:
    """`goals` are the ends of blocks that reach the goal, `returns` those that return; others lead nowhere.

    `later` has solved the graph for code that lies in the cache, which it does in the second turn of a loop; `freed`
    for the words stored to lines that are taken for loaded.
    """

    def __init__(
        self,
        graph: Graph,
        model: Model,
        goals: frozenset[End],
        returns: frozenset[End] = frozenset({End.RETURN}),
        later: Solver | None = None,
        freed: Solver | None = None,
    ) -> None:
        self.graph = graph
        self.model = model
        self._later = later
        self._freed = freed
        self._routine_lines: dict[int, frozenset[int]] = {}
        self._loops = graph.loops if later is None else [self._fetched(loop) for loop in graph.loops]
        self._ends: dict[bool, frozenset[End | None]] = {True: frozenset(goals), False: frozenset(returns)}
        self.to_goal: dict[Node, Way | None] = {}
        self.to_return: dict[Node, Way | None] = {}
        for component in self.order:
            self._solve(component)

    @cached_property
    def order(self) -> list[list[Node]]:
        """Strongly connected components of flow and calls; each after those that it leads to and the routines it calls.

        What follows a call comes after the routine called, too.
        """
        edges: dict[Node, list[Edge]] = {}
        for node, flow in self.graph.flows.items():
            edges.setdefault(node, []).extend(Edge(target, 0) for target in self.graph.successors(node))
            for callee in flow.callees:
                edges[node].append(Edge(callee, 0))
                for after in flow.on:
                    edges.setdefault(after, []).append(Edge(callee, 0))
        return components(edges)

    def _solve(self, component: Sequence[Node]) -> None:
        inside = frozenset(component)
        for node in component:
            for callee in self.graph.flows[node].callees:
                if callee in inside:
                    raise Unprovable(callee, f"it is called again, at {address_of(node):#x}, before it has returned")
        self.to_goal.update(self._ways(component, self.to_goal, is_goal=True))
        self.to_return.update(self._ways(component, self.to_return, is_goal=False))

    def _ways(
        self, component: Sequence[Node], found: dict[Node, Way | None], *, is_goal: bool
    ) -> dict[Node, Way | None]:
        """Of a component's nodes, from `found` for those that it leads to."""
        inside = frozenset(component)
        edges = {node: [edge for edge in self._edges(node) if edge.target in inside] for node in component}
        ends = {node: self._best(node, found, inside, is_goal=is_goal) for node in component}
        if len(component) == 1 and not edges[component[0]]:
            return dict(ends)
        return longest_ways(edges, {node: way for node, way in ends.items() if way is not None}, self._loops)

    def with_loop(self, loop: Loop) -> dict[Node, tuple[Way | None, Way | None]]:
        """The ways to the goal and to the return from the nodes of a loop's component, were the loop of this head this
        one; empty when no cycle is left of it."""
        (component,) = [each for each in self.order if loop.head in each]
        if len(component) == 1 and all(edge.target != loop.head for edge in self._edges(loop.head)):
            return {}
        kept, self._loops = self._loops, [loop if each.head == loop.head else each for each in self._loops]
        try:
            return self._both(component)
        finally:
            self._loops = kept

    def with_flow(self, node: Node, flow: Flow) -> dict[Node, tuple[Way | None, Way | None]]:
        """The same from the nodes of the component that a node is in, were this what follows it. Raises Unbounded."""
        kept = self.graph.flows[node]
        self.graph.flows[node] = flow
        try:
            return self._both(self._cycles_through(node))
        finally:
            self.graph.flows[node] = kept

    def _cycles_through(self, node: Node) -> list[Node]:
        """The node and all that lie on a cycle with it."""
        leading: dict[Node, list[Node]] = {}
        pending, seen = [node], {node}
        while pending:
            for target in self.graph.successors(source := pending.pop()):
                leading.setdefault(target, []).append(source)
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
        pending, found = [node], {node}
        while pending:
            new = [each for each in leading.get(pending.pop(), ()) if each not in found]
            found.update(new)
            pending += new
        return sorted(found)

    def _both(self, component: Sequence[Node]) -> dict[Node, tuple[Way | None, Way | None]]:
        goals = self._ways(component, self.to_goal, is_goal=True)
        returns = self._ways(component, self.to_return, is_goal=False)
        return {node: (goals[node], returns[node]) for node in component}

    def _edges(self, node: Node) -> Iterator[Edge]:
        """The edges from a node; behind a call with the longest way through the routine called."""
        flow = self.graph.flows[node]
        cost = self.model.cost(flow.block)
        later = None if self._later is None else self._later.model.cost(flow.block)
        seam = self.model.seam(flow.block) if flow.block.end is End.ON else 0
        through, through_later = 0, 0
        if flow.callees:
            through = max(self._through(flow), default=-1)
            if self._later is not None:
                through_later = max(self._later._through(flow), default=0)
        for target in flow.skips:
            yield Edge(target, cost.skipped, None if later is None else later.skipped)
        for target in flow.taken:
            yield Edge(target, cost.executed, None if later is None else later.executed)
        for target in flow.on if through >= 0 else ():
            is_call = bool(flow.callees)
            length = cost.executed + through if is_call else cost.skipped + seam
            if later is None:
                yield Edge(target, length)
            else:
                yield Edge(target, length, later.executed + through_later if is_call else later.skipped + seam)

    def _through(self, flow: Flow) -> Iterator[int]:
        """The lengths through the routines called here, without what the place of the call has made known."""
        for callee in flow.callees:
            way = self.to_return[callee]
            if way is not None:
                yield max(0, way.length - self.model.known(flow.block, callee))

    # Code in the cache

    def _fetched(self, loop: Loop) -> Loop:
        """The loop, with the cost of fetching its code once, and in each turn again what finds no place."""
        lines = frozenset[int]().union(*(self._lines_from(node) for node in loop.nodes))
        assert isinstance(self.model, CachedModel)
        return replace(loop, once=self.model.fetch_cycles(lines), each=self.model.crowded(lines))

    def _lines_from(self, node: Node) -> frozenset[int]:
        """The lines of a node's code and of the routines that it calls."""
        assert isinstance(self.model, CachedModel)
        flow = self.graph.flows[node]
        return self.model.lines(flow.block).union(*(self._lines_of(callee) for callee in flow.callees))

    def _lines_of(self, entry: int) -> frozenset[int]:
        if entry not in self._routine_lines:
            self._routine_lines[entry] = frozenset()
            seen, pending, lines = {entry}, [entry], set[int]()
            while pending:
                node = pending.pop()
                lines |= self._lines_from(node)
                new = [target for target in self.graph.successors(node) if target not in seen]
                seen.update(new)
                pending += new
            self._routine_lines[entry] = frozenset(lines)
        return self._routine_lines[entry]

    def _best(self, node: Node, found: dict[Node, Way | None], inside: frozenset[Node], *, is_goal: bool) -> Way | None:
        """The longest way that leaves the component at once."""
        flow = self.graph.flows[node]
        best: Way | None = None
        for edge in self._edges(node):
            way = None if edge.target in inside else found[edge.target]
            if way is not None and (best is None or edge.length + way.length > best.length):
                best = Way(edge.length + way.length, node, way)
        executed = self.model.cost(flow.block).executed
        if is_goal:
            for callee in flow.callees:
                way = self.to_goal[callee]
                if way is not None and (best is None or executed + way.length > best.length):
                    best = Way(executed + way.length, node, way)
        if flow.ends in self._ends[is_goal] and (best is None or executed > best.length):
            best = Way(executed, node)
        return best

    # Beyond a return

    @cached_property
    def beyond(self) -> dict[Node, Way]:
        """Of each node that a routine's return can be reached from, the longest way to the goal behind its callers."""
        called: dict[Node, list[int]] = {}
        for flow in self.graph.flows.values():
            for after in flow.on if flow.callees else ():
                called.setdefault(after, []).extend(flow.callees)
        found: dict[Node, Way] = {}
        for component in reversed(self.order):
            ways = [found[node] for node in component if node in found]
            longest = max(ways, key=lambda way: way.length, default=None)
            if longest is not None:
                for node in component:
                    found[node] = longest
                    for target in self.graph.successors(node):
                        _keep_longer(found, target, longest)
            for node in component:
                for callee in called.get(node, ()):
                    way = self._begun(node, self._whole(node, found))
                    if way is not None:
                        _keep_longer(found, callee, way)
        return found

    def _begun(self, node: Node, way: Way | None) -> Way | None:
        """A way as it is when it begins at a node."""
        if way is None or self._freed is None:
            return way
        freed = self._freed.to_goal[node]
        more = self.model.assumed(address_of(node), 0 if freed is None else freed.length)
        return way if more == 0 else Way(way.length + more, way.first, way.rest)

    def _whole(self, node: Node, beyond: dict[Node, Way]) -> Way | None:
        goal, back, rest = self.to_goal[node], self.to_return[node], beyond.get(node)
        if back is None or rest is None or (goal is not None and goal.length >= back.length + rest.length):
            return goal
        return joined(back, rest)

    def whole(self, node: Node) -> Way | None:
        """The longest way from a node to the goal, through returns where there are any."""
        return self._begun(node, self._whole(node, self.beyond))


def _keep_longer(found: dict[Node, Way], node: Node, way: Way) -> None:
    known = found.get(node)
    if known is None or way.length > known.length:
        found[node] = way
