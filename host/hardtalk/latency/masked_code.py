"""Where a firmware masks IRQs, and the longest way from there to where it unmasks them, found in its code.

A section begins behind an instruction that sets the I bit, or at the IRQ vector, and ends with the one that clears it
or returns from the exception. Its ways are followed through branches and calls; a loop counts as often as its source
allows (`<bound: n>`). Costs are those of the cycle model without caches, block by block as the board charges them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import NamedTuple

import capstone

from hardtalk.board.cycles import WAIT_FOR_INTERRUPT, WAIT_FOR_INTERRUPT_MASK, Arm926
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.moments import instructions
from hardtalk.symbols.source_map import Place, SourceMap
from hardtalk.symbols.sources import lines_of

VECTORS, IRQ_VECTOR = "vectors", 0x18
ALWAYS, PC, LR, SP = 14, 15, 14, 13
I_BIT = 0x80
LONGEST_BLOCK = 256
_BOUND = re.compile(r"<bound: (\d+)>")


class Length(NamedTuple):
    cycles: int
    instructions: int

    def plus(self, other: "Length") -> "Length":
        return Length(self.cycles + other.cycles, self.instructions + other.instructions)

    def times(self, number: int) -> "Length":
        return Length(self.cycles * number, self.instructions * number)


NOTHING = Length(0, 0)


class Flow(Enum):
    """How a block ends."""

    MASK = auto()
    UNMASK = auto()
    JUMP = auto()
    CALL = auto()
    RETURN = auto()
    EXCEPTION_RETURN = auto()
    ON = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Block:
    """From `address` up to but not including `next`. `target`: where a jump or call goes, None when not known."""

    address: int
    next: int
    flow: Flow
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
        self._model = Arm926()
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
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
        for symbol in self.source_map.symbols:
            if self.source_map.is_code(symbol.address) and self.source_map.arm_place(symbol.address) is not None:
                for instruction in instructions(self.source_map, symbol):
                    word = int.from_bytes(instruction.bytes, "little")
                    if instruction.address % 4 == 0 and self._mask_change(word, instruction.address) is Flow.MASK:
                        yield instruction.address

    # Blocks

    def block(self, address: int) -> Block:
        if address not in self._blocks:
            self._blocks[address] = self._read_block(address)
        return self._blocks[address]

    def _read_block(self, address: int) -> Block:
        end = address
        for _ in range(LONGEST_BLOCK):
            word = int.from_bytes(self.source_map.read(end, 4), "little")
            flow, target = self._flow(word, end)
            end += 4
            if flow is not None:
                break
        else:
            flow, target = Flow.UNKNOWN, None
        cost = self._model.cost(self.source_map.read(address, end - address), address)
        length = Length(cost.cycles, (end - address) // 4)
        is_conditional = word >> 28 != ALWAYS
        return Block(
            address, end, flow, target, is_conditional, length, Length(cost.cycles + cost.taken_extra, length[1])
        )

    def _flow(self, word: int, address: int) -> tuple[Flow | None, int | None]:
        """How the instruction ends its block, and where it goes; None when it does not."""
        register = word & 15
        if word & 0x0E000000 == 0x0A000000 and word >> 28 != 15:
            displacement = (word & 0xFFFFFF) - ((word & 0x800000) << 1)
            return (Flow.CALL if word & 0x01000000 else Flow.JUMP), address + 8 + 4 * displacement
        if word & 0x0FFFFFD0 == 0x012FFF10:
            if word & 0x20:
                return Flow.CALL, self._literal_in(register, address)
            return (Flow.RETURN, None) if register == LR else (Flow.UNKNOWN, None)
        if word & 0x0DB0F000 == 0x0120F000:
            is_status = not word & 0x00400000
            return ((self._mask_change(word, address) or Flow.ON) if is_status else None), None
        if word & 0x0E108000 == 0x08108000:
            return (Flow.EXCEPTION_RETURN if word & 0x00400000 else Flow.RETURN), None
        if word & 0x0C10F000 == 0x0410F000:
            base = word >> 16 & 15
            if base == PC:
                return Flow.JUMP, self._literal(word, address)
            return (Flow.RETURN if base == SP else Flow.UNKNOWN), None
        if word & 0x0C00F000 == 0x0000F000 and word & 0x01900000 != 0x01100000:
            if word & 0x00100000:
                return Flow.EXCEPTION_RETURN, None
            return (Flow.RETURN, None) if word & 0x0FEF0FFF == 0x01A0000E else (Flow.UNKNOWN, None)
        if word & WAIT_FOR_INTERRUPT_MASK == WAIT_FOR_INTERRUPT:
            return Flow.ON, None
        return None, None

    def _mask_change(self, word: int, address: int) -> Flow | None:
        """MASK or UNMASK for a write of the CPSR's control bits whose I bit the code tells."""
        if word & 0x0FF1F000 == 0x0321F000:
            return Flow.MASK if word & I_BIT else Flow.UNMASK
        if word & 0x0FF1FFF0 != 0x0121F000:
            return None
        register = word & 15
        for back in range(address - 4, address - 32, -4):
            earlier = int.from_bytes(self.source_map.read(back, 4), "little")
            if earlier >> 12 & 15 != register or earlier & 0x0C000000:
                continue
            operation = earlier >> 21 & 15
            if earlier & 0x02000000 and earlier & I_BIT and not earlier & 0xF00 and operation in (12, 14):
                return Flow.MASK if operation == 12 else Flow.UNMASK
            if earlier & 0x0FFF0FF0 == 0x01A00000:
                register = earlier & 15
        return None

    def _literal(self, word: int, address: int) -> int:
        offset = word & 0xFFF
        place = address + 8 + (offset if word & 0x00800000 else -offset)
        return int.from_bytes(self.source_map.read(place, 4), "little")

    def _literal_in(self, register: int, address: int) -> int | None:
        """What a literal load just before has put in the register."""
        word = int.from_bytes(self.source_map.read(address - 4, 4), "little")
        if word & 0x0F7F0000 == 0x051F0000 and word >> 12 & 15 == register:
            return self._literal(word, address - 4)
        return None

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
        if block.flow is Flow.MASK:
            self._passed.add(block.next - 4)
        if block.flow in (Flow.ON, Flow.MASK) or block.is_conditional:
            ways_on.append((block.next, block.length))
        if block.flow in (Flow.UNMASK, Flow.EXCEPTION_RETURN):
            frame.ends[block.address] = block.taken
        elif block.flow is Flow.RETURN:
            frame.returns[block.address] = block.taken
        elif block.flow is Flow.JUMP and block.target is not None:
            ways_on.append((block.target, block.taken))
        elif block.flow is Flow.CALL and block.target is not None:
            callee = self.ways(block.target)
            frame.loops |= callee.loops
            frame.unknown |= callee.unknown
            if callee.to_end is not None:
                frame.ends[block.address] = block.taken.plus(callee.to_end)
            if callee.to_return is not None:
                ways_on.append((block.next, block.taken.plus(callee.to_return)))
        elif block.flow in (Flow.UNKNOWN, Flow.CALL, Flow.JUMP):
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
            loop = self._loop(head, max(tails))
            frame.loops.add(loop)
            repeated[head] = max(bodies).times(loop.bound or 1)
        return Ways(
            longest(entry, onward, repeated, frame.ends),
            longest(entry, onward, repeated, frame.returns),
            frozenset(frame.loops),
            frozenset(frame.unknown),
        )

    def _loop(self, head: int, tail: int) -> Loop:
        places = [place for at in range(head, tail + 4, 4) if (place := self.source_map.arm_place(at)) is not None]
        bounds = [bound for place in places for bound in bounds_at(place)]
        return Loop(self.source_map.arm_place(head), max(bounds, default=None))


def bounds_at(place: Place) -> list[int]:
    """The bounds of loops that the method around a line states."""
    lines = lines_of(place.file)
    starts = [number for number, line in enumerate(lines) if line.startswith("{ #category")]
    start = max((number for number in starts if number < place.line), default=0)
    end = min((number for number in starts if number >= place.line), default=len(lines))
    return [int(bound) for bound in _BOUND.findall("\n".join(lines[start:end]))]


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
