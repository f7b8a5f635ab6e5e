"""What is proven of a firmware: its stretches, masked sections and the whole way from line to handler, in three models.

Nothing is measured here; the ELF is all that is read. Raises `Unbounded` or `Unprovable` when there is no bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hardtalk.board.instruction_timing import EXCEPTION_ENTRY_CYCLES
from hardtalk.bounds.blocks import Code, End, Unprovable
from hardtalk.bounds.cache_flow import CacheFlow
from hardtalk.bounds.cache_steps import CacheSteps
from hardtalk.bounds.caches import CachedModel, FreedModel
from hardtalk.bounds.costs import HittingModel, InstructionModel
from hardtalk.bounds.graph import Graph, address_of, without_calls
from hardtalk.bounds.image import Image
from hardtalk.bounds.longest import Node, Repeat, Way
from hardtalk.bounds.masked import UNMASKED, MaskedCode, Section, Site, longest_masked
from hardtalk.bounds.response import ENTERED, SWITCHED, entry_graph, handler_of, switch_graph
from hardtalk.bounds.solver import Solver
from hardtalk.bounds.stretch import LOOKS, RETURNS, stretch_graph
from hardtalk.bounds.waiting import waiting_slots
from hardtalk.chip import Chip
from hardtalk.symbols.bytecode_routines import facts_in
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.facts import MEANS, Facts, Loop, RoutineFact

INSTRUCTIONS, HITTING, COLD, WARM = "instructions", "arm926", "arm926-cold", "arm926-warm"
MODELS: Final = (INSTRUCTIONS, HITTING, COLD)
"""Those that are shown. In WARM the caches hold lines that others have written."""
SMALL, LARGE = "small", "large"


@dataclass(frozen=True)
class Stretch:
    """The longest way from any instruction of a routine to the next look, by model; it begins at `node` by HITTING."""

    routine: RoutineFact
    node: Node
    lengths: dict[str, int]


@dataclass(frozen=True)
class Response:
    """The longest way from the line to the handler's first bytecode, in its parts."""

    masked: int
    entry: int
    stretch: int
    switch: int

    @property
    def whole(self) -> int:
        return self.masked + self.entry + self.stretch + self.switch

    @property
    def parts(self) -> dict[str, int]:
        return {"masked": self.masked, "entry": self.entry, "stretch": self.stretch, "switch": self.switch}


class Solvers(dict[str, Solver]):
    """By model; each is made when it is first asked for."""

    def __init__(self, solve: Callable[[str], Solver]) -> None:
        super().__init__()
        self._solve = solve

    def __missing__(self, model: str) -> Solver:
        self[model] = self._solve(model)
        return self[model]


