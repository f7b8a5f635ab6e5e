"""Where a firmware masks IRQs, and the longest way from there to where it unmasks them, found in its code.

A section begins behind an instruction that sets the I bit, or at the IRQ vector, and ends with the one that clears it
or returns from the exception. Its ways are followed through branches and calls; a loop counts as often as the
firmware's facts allow (docs/facts.md). Costs are those of the cycle model without caches, block by block as the board
charges them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import NamedTuple

from hardtalk.arm.flow import Flow, Instruction, decode
from hardtalk.board.cycles import Arm926
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.moments import facts_in
from hardtalk.symbols.source_map import Place, SourceMap
from hardtalk.vm.facts import MASK, RETURN, UNMASK

VECTORS, IRQ_VECTOR = "vectors", 0x18
ALWAYS = 14
LONGEST_BLOCK = 256


class Length(NamedTuple):
    cycles: int
    instructions: int

    def plus(self, other: "Length") -> "Length":
        return Length(self.cycles + other.cycles, self.instructions + other.instructions)

    def times(self, number: int) -> "Length":
        return Length(self.cycles * number, self.instructions * number)


NOTHING = Length(0, 0)


class End(Enum):
    """How a block ends."""

    MASK = auto()
    UNMASK = auto()
    JUMP = auto()
    CALL = auto()
    RETURN = auto()
    EXCEPTION_RETURN = auto()
    ON = auto()
    UNKNOWN = auto()


CHANGES = {MASK: End.MASK, UNMASK: End.UNMASK}


@dataclass(frozen=True)
class Block:
    """From `address` up to but not including `next`. `target`: where a jump or call goes, None when not known."""

    address: int
    next: int
    flow: End
    target: int | None
    is_conditional: bool
    length: Length
    taken: Length


@dataclass(frozen=True)
class Loop:
    """`bound` is how often it may be run, as its source says; None when it does not."""

    place: Place | None
    bound: int | None

    def __str__(self) -> str:
        return f"loop at {self.place}, {'no bound stated' if self.bound is None else f'at most {self.bound} times'}"


@dataclass(frozen=True)
class Ways:
    """The longest way on which IRQs are unmasked, and the longest to the routine's return; None when there is none."""

    to_end: Length | None = None
    to_return: Length | None = None
    loops: frozenset[Loop] = frozenset()
    unknown: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """`start` is its first block's address at run time. `longest` is None when no way leads to its end.

    `unknown` are the addresses of jumps whose target the code does not tell: the length is not whole then.
    """

    start: int
    name: str
    place: Place | None
    longest: Length | None
    loops: tuple[Loop, ...]
    unknown: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        return self.longest is not None and not self.unknown and all(loop.bound is not None for loop in self.loops)


@dataclass
class Frame:
    """The blocks that a routine reaches without calls and returns, with the length of each way on from each block."""

    ways_on: dict[int, list[tuple[int, Length]]] = field(default_factory=dict)
    ends: dict[int, Length] = field(default_factory=dict)
    returns: dict[int, Length] = field(default_factory=dict)
    loops: set[Loop] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)


