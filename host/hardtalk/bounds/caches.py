"""What empty caches add to a block: a line that no way of the cache holds for good is missed when first touched.

The rules are those of the emulator's caches (`hardtalk.board.hook`): a miss waits for the whole line; a store that
misses keeps the next line fill waiting for a word of the bus; a line that was written may be written back later, which
another line fill waits for. Addresses that are not known are taken for lines that nobody has touched: only accesses
through one register, between two changes of it, can share a line. The lines of the machine stack are `stack_cycles`. Of
code the lines are known; a loop fetches its lines once, unless more of them lie in one set than ways are open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hardtalk.arm.encode import PC, SP
from hardtalk.arm.flow import Instruction
from hardtalk.bounds.blocks import Block
from hardtalk.bounds.costs import Cost, Model
from hardtalk.chip import Chip
from hardtalk.vm.facts import Facts

WORD = 4


@dataclass
class _Touched:
    """The lowest and the highest byte accessed through a register since it last changed."""

    low: int
    high: int
    is_loaded: bool = False
    is_stored: bool = False


class ColdModel:
    """`inner` without caches' misses. `fetches`: whether lines of code are missed, too."""

    def __init__(self, inner: Model, facts: Facts, chip: Chip, *, fetches: bool = True) -> None:
        self.name = "arm926-cold"
        self._inner = inner
        self._facts = facts
        self._cache = chip.instruction_cache
        self._bus = chip.bus
        self._fetches = fetches
        self._line = self._cache.line
        self._state = facts.pinned["vmState"]
        (self._state_base,) = (each.start for each in facts.regions if each.name == "vmState")
        self._locked_code = [(each.start, each.stop) for each in facts.locked if each.cache == "code"]
        self._locked_data = [(each.start, each.stop) for each in facts.locked if each.cache == "data"]
        self._costs: dict[tuple[int, int], Cost] = {}

    def cost(self, block: Block) -> Cost:
        key = (block.address, block.stop)
        if key not in self._costs:
            inner = self._inner.cost(block)
            more = self.data_cycles(block) + (self.fetch_cycles(self.lines(block)) if self._fetches else 0)
            self._costs[key] = Cost(inner.skipped + more, inner.executed + more)
        return self._costs[key]

    def seam(self, block: Block) -> int:
        return self._inner.seam(block)

    # Code

    def lines(self, block: Block) -> frozenset[int]:
        """The numbers of the block's lines that can be missed."""
        numbers = range(block.address // self._line, (block.stop - 1) // self._line + 1)
        return frozenset(each for each in numbers if not _holds(self._locked_code, each * self._line))

    def fetch_cycles(self, lines: Iterable[int]) -> int:
        return sum(1 for _ in lines) * self._bus.line_fill_cycles

    def crowded(self, lines: Iterable[int]) -> int:
        """Cycles to fetch again, in each turn of a loop, the lines that do not all find a place."""
        sets = self._cache.size // (self._cache.ways * self._line)
        open_ways = self._cache.ways - self._facts.sizes["locked ways"]
        count = Counter(line % sets for line in lines)
        return sum(number for number in count.values() if number > open_ways) * self._bus.line_fill_cycles

    # Data

    def stack_cycles(self, frame_bytes: int) -> int:
        """To fill and to write back the lines of so much of the machine stack."""
        return 2 * (frame_bytes // self._line + 2) * self._bus.line_fill_cycles

    def data_cycles(self, block: Block) -> int:
        cycles = 0
        touched: dict[int, _Touched] = {}
        literals: set[int] = set()
        for instruction in block.instructions:
            access = instruction.access
            if access is None:
                pass
            elif access.base == PC:
                literals.add((instruction.literal or 0) // self._line)
            elif access.base == SP:
                words = access.size // WORD if access.is_store else 0
                cycles += words * self._bus.critical_word_cycles
            elif not self._is_locked(instruction):
                cycles += self._access_cycles(instruction, touched)
            for register in instruction.writes:
                cycles += self._lines_cycles(touched.pop(register, None))
        return cycles + sum(map(self._lines_cycles, touched.values())) + len(literals) * self._bus.line_fill_cycles

    def _is_locked(self, instruction: Instruction) -> bool:
        access = instruction.access
        assert access is not None
        if access.base != self._state or access.offset is None:
            return False
        return _holds(self._locked_data, self._state_base + access.offset)

    def _access_cycles(self, instruction: Instruction, touched: dict[int, _Touched]) -> int:
        """What a store costs the next line fill; the lines themselves are noted in `touched`."""
        access = instruction.access
        assert access is not None
        cycles = -(-access.size // WORD) * self._bus.critical_word_cycles if access.is_store else 0
        if access.offset is None:
            return cycles + self._lines_cycles(_Touched(0, access.size, access.is_load, access.is_store))
        low, high = access.offset, access.offset + access.size
        known = touched.setdefault(access.base, _Touched(low, high))
        known.low, known.high = min(known.low, low), max(known.high, high)
        known.is_loaded |= access.is_load
        known.is_stored |= access.is_store
        return cycles

    def _lines_cycles(self, touched: _Touched | None) -> int:
        """Of all accesses through a register: a fill of each line, and its writing back."""
        if touched is None:
            return 0
        span = touched.high - touched.low
        lines = 1 if span <= WORD else (span - WORD) // self._line + 2
        return (touched.is_loaded + touched.is_stored) * lines * self._bus.line_fill_cycles


def _holds(ranges: Sequence[tuple[int, int]], address: int) -> bool:
    return any(start <= address < stop for start, stop in ranges)
