"""What each step of a Smalltalk method costs at most: every bytecode, primitive and activation at its own bound.

A step begins where dispatch or a send leads to and ends with the next dispatch, or where a send has found its method.
No interrupt comes meanwhile: who is interrupted waits longer, which is the response-time analysis's to say. Every send
is taken for one that the method cache does not know; the search is a step of its own, as long as the classes and keys
that it looks at.

Some ways through a step are gone by few steps of a handler's run only, and are counted apart (`context`, `integer`): a
context, or the integer that a register's word needs, is made only when none is left of those that came back before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

from hardtalk.bounds.blocks import Block, Code, End
from hardtalk.bounds.graph import Flow, Graph, address_of, graph_of
from hardtalk.bounds.longest import Edge, Loop, Node, components
from hardtalk.bounds.proof import HITTING, Proof
from hardtalk.bounds.semantics import MEANINGS, OF_INTEGERS
from hardtalk.bounds.solver import Solver
from hardtalk.bounds.stretch import RETURNS
from hardtalk.bounds.telling import place, routine_name
from hardtalk.smalltalk.bytecodes import BY_NAME
from hardtalk.vm.facts import METHOD
from hardtalk.vm.primitives import PRIMITIVE_NAMED

FAILING: Final = frozenset(
    {
        *("awaitMemory", "memoryExhausted", "stopActiveProcess", "warn:"),
        *("sendCannotReturn:", "sendUnfound:class:arguments:", "sendMustBeBoolean", "unknownBytecode"),
    }
)
"""Routines that no handler comes to while it works: memory has run out, or it has made an error and is stopped."""
SLEEPING: Final = frozenset({"waitForReadyProcess"})
"""Where the processor waits because no process is ready: nobody's time."""
SEARCH, FIT = "search:class:from:", "does:fit:"
APART: Final = frozenset({SEARCH, FIT})
"""Routines called by a send whose lengths are given by the class and the method: `Steps.search`, `Steps.fit`."""
LOOKUP, DEPTHS = "lookup:in:", ("does:inheritFrom:", "isScheduled:", "nearestKnownAbove:")

MAKING: Final = frozenset({"makeSmallContextFor:arguments:", "makeContextForClosure:arguments:"})
ADDING: Final = frozenset({"makeContext:size:headerWord:", "makeSpareInteger"})
"""Where contexts and integers are made; the first go on to the next dispatch, the others return."""
LONG_RETURNS: Final = frozenset({"returnFromHome:", "returnToSender:"})
"""How a context is left that was large, had escaped, or had been suspended."""

DIGIT_CLASSES: Final = frozenset(f"LargeInteger{part}" for part in ("Arithmetic", "Bits", "Division", "Operands"))
NEAR_TURNS: Final = 8
"""Their loops go round once for each word or half word of an operand or a result; those in two words have four of
these, a product of them eight."""

ACTIVATIONS: Final = tuple(f"activate{kind}:arguments:" for kind in ("Unary", "Binary", "Small", "Large"))
DISPATCHED, SENT = frozenset({End.DISPATCH}), frozenset({End.JUMP})
ROLES: Final = ("normal", "marking")


USUAL: Final = (FAILING | SLEEPING | MAKING | LONG_RETURNS, APART | ADDING)


@dataclass(frozen=True)
class Unlimited:
    """A step without a bound: the loop in the virtual machine that has none."""

    text: str