class MaskedCode:
    """The masked sections of a firmware."""

    def __init__(self, source_map: SourceMap) -> None:
        self.source_map = source_map
        self.facts = facts_in(source_map)
        self._sleeps = frozenset(self.facts.sleeps)
        self._model = Arm926()
        self._blocks: dict[int, Block] = {}
        self._ways: dict[int, Ways] = {}
        self._under_way: set[int] = set()
        self._passed: set[int] = set()

    @cached_property
    def sections(self) -> list[Section]:
        """By address, the IRQ entry first."""
        vectors = self.source_map.address_of(VECTORS)
        if vectors is None:
            raise SymbolError(f"the firmware lacks {VECTORS}", "Build it with hardtalk build.")
        found = [(IRQ_VECTOR, self.block(vectors + IRQ_VECTOR).target or 0, self.ways(vectors + IRQ_VECTOR))]
        sites = list(self._masking_sites())
        found += [(site + 4, site, self.ways(site + 4)) for site in sites]
        return [self._section(start, site, ways) for start, site, ways in found if site not in self._passed]

    def _section(self, start: int, site: int, ways: Ways) -> Section:
        symbol = self.source_map.symbol_at(site)
        loops = tuple(sorted(ways.loops, key=str))
        name = symbol.name if symbol is not None else f"{site:#x}"
        return Section(start, name, self.source_map.arm_place(site), ways.to_end, loops, tuple(sorted(ways.unknown)))

    def _masking_sites(self) -> Iterator[int]:
        yield from (address for address, change in sorted(self.facts.masks) if change == MASK)

    # Blocks

    def block(self, address: int) -> Block:
        if address not in self._blocks:
            self._blocks[address] = self._read_block(address)
        return self._blocks[address]

    def _read_block(self, address: int) -> Block:
        end = address
        for _ in range(LONGEST_BLOCK):
            word = int.from_bytes(self.source_map.read(end, 4), "little")
            instruction = decode(word, end)
            flow, target = (End.UNKNOWN, None) if instruction is None else self._end(instruction)
            end += 4
            if flow is not None:
                break
        else:
            flow, target = End.UNKNOWN, None
        cost = self._model.cost(self.source_map.read(address, end - address), address)
        length = Length(cost.cycles, (end - address) // 4)
        is_conditional = word >> 28 != ALWAYS
        return Block(
            address, end, flow, target, is_conditional, length, Length(cost.cycles + cost.taken_extra, length[1])
        )

    def _end(self, instruction: Instruction) -> tuple[End | None, int | None]:
        """How the instruction ends its block, and where it goes; None when it does not."""
        address, flow = instruction.address, instruction.flow
        if instruction.writes_status:
            return CHANGES.get(self.facts.mask_at.get(address, ""), End.ON), None
        if flow in (Flow.JUMP, Flow.CALL):
            return (End.CALL if flow is Flow.CALL else End.JUMP), instruction.target
        if flow is Flow.EXCEPTION_RETURN:
            return End.EXCEPTION_RETURN, None
        jump = self.facts.jump_at.get(address)
        if flow is Flow.RETURN or (jump is not None and jump.kind == RETURN):
            return End.RETURN, None
        if flow in (Flow.JUMP_COMPUTED, Flow.CALL_COMPUTED):
            target = jump.targets[0] if jump is not None and len(jump.targets) == 1 else None
            if flow is Flow.CALL_COMPUTED:
                return End.CALL, target
            return (End.UNKNOWN if target is None else End.JUMP), target
        return (End.ON if address in self._sleeps else None), None

    # Ways

    def ways(self, entry: int) -> Ways:
        """From the block at `entry`, IRQs masked."""
        if entry not in self._ways:
            if entry in self._under_way:
                return Ways(to_return=NOTHING, loops=frozenset([Loop(self.source_map.arm_place(entry), None)]))
            self._under_way.add(entry)
            self._ways[entry] = self._solve(entry, self._frame(entry))
            self._under_way.remove(entry)
        return self._ways[entry]

    def _frame(self, entry: int) -> Frame:
        frame, pending = Frame(), [entry]
        while pending:
            address = pending.pop()
            if address in frame.ways_on:
                continue
            frame.ways_on[address] = []
            self._follow(self.block(address), frame)
            pending += [target for target, _ in frame.ways_on[address]]
        return frame

    def _follow(self, block: Block, frame: Frame) -> None:
        ways_on = frame.ways_on[block.address]
        if block.flow is End.MASK:
            self._passed.add(block.next - 4)
        if block.flow in (End.ON, End.MASK) or block.is_conditional:
            ways_on.append((block.next, block.length))
        if block.flow in (End.UNMASK, End.EXCEPTION_RETURN):
            frame.ends[block.address] = block.taken
        elif block.flow is End.RETURN:
            frame.returns[block.address] = block.taken
        elif block.flow is End.JUMP and block.target is not None:
            ways_on.append((block.target, block.taken))
        elif block.flow is End.CALL and block.target is not None:
            callee = self.ways(block.target)
            frame.loops |= callee.loops
            frame.unknown |= callee.unknown
            if callee.to_end is not None:
                frame.ends[block.address] = block.taken.plus(callee.to_end)
            if callee.to_return is not None:
                ways_on.append((block.next, block.taken.plus(callee.to_return)))
        elif block.flow in (End.UNKNOWN, End.CALL, End.JUMP):
            frame.unknown.add(block.next - 4)
            frame.ends[block.address] = block.taken

    def _solve(self, entry: int, frame: Frame) -> Ways:
        order, back_edges = depth_first(entry, frame.ways_on)
        onward = {
            address: [way for way in ways if (address, way[0]) not in back_edges]
            for address, ways in frame.ways_on.items()
        }
        repeated: dict[int, Length] = {}
        for head in reversed(order):
            tails = [tail for tail, target in back_edges if target == head]
            if not tails:
                continue
            bodies = []
            for tail in tails:
                (closing,) = {length for target, length in frame.ways_on[tail] if target == head}
                body = longest(head, onward, repeated, {tail: closing})
                assert body is not None
                bodies.append(body)
            loop = self._loop(head, tails, frame)
            frame.loops.add(loop)
            repeated[head] = max(bodies).times(loop.bound or 1)
        return Ways(
            longest(entry, onward, repeated, frame.ends),
            longest(entry, onward, repeated, frame.returns),
            frozenset(frame.loops),
            frozenset(frame.unknown),
        )

    def _loop(self, head: int, tails: list[int], frame: Frame) -> Loop:
        """What the firmware's facts say of the edges that lead back, or of the one edge that they go round with."""
        branches = [self.block(tail).next - 4 for tail in tails]
        edges = [edge for at in branches if (edge := self.facts.loop_at.get(at)) is not None and edge.target == head]
        if len(edges) < len(tails):
            round_trip = range(min(head, *tails), max(branches) + 4)
            inside = {self.facts.loop_at.get(self.block(address).next - 4) for address in frame.ways_on}
            edges = [each for each in inside if each and each.address in round_trip and each.target in round_trip]
            edges = edges if len(edges) == 1 else []
        bounds = [edge.bound for edge in edges]
        if not edges:
            return Loop(self.source_map.arm_place(head), None)
        source = edges[0].loops[0]
        return Loop(
            Place(source.file, source.line),
            None if None in bounds else max(each for each in bounds if each is not None),
        )


Edges = dict[int, list[tuple[int, Length]]]


def depth_first(entry: int, ways_on: Edges) -> tuple[list[int], set[tuple[int, int]]]:
    """The blocks in the order in which they are first reached, and the edges that lead back to one under way."""
    order: list[int] = []
    back: set[tuple[int, int]] = set()
    open_blocks: set[int] = set()
    stack: list[tuple[int, Iterator[tuple[int, Length]]]] = []

    def enter(address: int) -> None:
        order.append(address)
        open_blocks.add(address)
        stack.append((address, iter(ways_on[address])))

    enter(entry)
    seen = {entry}
    while stack:
        address, rest = stack[-1]
        way = next(rest, None)
        if way is None:
            open_blocks.discard(address)
            stack.pop()
        elif way[0] in open_blocks:
            back.add((address, way[0]))
        elif way[0] not in seen:
            seen.add(way[0])
            enter(way[0])
    return order, back


def longest(start: int, onward: Edges, repeated: dict[int, Length], goals: dict[int, Length]) -> Length | None:
    """The longest way from a block to any of the goals, with what follows there; None when none is reached."""
    found: dict[int, Length | None] = {}

    def from_block(address: int) -> Length | None:
        if address not in found:
            ways = [goals[address]] if address in goals else []
            for target, length in onward[address]:
                rest = from_block(target)
                if rest is not None:
                    ways.append(length.plus(rest))
            found[address] = max(ways).plus(repeated.get(address, NOTHING)) if ways else None
        return found[address]

    return from_block(start)
