"""What a block costs: in instructions, in cycles with caches that always hit, and in cycles with empty caches.

Cycles are the emulator's own (`hardtalk.board.cycles`). A block's result that is not ready when control falls into the
next block stalls there; `seam` is the longest such stall, whatever straight code came before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from hardtalk.board.cycles import Arm926
from hardtalk.bounds.blocks import Block

Read = Callable[[int, int], bytes]
LONGEST_STALL_BYTES: Final = 40
"""Code further back than this cannot stall: ten instructions take longer than the longest latency."""


class Cost(NamedTuple):
    """Of a block whose last instruction is not executed, and of one where it is."""

    skipped: int
    executed: int


class Model(Protocol):
    name: str

    def cost(self, block: Block) -> Cost: ...

    def known(self, _block: Block, _callee: int) -> int:
        """What a routine called at the end of a block costs less than elsewhere on each of its ways."""
        return 0

    def assumed(self, _address: int, _freed_words: int) -> int:
        """What a way costs more that begins at a block inside of the code."""
        return 0

    def seam(self, block: Block) -> int:
        """What the code at `block.stop` waits for the block, at most, when control falls into it."""
        ...


class InstructionModel(Model):
    """Each instruction is one."""

    name = "instructions"

    def cost(self, block: Block) -> Cost:
        return Cost(len(block.instructions), len(block.instructions))

    def seam(self, _block: Block) -> int:
        return 0


class HittingModel(Model):
    """The ARM926EJ-S with caches that always hit. `read` answers code."""

    name = "arm926"

    def __init__(self, read: Read) -> None:
        self._read = read
        self._cycles = Arm926()
        self._costs: dict[int, Cost] = {}
        self._seams: dict[int, int] = {}

    def cost(self, block: Block) -> Cost:
        key = block.address << 16 | block.stop - block.address
        if key not in self._costs:
            found = self._cycles.cost(self._read(block.address, block.stop - block.address), block.address)
            self._costs[key] = Cost(found.cycles, found.cycles + found.taken_extra)
        return self._costs[key]

    def seam(self, block: Block) -> int:
        if block.stop not in self._seams:
            self._seams[block.stop] = self._longest_stall(block)
        return self._seams[block.stop]

    def _longest_stall(self, block: Block) -> int:
        stop, after = block.stop, block.stop + LONGEST_STALL_BYTES
        next_cost = self._whole(stop, after)
        stalls = [
            self._whole(start, after) - self._whole(start, stop) - next_cost
            for start in range(stop - LONGEST_STALL_BYTES, stop, 4)
        ]
        return max(0, *stalls)

    def _whole(self, start: int, stop: int) -> int:
        found = self._cycles.cost(self._read(start, stop - start), start)
        return found.cycles + found.taken_extra