class Table:
    """The longest ways of steps, but for the routines in `cut`, where no way leads on, and in `free`, which return at
    once. Those from `entries` are found together, others when they are asked for."""

    def __init__(
        self, proof: Proof, model: str, cut: frozenset[str], free: frozenset[str], digit_turns: int | None = None
    ) -> None:
        """`digit_turns`: how often loops over the digits of integers go round at most, where that is less."""
        self._proof = proof
        self._code: Code = proof.code
        self._model = model
        routines = self._code.facts.routines
        self._digit_turns = digit_turns
        self._cut = {routine.address for routine in routines if routine.selector in cut}
        self._free = {routine.address for routine in routines if routine.selector in free}
        self._unbounded: dict[Node, Node] = {}
        self._solvers: dict[Node, tuple[Solver, Solver]] = {}

    def prepare(self, entries: Iterable[int]) -> None:
        wanted = sorted({entry for entry in entries if entry not in self._unbounded and entry not in self._solvers})
        if not wanted:
            return
        heads = self._heads(self._graph(wanted))
        self._unbounded.update({entry: heads[entry] for entry in wanted if entry in heads})
        roots = [entry for entry in wanted if entry not in heads]
        if roots:
            graph = self._graph(roots)
            dispatched = self._proof.solved(graph, DISPATCHED, RETURNS, self._model)
            sent = self._proof.solved(graph, SENT, RETURNS, self._model)
            self._solvers.update(dict.fromkeys(roots, (dispatched, sent)))

    def _graph(self, roots: Iterable[Node]) -> Graph:
        def is_end(block: Block) -> bool:
            jump = self._code.facts.jump_at.get(block.stop - 4)
            is_sent = jump is not None and jump.kind == METHOD
            return is_sent or block.address in self._cut or block.address in self._free

        graph = graph_of(self._code, roots, is_end)
        for node, flow in graph.flows.items():
            if address_of(node) in self._cut or address_of(node) in self._free:
                graph.flows[node] = Flow(flow.block, ends=End.RETURN if address_of(node) in self._free else None)
        return (
            graph if self._digit_turns is None else replace(graph, loops=[self._limited(each) for each in graph.loops])
        )

    def _limited(self, loop: Loop) -> Loop:
        routine = self._code.facts.routine_at(address_of(loop.head))
        is_of_digits = routine is not None and routine.class_name in DIGIT_CLASSES
        if not is_of_digits or loop.turns is None:
            return loop
        return replace(loop, turns=min(loop.turns, self._digit_turns or 0))

    @staticmethod
    def _heads(graph: Graph) -> dict[Node, Node]:
        """Of each node that leads into a loop without a bound, that loop's head."""
        before: dict[Node, list[Node]] = {}
        edges: dict[Node, list[Edge]] = {}
        for node, flow in graph.flows.items():
            edges[node] = [Edge(target, 0) for target in graph.successors(node)]
            for target in (*graph.successors(node), *flow.callees):
                before.setdefault(target, []).append(node)
        turns = {loop.head: loop.turns for loop in graph.loops}
        found: dict[Node, Node] = {}
        for component in components(edges):
            is_cycle = len(component) > 1 or any(edge.target == component[0] for edge in edges[component[0]])
            heads = [node for node in component if turns.get(node, 0) is None]
            if is_cycle and heads:
                found.update(dict.fromkeys(component, heads[0]))
        pending = list(found)
        while pending:
            node = pending.pop()
            for earlier in before.get(node, ()):
                if earlier not in found:
                    found[earlier] = found[node]
                    pending.append(earlier)
        return found

    def to_dispatch(self, entry: int) -> int | Unlimited:
        return self._length(0, entry)

    def to_method(self, entry: int) -> int | Unlimited:
        return self._length(1, entry)

    def to_return(self, entry: int) -> int:
        """Through a routine that is called."""
        self.prepare([entry])
        way = self._solvers[entry][0].to_return[entry]
        assert way is not None
        return way.length

    def _length(self, goal: int, entry: int) -> int | Unlimited:
        self.prepare([entry])
        if entry in self._unbounded:
            source_map, head = self._proof.source_map, self._unbounded[entry]
            where = f"{routine_name(source_map, head)} ({place(source_map, head)})"
            return Unlimited(f"the virtual machine has a loop without a bound there, in {where}")
        way = self._solvers[entry][goal].whole(entry)
        return Unlimited("no way leads on there") if way is None else way.length


