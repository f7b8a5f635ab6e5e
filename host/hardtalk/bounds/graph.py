"""The flow of a firmware's blocks: which follows which, what a test for interrupts decides, and what is called.

A node is the address of a block. A block that lies behind a test for interrupts which an interrupt has made true is a
node of its own, its address + 1: there the branch of that test goes one way only. So, from any instruction, a way leads
through the test as an interrupt decides it; only where the interrupt came behind the test are both ways open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hardtalk.arm.flow import Instruction
from hardtalk.bounds.blocks import ALWAYS, EQUAL, NOT_EQUAL, Block, Code, End, Unprovable
from hardtalk.bounds.longest import Loop, Node
from hardtalk.bounds.loops import natural_loops
from hardtalk.vm.facts import LoopEdge

DECIDED = 1
TESTED_REGISTER = "dispatchBase"


def address_of(node: Node) -> int:
    return node & ~DECIDED


@dataclass(frozen=True)
class Flow:
    """What follows a node: `on` with the last instruction not executed (or no branch), `taken` with it; `callees` are
    called before `on`. `ends`: the block itself ends the way, by its `End`, when the last instruction is executed."""

    block: Block
    on: tuple[Node, ...] = ()
    taken: tuple[Node, ...] = ()
    callees: tuple[int, ...] = ()
    skips: tuple[Node, ...] = ()
    ends: End | None = None


@dataclass
class Graph:
    """`flows` of each node; `roots` the nodes at which control comes in; `loops` those of the whole graph.
    `begins_everywhere`: a way may begin at any node."""

    code: Code
    blocks: Mapping[int, Block]
    flows: dict[Node, Flow]
    roots: tuple[Node, ...]
    loops: list[Loop]
    begins_everywhere: bool = False

    def successors(self, node: Node) -> tuple[Node, ...]:
        flow = self.flows[node]
        return (*flow.on, *flow.taken, *flow.skips)


def graph_of(
    code: Code, entries: Iterable[int], is_goal: Callable[[Block], bool], *, everywhere: bool = False
) -> Graph:
    """The graph of the code reached from `entries`. A way goes no further than a block that `is_goal`.

    `everywhere`: ways may begin at any block, the one behind a goal among them, and an interrupt waits on each of them,
    so that a test for it is true. Otherwise they begin at the entries, and tests are not decided.
    """
    roots = tuple(sorted(set(entries)))
    blocks = code.blocks(roots)
    flows: dict[Node, Flow] = {}
    pending: list[Node] = list(blocks) if everywhere else list(roots)
    while pending:
        node = pending.pop()
        if node in flows:
            continue
        flow = _flow(code, blocks, node, is_goal, everywhere)
        flows[node] = flow
        pending += [*flow.on, *flow.taken, *flow.skips, *flow.callees]
    return Graph(code, blocks, flows, roots, _loops(code, blocks, roots, flows), everywhere)


def without_calls(graph: Graph) -> Graph:
    """The same, where a call is passed by, and a way may end at each."""
    flows = {
        node: replace(flow, callees=(), ends=End.CALL) if flow.callees else flow for node, flow in graph.flows.items()
    }
    return replace(graph, flows=flows)


def _loops(code: Code, blocks: Mapping[int, Block], roots: Sequence[int], flows: Mapping[Node, Flow]) -> list[Loop]:
    """The loops of the code as it is written, whatever a test for interrupts decides, with nodes of `flows`."""
    plain = {address: _plain_successors(block) for address, block in blocks.items()}
    called = {target for block in blocks.values() if block.end is End.CALL for target in block.targets}
    bounds = _Bounds(code, blocks, plain)
    found = []
    for loop in natural_loops(plain, sorted({*roots, *called}), bounds.turns):
        nodes = frozenset(node for address in loop.nodes for node in (address, address | DECIDED) if node in flows)
        heads = [node for node in (loop.head, loop.head | DECIDED) if node in flows]
        found += [Loop(head, nodes, loop.turns) for head in heads]
    return found


def _plain_successors(block: Block) -> tuple[int, ...]:
    after = (block.stop,) if block.goes_on else ()
    return (*after, *block.targets) if block.end is End.JUMP else after


def _flow(
    code: Code, blocks: Mapping[int, Block], node: Node, is_goal: Callable[[Block], bool], decides_polls: bool
) -> Flow:
    block = blocks[address_of(node)]
    if is_goal(block):
        return Flow(block, ends=block.end)
    is_decided = bool(node & DECIDED) and not block.sets_flags
    next_node = block.stop
    if block.polls and decides_polls:
        check_poll(code, block.instructions[-1])
        next_node = block.stop | DECIDED
    elif is_decided and block.end is End.ON:
        next_node = block.stop | DECIDED
    may_execute = not (is_decided and block.condition == EQUAL)
    may_skip = block.condition != ALWAYS and not (is_decided and block.condition == NOT_EQUAL)
    if block.end is End.ON:
        return Flow(block, on=(next_node,))
    if block.end is End.CALL:
        skips = (block.stop,) if may_skip else ()
        return Flow(block, on=(block.stop,), callees=block.targets, skips=skips)
    on = (block.stop,) if may_skip else ()
    if block.end is End.JUMP:
        return Flow(block, on=on, taken=block.targets if may_execute else ())
    return Flow(block, on=on, ends=block.end if may_execute else None)


def check_poll(code: Code, test: Instruction) -> None:
    """A poll is TST of the dispatch register with the bit in which the two tables differ; only then is NE decided."""
    facts = code.facts
    register = facts.pinned.get(TESTED_REGISTER)
    is_test = test.mnemonic == "tst" and test.condition == ALWAYS
    if not (is_test and test.reads == {register} and test.immediate == facts.sizes["pending bit"]):
        raise Unprovable(test.address, "a test for interrupts that is no TST of the dispatch register")


class _Bounds:
    """How often a loop of the code is run again, from the facts' edges."""

    def __init__(self, code: Code, blocks: Mapping[int, Block], successors: Mapping[int, Sequence[int]]) -> None:
        self._edges = code.facts.loop_at
        self._blocks = blocks
        self._successors = successors

    def edge(self, node: Node, target: Node) -> LoopEdge | None:
        """The facts' edge that the branch at the end of a node is, when it leads to that target."""
        found = self._edges.get(self._blocks[node].stop - 4)
        return found if found is not None and found.target == target else None

    def turns(self, head: Node, tails: Sequence[Node], nodes: frozenset[Node]) -> int | None:
        """The most times that control comes back to `head`; None when nothing states it.

        Edges of the same loops of the source are counted together; of edges of different loops with this one head each
        run of one may contain whole runs of the other. When an edge back is none of the facts', the facts' edge that
        every way back goes through once counts.
        """
        found = [self.edge(tail, head) for tail in tails]
        edges = [edge for edge in found if edge is not None]
        if len(edges) < len(found):
            edge = self._on_all_ways(head, nodes)
            return None if edge is None else edge.bound
        result = 1
        for turns in {edge.loops: edge.turns for edge in edges}.values():
            if turns is None:
                return None
            result *= turns + 1
        return result - 1

    def _on_all_ways(self, head: Node, nodes: frozenset[Node]) -> LoopEdge | None:
        for node in sorted(nodes):
            for target in self._successors[node]:
                edge = self.edge(node, target) if target in nodes else None
                if edge is None:
                    continue
                passed = (node, target)
                is_repeated = self._leads(target, node, nodes - {head}, None)
                if not is_repeated and not self._leads(head, head, nodes, passed):
                    return edge
        return None

    def _leads(self, start: Node, goal: Node, nodes: frozenset[Node], without: tuple[Node, Node] | None) -> bool:
        """Whether a way of at least one edge leads from start to goal inside `nodes`, one edge left out."""
        seen, pending = set[Node](), [start]
        while pending:
            node = pending.pop()
            for target in self._successors[node]:
                if target not in nodes or (node, target) == without:
                    continue
                if target == goal:
                    return True
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
        return False
