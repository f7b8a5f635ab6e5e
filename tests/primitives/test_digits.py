"""Products and quotients of any length against Python's integers, whole and with an interrupt behind every piece."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from hardtalk.vm.constants import VM_CONSTANTS

from .small_memory import Failed, Interrupted, SmallMemory

MULTIPLY, DIVIDE = 683, 684
ONES = 2**32 - 1


def words_of(value: int) -> int:
    return -(-abs(value).bit_length() // 32)


def row(memory: SmallMemory, count: int, value: int = 0) -> int:
    """A large integer of so many words, as the class library makes it."""
    return memory.make("FormatBytes", memory.classes["LargePositiveInteger"], value.to_bytes(4 * count, "little"))


def number(memory: SmallMemory, oop: int) -> int:
    return int.from_bytes(memory.body(oop), "little")


def finish(memory: SmallMemory, primitive: int, *operands: int) -> int:
    """Run it to its end; how often an interrupt stopped it on the way."""
    stops = 0
    result = memory.run(primitive, *operands)
    while isinstance(result, Interrupted):
        stops += 1
        result = memory.resume(primitive, len(operands) - 1)
    assert result == operands[0], "the receiver is answered"
    return stops


def product(memory: SmallMemory, left: int, right: int) -> tuple[int, int]:
    result = row(memory, words_of(left) + words_of(right) + 1)
    start = memory.integer(0)
    stops = finish(memory, MULTIPLY, result, memory.integer(left), memory.integer(right), start, start)
    return number(memory, result), stops


def quotient(memory: SmallMemory, dividend: int, divisor: int) -> tuple[int, int, int]:
    """Quotient, remainder, stops: as LongDivision prepares the operands."""
    words = words_of(divisor)
    places = words_of(dividend) - words + 1
    shift = 32 * words - divisor.bit_length()
    rest, result = row(memory, words + places, dividend << shift), row(memory, places + 1)
    place = memory.integer(places - 1)
    stops = finish(memory, DIVIDE, result, rest, row(memory, words, divisor << shift), place, memory.integer(0))
    return number(memory, result), number(memory, rest) >> shift, stops


def pairs_to_multiply() -> Iterator[tuple[int, int]]:
    chance = random.Random(1)
    for bits in (31, 32, 33, 512, 513, 900):
        for other in (1, 32, 544):
            yield chance.getrandbits(bits), -chance.getrandbits(other)
            yield 2**bits - 1, 2**other - 1
    yield 0, 2**700
    yield 2**700, 0


def pairs_to_divide() -> Iterator[tuple[int, int]]:
    """Random ones, and those whose digits are estimated too large or are all ones."""
    chance = random.Random(2)
    for words in (1, 2, 3, 8, 9, 17):
        for top in (1, 2**31, ONES, 2**31 + 1, chance.getrandbits(32) | 1):
            divisor = top << 32 * (words - 1) | chance.getrandbits(32 * (words - 1) or 1)
            digits = chance.getrandbits(32 * 3) | 1 << 95
            yield digits * divisor + divisor - 1, divisor
            yield (2**96 - 1) * divisor, divisor
            yield chance.getrandbits(32 * (words + 4)) | 1 << 32 * (words + 4) - 1, divisor
    yield 0x7FFFFFFF_80000000_00000000_00000000, 0x80000000_00000000_00000001
    yield 2**95 - 2**31, 2**63 + 1
    yield (2**64 - 1) * 2**640, 2**640 - 1


@pytest.mark.parametrize("interrupted", [False, True])
def test_products_of_any_length(memory: SmallMemory, interrupted: bool) -> None:
    for left, right in pairs_to_multiply():
        memory.reset()
        memory.simulation.interrupt_pending = interrupted
        value, stops = product(memory, left, right)
        assert value == abs(left * right)
        pieces = -(-words_of(left) // VM_CONSTANTS["ProductPieceWords"]) * words_of(right)
        assert stops == (max(pieces - 1, 0) if interrupted else 0)


@pytest.mark.parametrize("interrupted", [False, True])
def test_quotients_of_any_length(memory: SmallMemory, interrupted: bool) -> None:
    added_back = 0
    for dividend, divisor in pairs_to_divide():
        memory.reset()
        memory.simulation.interrupt_pending = interrupted
        value, rest, stops = quotient(memory, dividend, divisor)
        assert (value, rest) == divmod(dividend, divisor)
        if not interrupted:
            assert stops == 0
            continue
        pieces = -(-words_of(divisor) // VM_CONSTANTS["DivisorWords"])
        places = words_of(dividend) - words_of(divisor) + 1
        turns, odd = divmod(stops + 1, pieces)
        assert odd == 0 and places <= turns <= 2 * places
        added_back += turns - places
    assert added_back > 0 or not interrupted, "no digit was one too large"


def test_the_estimate_with_every_kind_of_divisor(memory: SmallMemory) -> None:
    """One word of a quotient, at its edges: tops that Newton's iteration finds hardest, and neighbours of multiples."""
    for divisor in (2**31, 2**31 + 1, 0xB504F333, 0xB504F334, ONES - 1, ONES, 0x80000003, 0xC0000001):
        for digit in (1, 2**31, ONES):
            for dividend in (digit * divisor - 1, digit * divisor, digit * divisor + 1):
                memory.reset()
                assert quotient(memory, dividend | 2**96, divisor)[:2] == divmod(dividend | 2**96, divisor)


def test_the_operands_are_checked(memory: SmallMemory) -> None:
    i = memory.integer
    room, two, odd = row(memory, 4), row(memory, 2, 2**63), memory.integer(2**33)
    wrong = [
        (MULTIPLY, memory.string(bytes(16)), two, two, i(0), i(0)),
        (MULTIPLY, odd, i(1), i(1), i(0), i(0)),
        (MULTIPLY, i(0), two, two, i(0), i(0)),
        (MULTIPLY, room, two, two, i(0), i(0)),
        (MULTIPLY, room, two, memory.string(b"four"), i(0), i(0)),
        (MULTIPLY, room, two, i(1), i(-1), i(0)),
        (MULTIPLY, room, two, i(1), i(0), memory.nil),
        (DIVIDE, room, row(memory, 4), row(memory, 2, 2**62), i(1), i(0)),
        (DIVIDE, room, row(memory, 4), row(memory, 0), i(1), i(0)),
        (DIVIDE, room, row(memory, 4), odd, i(1), i(0)),
        (DIVIDE, room, row(memory, 4), two, i(2), i(0)),
        (DIVIDE, room, row(memory, 8), two, i(3), i(0)),
        (DIVIDE, room, row(memory, 4), two, i(1), i(4)),
        (DIVIDE, room, row(memory, 4), two, i(2**30 - 1), i(0)),
        (DIVIDE, room, i(5), two, i(1), i(0)),
    ]
    for primitive, *operands in wrong:
        assert isinstance(memory.run(primitive, *operands), Failed), (primitive, operands)


@pytest.mark.parametrize("primitive", [MULTIPLY, DIVIDE])
def test_an_interrupt_waits_for_one_piece(memory: SmallMemory, primitive: int) -> None:
    long, start = row(memory, 64, 2**2048 - 1), memory.integer(0)
    if primitive == MULTIPLY:
        memory.push((row(memory, 129), long, long, start, start))
    else:
        memory.push((row(memory, 34), row(memory, 97, 2**3000 - 5), long, memory.integer(32), start))
    memory.simulation.interrupt_pending = True
    count = memory.arm.count_instructions(primitive, memory.memory, memory.simulation.registers, memory.method)
    assert 0 < count <= 600
