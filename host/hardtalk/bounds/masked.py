"""The sections in which IRQs are masked, and the longest way through each.

A section begins behind an instruction that sets the I bit, or at the IRQ vector, and ends with the one that clears it
or that returns from the exception. Time asleep is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hardtalk.bounds.blocks import Block, Code, End, Unprovable
from hardtalk.bounds.graph import graph_of
from hardtalk.bounds.longest import Node, Way
from hardtalk.bounds.solver import Solver
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import Place, SourceMap
from hardtalk.vm.facts import MASK, UNMASK

VECTORS, IRQ_VECTOR = "vectors", 0x18
UNMASKED = frozenset({End.ON, End.EXCEPTION_RETURN})
ENDLESS = frozenset({"startMachine", "reportFault", "haltMachine"})
"""Before start-up no line can be raised; after a fault, or when the machine stops, nothing is unmasked any more."""


@dataclass(frozen=True)
class MaskedLoop:
    """`bound` is how often it may be run for each time it is entered."""

    place: Place
    bound: int | None

    def __str__(self) -> str:
        return f"loop at {self.place}, {'no bound stated' if self.bound is None else f'at most {self.bound} times'}"


@dataclass(frozen=True)
class Site:
    """`start` is the section's first block's address at run time, `node` the same block where the code lies."""

    start: int
    node: Node
    name: str
    place: Place | None


@dataclass(frozen=True)
class Section:
    """The longest way of the section at `start`; None when no way leads to its end."""

    start: int
    name: str
    place: Place | None
    cycles: int | None
    instructions: int | None
    loops: tuple[MaskedLoop, ...]


class MaskedCode:
    """The masked sections of a firmware: the graph of their ways, and where each begins."""

    def __init__(self, code: Code, source_map: SourceMap) -> None:
        vectors = source_map.address_of(VECTORS)
        if vectors is None:
            raise SymbolError(f"the firmware lacks {VECTORS}", "Build it with hardtalk build.")
        self.code = code
        self.source_map = source_map
        places = [at + 4 for at, change in sorted(code.facts.masks) if change == MASK]
        self.graph = graph_of(code, [vectors + IRQ_VECTOR, *places], _is_unmasked)
        entry = self.graph.blocks[vectors + IRQ_VECTOR].targets[0]
        found = [self._site(IRQ_VECTOR, vectors + IRQ_VECTOR, entry), *(self._site(at, at, at - 4) for at in places)]
        passed = self._reached([vectors + IRQ_VECTOR, *places])
        self.sites = tuple(site for site in found if site.node not in passed)

    def _site(self, start: int, node: Node, at: int) -> Site:
        symbol = self.source_map.symbol_at(at)
        return Site(start, node, f"{at:#x}" if symbol is None else symbol.name, self.source_map.arm_place(at))

    def _reached(self, starts: Iterable[Node]) -> set[Node]:
        """Nodes that lie on the way from a section's start: masked already, they begin no section of their own."""
        found: set[Node] = set()
        pending = [target for start in starts for target in self._next(start)]
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                pending += self._next(node)
        return found

    def _next(self, node: Node) -> list[Node]:
        return [*self.graph.successors(node), *self.graph.flows[node].callees]

    def reached(self, site: Site) -> set[Node]:
        """The nodes of a section, those of called routines among them."""
        return self._reached([site.node]) | {site.node}

    def loops(self, site: Site) -> tuple[MaskedLoop, ...]:
        """The loops on a section's ways."""
        reached = self.reached(site)
        edges = [
            edge for node in reached if (edge := self.code.facts.loop_at.get(self.graph.flows[node].block.stop - 4))
        ]
        found = {MaskedLoop(Place(edge.loops[0].file, edge.loops[0].line), edge.bound) for edge in edges}
        return tuple(sorted(found, key=str))


def longest_masked(solver: Solver, sites: Iterable[Site]) -> tuple[Site, Way] | None:
    """The longest of the sections that must end. Raises Unprovable when one does not."""
    ways = []
    for site in sites:
        way = solver.whole(site.node)
        if way is None and site.name not in ENDLESS:
            raise Unprovable(site.node, "a masked section that does not end")
        if way is not None and site.name not in ENDLESS:
            ways.append((site, way))
    return max(ways, key=lambda each: each[1].length, default=None)


def _is_unmasked(block: Block) -> bool:
    return block.mask == UNMASK