class Steps:
    """Of the firmware that `proof` is of, in one of its models."""

    def __init__(self, proof: Proof, model: str = HITTING) -> None:
        self._proof = proof
        self._model = model
        self._code = proof.code
        self._normal = {role: self._code.table(role) for role in ROLES}
        (self._primitives,) = (each.address for each in self._code.facts.tables if each.name == "primitiveTable")
        self._search = lru_cache(maxsize=None)(self._searched)
        self._fit = lru_cache(maxsize=None)(self._fitted)

    @property
    def _bytecodes(self) -> list[int]:
        return [entry for role in ROLES for entry in self._normal[role]]

    @cached_property
    def full(self) -> Table:
        """Every way that a working handler can go."""
        return Table(self._proof, self._model, FAILING | SLEEPING, APART)

    @cached_property
    def usual(self) -> Table:
        """Without making anything, and leaving contexts that nothing else knows."""
        table = Table(self._proof, self._model, *USUAL)
        numbers = [number for name in (*MEANINGS, *OF_INTEGERS) for number in PRIMITIVE_NAMED[name].numbers]
        table.prepare([*self._bytecodes, *map(self.primitive, numbers), *map(self.routine, ACTIVATIONS)])
        return table

    @cached_property
    def near(self) -> Table:
        """As `usual`, for operations of integers that are held in two words."""
        table = Table(self._proof, self._model, *USUAL, NEAR_TURNS)
        table.prepare(self.primitive(PRIMITIVE_NAMED[name].number) for name in OF_INTEGERS)
        return table

    @cached_property
    def context(self) -> int:
        """How much longer an activation is that makes a context, because none is free."""
        entries = [self.routine(selector) for selector in (ACTIVATIONS[0], ACTIVATIONS[-1])]
        found = [(self.full.to_dispatch(entry), self.usual.to_dispatch(entry)) for entry in entries]
        lengths = [most - least for most, least in found if isinstance(most, int) and isinstance(least, int)]
        assert len(lengths) == len(found)
        return max(lengths)

    @cached_property
    def integer(self) -> int:
        """How much longer the reading of a word is that makes the integer for it, because the last one was used."""
        return self.full.to_return(self.routine("makeSpareInteger"))

    @cached_property
    def interrupting(self) -> int:
        """What a handler costs another process that it interrupts, beside its own length: it waits again; the other's
        innermost context is left by the longer way, and the integer for a register's word may have been used."""
        waiting = self.usual.to_dispatch(self.primitive(PRIMITIVE_NAMED["Wait"].number))
        leaving = self.bytecode(BY_NAME["returnTop"].first, self.full)
        assert isinstance(waiting, int) and isinstance(leaving, int)
        return waiting + leaving + self.integer

    def routine(self, selector: str) -> int:
        (address,) = (each.address for each in self._code.facts.routines if each.selector == selector)
        return address

    def bytecode(self, opcode: int, table: Table) -> int | Unlimited:
        """To the next dispatch, whether the collector marks or not."""
        return _most([table.to_dispatch(self._normal[role][opcode]) for role in ROLES])

    def send(self, opcode: int) -> int | Unlimited:
        """Until the method is found, but for the search."""
        return _most([self.usual.to_method(self._normal[role][opcode]) for role in ROLES])

    @cached_property
    def known(self) -> Table:
        """As `usual`, but for ways on which a method is searched for."""
        table = Table(self._proof, self._model, USUAL[0] | {SEARCH}, ADDING | {FIT})
        table.prepare(self._bytecodes)
        return table

    def known_send(self, opcode: int) -> int | Unlimited:
        """As `send`, of a method that the method cache knows."""
        return _most([self.known.to_method(self._normal[role][opcode]) for role in ROLES])

    def primitive(self, number: int) -> int:
        """The address of its routine."""
        return self._code.word(self._primitives + 4 * number)

    def search(self, levels: int, probes: int, depth: int) -> int:
        """Looking for a method in so many classes, at so many keys in each; the chain is `depth` classes long."""
        return self._search(levels, probes, depth)

    def _searched(self, levels: int, probes: int, depth: int) -> int:
        return self._called(SEARCH, {SEARCH: levels, LOOKUP: probes, **dict.fromkeys(DEPTHS, depth)})

    def fit(self, depth: int) -> int:
        """Comparing a receiver's class with what the primitive relies on."""
        return self._fit(depth)

    def _fitted(self, depth: int) -> int:
        return self._called(FIT, dict.fromkeys(DEPTHS, depth))

    def _called(self, selector: str, turns: dict[str, int]) -> int:
        """Through a routine whose loops go round so often, by the routine's selector."""
        entry = self.routine(selector)
        graph = graph_of(self._code, [entry], lambda block: False)
        loops = []
        for loop in graph.loops:
            routine = self._code.facts.routine_at(address_of(loop.head))
            limit = None if routine is None else turns.get(routine.selector)
            loops.append(loop if limit is None else replace(loop, turns=limit))
        way = self._proof.solved(replace(graph, loops=loops), frozenset({End.RETURN}), RETURNS, self._model).whole(
            entry
        )
        assert way is not None
        return way.length


def _most(lengths: list[int | Unlimited]) -> int | Unlimited:
    known = [each for each in lengths if isinstance(each, int)]
    return max(known) if len(known) == len(lengths) else next(each for each in lengths if not isinstance(each, int))
