"""What a block of instructions costs on an ARM926EJ-S, in cycles with zero wait states.

ARM9EJ-S core, ARM DDI 0222B table 8.2; the rows for LDM, STM, branches, multiplications, SWP, MSR and exceptions agree
with GCC's pipeline description of the arm926ejs; VFP9-S from its issue and latency table. Within a block a result
that is not ready stalls its first user; nothing carries over beyond an instruction that ends a block (`ends_block`).
Where the host's translator cuts a sequence, the parts cost what the whole does. A conditional instruction is charged as
executed, unless it ends a block. What caches add is charged by the hooks (`hook.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from hardtalk.board.instruction_timing import EXCEPTION_ENTRY_CYCLES, decoded

WORD_BYTES = 4
WAIT_FOR_INTERRUPT = 0x0E070F90
WAIT_FOR_INTERRUPT_MASK = 0x0FFF0FFF


MOVE_TO_COPROCESSOR_MASK = 0x0FFF0FFF  # all but condition and register


class CacheOperation(Enum):
    """MCR instructions that change what the caches hold (ARM DDI 0198D, sections 2.3.8 and 2.3.10), as encoded."""

    LOCK_DATA = 0x0E090F10  # c9, c0, 0: a bit for each way in which no line is to be replaced
    LOCK_INSTRUCTIONS = 0x0E090F30  # c9, c0, 1
    PREFETCH_INSTRUCTIONS = 0x0E070F3D  # c7, c13, 1: the line of an address
    INVALIDATE_INSTRUCTIONS = 0x0E070F15  # c7, c5, 0
    INVALIDATE_DATA = 0x0E070F16  # c7, c6, 0
    INVALIDATE_BOTH = 0x0E070F17  # c7, c7, 0


CACHE_OPERATIONS = {operation.value: operation for operation in CacheOperation}


def cache_operation(word: int) -> CacheOperation | None:
    """What an instruction does to the caches; None for nearly all."""
    return CACHE_OPERATIONS.get(word & MOVE_TO_COPROCESSOR_MASK)


@dataclass(frozen=True)
class BlockCost:
    """`cycles` when a conditional instruction that ends the block fails; `taken_extra` more when it is executed.

    `is_cut`: the last instruction ends no block, so what follows it may wait for it.
    """

    cycles: int
    taken_extra: int
    is_cut: bool = False


MOST_REMEMBERED = 1 << 16
REMEMBERED: dict[bytes, BlockCost] = {}
"""Costs by the ARM926's table: the words of a block decide."""


class Arm926:
    """The cost of blocks by the table, decoded once each: all boards of a process remember them together."""

    name = "arm926"

    def cost(self, code: bytes, _address: int) -> BlockCost:
        """The cost of the instructions `code`, wherever they lie. One that cannot be decoded will be an
        undefined-instruction trap."""
        found = REMEMBERED.get(code)
        if found is None:
            if len(REMEMBERED) >= MOST_REMEMBERED:
                REMEMBERED.clear()
            found = REMEMBERED[code] = self._cost(code)
        return found

    def _cost(self, code: bytes) -> BlockCost:
        now = 0
        ready: dict[int, int] = {}
        last = len(code) - WORD_BYTES
        for place in range(0, len(code), WORD_BYTES):
            instruction = decoded(code[place : place + WORD_BYTES])
            if instruction is None:
                return BlockCost(now + (len(code) - place) // WORD_BYTES * EXCEPTION_ENTRY_CYCLES, 0)
            issue = now
            for register in instruction.read:
                if ready.get(register, 0) > issue:
                    issue = ready[register]
            now = issue + instruction.timing.cycles
            for register in instruction.written:
                ready.pop(register, None)
            for register in instruction.results:
                ready[register] = now + instruction.timing.latency
            if place == last and not instruction.ends_block:
                return BlockCost(now, 0, is_cut=True)
            if place == last and instruction.is_conditional:
                return BlockCost(issue + 1, now - issue - 1)
        return BlockCost(now, 0)


class Instructions:
    """Every instruction one cycle: for counting, and for stepping through code without a timing."""

    name = "instructions"

    def cost(self, code: bytes, _address: int) -> BlockCost:
        return BlockCost(len(code) // 4, 0)


Model = Arm926 | Instructions


class CacheUse(Enum):
    """What a model takes for granted about the caches."""

    ALWAYS_HIT = "caches always hit"
    WARM = "caches as the run left them"
    COLD = "caches empty when the line is raised"


@dataclass(frozen=True)
class ClockModel:
    """What the clock charges: the model of the instructions, and what the caches add."""

    instructions: Callable[[], Model]
    caches: CacheUse


MODELS = {
    "arm926": ClockModel(Arm926, CacheUse.ALWAYS_HIT),
    "instructions": ClockModel(Instructions, CacheUse.ALWAYS_HIT),
    "arm926-warm": ClockModel(Arm926, CacheUse.WARM),
    "arm926-cold": ClockModel(Arm926, CacheUse.COLD),
}
