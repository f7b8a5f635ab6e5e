"""The longest ways through a body that was followed: to its end, to its end without an access, to the first access."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from hardtalk.bounds.bytecode_flow import Offset, counted_loop, turns_of
from hardtalk.bounds.cached_sends import Send
from hardtalk.bounds.followed import Followed
from hardtalk.bounds.frames import Frame, Problem, Result
from hardtalk.bounds.longest import Edge, Loop, Unbounded, Way, components, longest_ways
from hardtalk.bounds.loops import natural_loops
from hardtalk.bounds.values import NOTHING, integers, joined
from hardtalk.smalltalk.bytecodes import RETURNS, SPECIAL_CONSTANTS
from hardtalk.smalltalk.disassembler import Instruction

STATE_TURNS = (
    "Begin its body with the greatest number of turns, as in `[ … ] whileTrue: [ <turns: 16> … ]`, or write it as "
    "`16 timesRepeat: [ … ]` or `1 to: 16 do: [ … ]`, with a `^` where it ends earlier: then no more turns are made "
    "than are stated."
)
Measure = Callable[[Result], int | None]


def frame_result(follower: Followed, frame: Frame, start: Offset, end: Offset | None = None) -> Result:
    """Of the ways from `start` to a return, or to `end`."""
    return _Ways(follower, frame, start, end).result()


class _Ways:
    def __init__(self, follower: Followed, frame: Frame, start: Offset, end: Offset | None) -> None:
        self.follower = follower
        self.frame = frame
        self.start = start
        self.end = end
        self.all = {node: tuple(states) for node, states in frame.next.items()}
        if end is not None:
            self.all[end] = ()
        self.good = self.reaching(node for node in self.all if self.is_end(node))
        self.next = {node: tuple(each for each in self.all[node] if each in self.good) for node in sorted(self.good)}

    def is_end(self, node: Offset) -> bool:
        if self.end is not None:
            return node == self.end
        return self.frame.flow.at[node].row.name in RETURNS

    def reaching(self, ends: Iterable[Offset]) -> set[Offset]:
        before: dict[Offset, list[Offset]] = {}
        for node, targets in self.all.items():
            for target in targets:
                before.setdefault(target, []).append(node)
        found: set[Offset] = set()
        pending = list(ends)
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                pending += before.get(node, ())
        return found

    def result(self) -> Result:
        problem = self.problem()
        value = self.frame.answer
        if problem is not None:
            return Result(value, problem=problem)
        if self.start not in self.good:
            return Result()
        if not self.follower.counts:
            return Result(value, 0, 0)
        loops = self.loops()
        try:
            whole = self.longest(lambda each: each.whole, loops)
            silent = self.longest(lambda each: each.silent, loops)
            access = self.longest(lambda each: each.silent, loops, lambda each: each.access)
            words = self.longest(lambda each: each.words, loops)
        except Unbounded as error:
            head = error.nodes[0] if error.head is None else error.head
            text = "a loop without a greatest number of turns"
            return Result(value, problem=Problem(self.frame.method.place(head), text, STATE_TURNS))
        results = [self.frame.results[node] for node in self.good if node != self.end]
        contexts = max(each.contexts for each in results)
        sends = frozenset[tuple[Send, int]]().union(*(each.sends for each in results))
        return Result(value, whole, silent, access, contexts, words or 0, sends=sends)

    def problem(self) -> Problem | None:
        """The first on a way that comes to an end; or a loop that never does."""
        for node in sorted(self.good):
            found = None if node == self.end else self.frame.results[node].problem
            if found is not None:
                place = self.frame.method.place(node)
                return (
                    found if place in (found.place, *found.through) else replace(found, through=(*found.through, place))
                )
        bad = {node: [Edge(each, 0) for each in self.all[node]] for node in self.all if node not in self.good}
        for component in components(bad):
            if len(component) > 1 or any(edge.target == component[0] for edge in bad[component[0]]):
                return Problem(self.frame.method.place(min(component)), "a loop that does not end", STATE_TURNS)
        return None

    def longest(self, measure: Measure, loops: Sequence[Loop], ending: Measure | None = None) -> int | None:
        """From the start: to an end, or where `ending` is given to a node that has such a length."""
        edges: dict[Offset, list[Edge]] = {}
        ends: dict[Offset, Way] = {}
        for node, targets in self.next.items():
            is_goal = node == self.end
            length = 0 if is_goal else measure(self.frame.results[node])
            edges[node] = [] if length is None or is_goal else [Edge(target, length) for target in targets]
            goal = (None if is_goal else ending(self.frame.results[node])) if ending is not None else None
            if ending is None and self.is_end(node):
                goal = length
            if goal is not None:
                ends[node] = Way(goal, node)
        way = longest_ways(edges, ends, loops)[self.start]
        return None if way is None else way.length

    # Loops

    def loops(self) -> list[Loop]:
        return natural_loops(self.next, [self.start], self.turns)

    def turns(self, head: Offset, _tails: Sequence[Offset], nodes: frozenset[Offset]) -> int | None:
        frame = self.frame
        counted = counted_loop(frame.flow, nodes, head, self.next, self.constant)
        if counted is None:
            return None
        entered = NOTHING if head != self.start else frame.states[head].temporaries[counted.temporary]
        for node, states in frame.next.items():
            if node not in nodes and head in states:
                entered = joined(entered, states[head].temporaries[counted.temporary])
        first, limit = integers(entered), integers(frame.states[counted.compared_at].stack[-1][0])
        return None if first is None or limit is None else turns_of(counted, first, limit)

    def constant(self, instruction: Instruction) -> int | None:
        """The integer that an instruction pushes."""
        name, operands = instruction.row.name, instruction.operands
        if name == "pushConstant":
            text = SPECIAL_CONSTANTS[operands[0]]
            return int(text) if text.lstrip("-").isdigit() else None
        return self.follower.image.integer(self.frame.method.literals[operands[0]]) if name == "pushLiteral" else None