class Proof:
    """Of the firmware in `source_map` on the `chip` whose caches and bus it runs with; `facts` other than its own."""

    def __init__(self, source_map: SourceMap, chip: Chip, facts: Facts | None = None) -> None:
        self.source_map = source_map
        self.chip = chip
        self.code = Code(facts or facts_in(source_map), source_map.read)
        self._hitting = HittingModel(source_map.read)

    # Solving

    def _solved(self, graph: Graph, goals: frozenset[End], returns: frozenset[End]) -> Solvers:
        return Solvers(lambda model: self.solved(graph, goals, returns, model))

    def solved(self, graph: Graph, goals: frozenset[End], returns: frozenset[End], model: str) -> Solver:
        """The longest ways of a graph of this firmware's code in one model."""
        if model == INSTRUCTIONS:
            return Solver(graph, InstructionModel(), goals, returns)
        if model == HITTING:
            return Solver(graph, self._hitting, goals, returns)
        flow = CacheFlow(graph, self._cache_steps)

        def cached(*, fetches: bool) -> CachedModel:
            facts, writes_back = self.code.facts, model == WARM
            return CachedModel(model, self._hitting, flow, facts, self.chip, fetches=fetches, writes_back=writes_back)

        later = Solver(graph, cached(fetches=False), goals, returns)
        freed = Solver(without_calls(graph), FreedModel(flow), frozenset(End))
        return Solver(graph, cached(fetches=True), goals, returns, later, freed)

    @cached_property
    def _cache_steps(self) -> CacheSteps:
        return CacheSteps(self.code.facts, self.chip)

    @cached_property
    def stretches(self) -> Solvers:
        return self._solved(stretch_graph(self.code, self.source_map), LOOKS, RETURNS)

    @cached_property
    def masked_code(self) -> MaskedCode:
        return MaskedCode(self.code, self.source_map)

    @cached_property
    def masked(self) -> Solvers:
        return self._solved(self.masked_code.graph, UNMASKED, frozenset({End.RETURN}))

    @cached_property
    def image(self) -> Image:
        """What the firmware begins with."""
        return Image(self.source_map)

    @cached_property
    def waiting_slots(self) -> int | None:
        """How many slots are in use of the context that a driver's process waits in; None: as many as it can have."""
        return waiting_slots(self.image)

    @cached_property
    def switch(self) -> Solvers:
        graph = switch_graph(self.code, self.source_map, handler_of(self.code), slots=self.waiting_slots)
        return self._solved(graph, SWITCHED, RETURNS)

    @cached_property
    def _longer_switches(self) -> dict[str, Graph]:
        handler = handler_of(self.code)
        return {
            SMALL: switch_graph(self.code, self.source_map, handler),
            LARGE: switch_graph(self.code, self.source_map, handler, large=True),
        }

    @cached_property
    def entry(self) -> tuple[Solvers, Node]:
        graph, start = entry_graph(self.code, self.source_map)
        return self._solved(graph, ENTERED, frozenset({End.RETURN})), start

    # Asking

    @cached_property
    def rows(self) -> list[Stretch]:
        """Of each routine that the VM can reach, the longest first."""
        found: dict[RoutineFact, Stretch] = {}
        graph = self.stretches[HITTING].graph
        for node in sorted(graph.flows):
            routine = self.code.facts.routine_at(address_of(node))
            lengths = {name: self.stretch_from(node, name) for name in MODELS}
            if routine is None or lengths[HITTING] is None:
                continue
            known = {name: length or 0 for name, length in lengths.items()}
            before = found.get(routine)
            if before is None:
                found[routine] = Stretch(routine, node, known)
                continue
            is_longer = known[HITTING] > before.lengths[HITTING]
            longest = {name: max(known[name], before.lengths[name]) for name in MODELS}
            found[routine] = Stretch(routine, node if is_longer else before.node, longest)
        return sorted(found.values(), key=lambda row: (-row.lengths[HITTING], row.routine.address))

    def stretch_from(self, node: Node, model: str) -> int | None:
        way = self.stretches[model].whole(node)
        return None if way is None else way.length

    @cached_property
    def stack_bytes(self) -> int:
        """The most that the machine stack holds of the VM's routines at once."""
        solver = self.stretches[HITTING]
        depths: dict[Node, int] = {}
        for component in solver.order:
            routines = {self.code.facts.routine_at(address_of(node)) for node in component}
            own = max(0 if each is None else each.frame_bytes for each in routines)
            beyond = [depths.get(target, 0) for node in component for target in solver.graph.successors(node)]
            callees = [depths[callee] for node in component for callee in solver.graph.flows[node].callees]
            depth = max(own + max(callees, default=0), max(beyond, default=0))
            depths.update(dict.fromkeys(component, depth))
        return max(depths.values(), default=0)

    def check_stack(self) -> None:
        """Refuse a stack of the VM that is deeper than its region, which the caches hold for good."""
        (stack,) = (each for each in self.code.facts.regions if each.name == "machineStack")
        size = stack.stop - stack.start
        is_locked = any(each.start <= stack.start and stack.stop <= each.stop for each in self.code.facts.locked)
        if self.stack_bytes > size:
            raise Unprovable(stack.start, f"the VM's stack may take {self.stack_bytes:,} bytes and has {size:,}")
        if not is_locked:
            raise Unprovable(stack.start, "the VM's stack is not locked in the data cache")

    def leads_elsewhere(self, row: Stretch) -> bool:
        """Whether most of the routine's longest way lies behind a jump into another routine, which is a row itself."""
        way = self.stretches[HITTING].whole(row.node)
        at = way
        while at is not None and way is not None:
            if not isinstance(at.first, Repeat) and at.first is not None:
                routine = self.code.facts.routine_at(address_of(at.first))
                if routine != row.routine:
                    return at.length > way.length // 2
            at = at.rest
        return False

    def longest_stretch(self, model: str) -> int:
        graph, routine_at = self.stretches[model].graph, self.code.facts.routine_at
        nodes = (node for node in graph.flows if routine_at(address_of(node)) is not None)
        return max(length for node in nodes if (length := self.stretch_from(node, model)) is not None)

    def longest_masked(self, model: str) -> int:
        found = self.masked_section(model)
        return 0 if found is None else found[1].length

    @cached_property
    def masked_sections(self) -> list[Section]:
        """By address, the IRQ entry first."""
        cycles, instructions = self.masked[HITTING], self.masked[INSTRUCTIONS]
        return [
            Section(
                site.start,
                site.name,
                site.place,
                _optional_length(cycles.whole(site.node)),
                _optional_length(instructions.whole(site.node)),
                self.masked_code.loops(site),
            )
            for site in self.masked_code.sites
        ]

    def masked_section(self, model: str) -> tuple[Site, Way] | None:
        return longest_masked(self.masked[model], self.masked_code.sites)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The firmware's loops in the order of their places, each place once; of several bounds there the greatest."""
        found: dict[tuple[str, int], Loop] = {}
        for loop in (loop for edge in self.code.facts.loops for loop in edge.loops):
            place = (loop.file, loop.line)
            found[place] = max(loop, found.get(place, loop), key=lambda each: each.bound or 0)
        return tuple(found[place] for place in sorted(found))

    @property
    def loops_by_means(self) -> dict[str, int]:
        """How many of them are ended by what."""
        ends = Counter(loop.means for loop in self.loops)
        return {means: ends[means] for means in MEANS}

    def response(self, model: str) -> Response:
        self.check_stack()
        entry, start = self.entry
        exception = 1 if model == INSTRUCTIONS else EXCEPTION_ENTRY_CYCLES
        return Response(
            self.longest_masked(model),
            exception + _length(entry[model].whole(start)),
            self.longest_stretch(model),
            _longest_from_roots(self.switch[model]),
        )

    def longer_by(self, context: str, model: str) -> int:
        """How much longer the switch takes to a process that waits in another context than drivers' do, all of whose
        slots are in use: a SMALL one, or a LARGE one."""
        solver = self.solved(self._longer_switches[context], SWITCHED, RETURNS, model)
        return _longest_from_roots(solver) - _longest_from_roots(self.switch[model])


def _longest_from_roots(solver: Solver) -> int:
    return max(_length(solver.whole(root)) for root in solver.graph.roots)


def _optional_length(way: Way | None) -> int | None:
    return None if way is None else way.length


def _length(way: Way | None) -> int:
    return 0 if way is None else way.length
