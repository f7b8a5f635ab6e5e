"""How long a primitive may take at most: the work at its limit, in ARM instructions.

A routine is without safepoint from its entry to its end, or from one piece to the next, so these figures are what an
interrupt may have to wait for.
"""

from __future__ import annotations

import pytest

from hardtalk.vm.constants import slang_constants

from .small_memory import SmallMemory

LIMIT_INSTRUCTIONS = 6000


def operands(memory: SmallMemory, case: str) -> tuple[int, tuple[int, ...]]:
    i = memory.integer
    everything = 2**512 - 1
    match case:
        case "add":
            return 21, (i(everything), i(everything))
        case "subtract":
            return 22, (i(everything), i(1))
        case "compare":
            return 23, (i(everything), i(everything))
        case "bits":
            return 36, (i(-(2**512) + 1), i(2**512 - 5))
        case "multiply":
            return 29, (i(2**512 - 1), i(2**128 - 1))
        case "divide by a word":
            return 32, (i(everything), i(-(2**32 - 1)))
        case "divide":
            return 31, (i(2**192 - 1), i(-(2**128 - 1)))
        case "shift left":
            return 37, (i(everything), i(31))
        case "shift right":
            return 37, (i(-everything), i(-33))
        case "times two power":
            return 54, (memory.float(1.5), i(-2200))
        case "fill":
            return 145, (memory.make("FormatBytes", memory.classes["ByteArray"], bytes(512)), i(3))
        case "clone":
            return 148, (memory.array([memory.nil] * (slang_constants()["CloneBytes"] >> 2)),)
        case "compare bytes":
            return 609, tuple(memory.string(bytes(slang_constants()["ComparedBytes"])) for _ in range(2))
        case "hash":
            return 610, (memory.string(bytes(2000)),)
    raise KeyError(case)


ALL = [
    "add", "subtract", "compare", "bits", "multiply", "divide by a word", "divide", "shift left", "shift right",
    "times two power", "fill", "clone", "compare bytes", "hash",
]  # fmt: skip
PIECES = {
    "pointers": lambda m: (m.array([m.nil] * 2000), m.array([m.true] * 2000)),
    "words": lambda m: (m.words([1] * 2000), m.words([2] * 2000)),
    "bytes": lambda m: (m.string(bytes(2000)), m.string(bytes(2000))),
}


@pytest.mark.parametrize("case", ALL)
def test_the_work_at_the_limit_is_short(memory: SmallMemory, case: str) -> None:
    number, oops = operands(memory, case)
    memory.push(oops)
    count = memory.arm.count_instructions(number, memory.memory, memory.simulation.registers, memory.method)
    print(f"{case}: {count} instructions")
    assert 0 < count <= LIMIT_INSTRUCTIONS
    assert isinstance(memory.run(number, *oops), int), "this is the limit: it must still succeed"


@pytest.mark.parametrize("kind", PIECES)
@pytest.mark.parametrize("offset", [0, 1])
def test_an_interrupt_waits_for_one_piece_of_a_copy(memory: SmallMemory, kind: str, offset: int) -> None:
    i = memory.integer
    target, source = PIECES[kind](memory)
    memory.push((target, i(1), i(1900), source, i(1 + offset)))
    memory.simulation.interrupt_pending = True
    count = memory.arm.count_instructions(105, memory.memory, memory.simulation.registers, memory.method)
    print(f"piece of {kind}, {offset} apart: {count} instructions")
    assert 0 < count <= 700


def test_an_interrupt_waits_for_one_piece_of_a_crc(memory: SmallMemory) -> None:
    memory.push((memory.string(bytes(512)), memory.integer(1), memory.integer(512)))
    memory.simulation.interrupt_pending = True
    count = memory.arm.count_instructions(616, memory.memory, memory.simulation.registers, memory.method)
    assert 0 < count <= 500


def test_an_interrupt_waits_for_one_character_of_an_emergency(memory: SmallMemory) -> None:
    memory.push((memory.nil, memory.string(b"x" * 256)))
    memory.simulation.interrupt_pending = True
    count = memory.arm.count_instructions(606, memory.memory, memory.simulation.registers, memory.method)
    assert 0 < count <= 60
