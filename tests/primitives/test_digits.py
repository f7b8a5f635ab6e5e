"""Digits of integers of any length against Python's integers, whole and with an interrupt behind every piece."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from hardtalk.vm.constants import VM_CONSTANTS

from .small_memory import Failed, Interrupted, SmallMemory

MULTIPLY, DIVIDE, ADD, SUBTRACT, SHIFT, COMBINE, COMPARE, BYTES, SHORTEN = *range(683, 690), 691, 692
PIECE = VM_CONSTANTS["LargeIntegerWords"]
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
    for words in (1, 2, 4, 16, 17, 37):
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
        rows, columns = sorted((words_of(left), words_of(right)))
        pieces = -(-columns // VM_CONSTANTS["ProductPieceWords"]) * rows
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
        pieces = -(-words_of(divisor) // PIECE)
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


def long_pairs() -> Iterator[tuple[int, int]]:
    """Carries that run through pieces and stop at their edges; words that are zero; signs."""
    chance = random.Random(3)
    for bits in (31, 33, 32 * PIECE, 32 * PIECE + 1, 64 * PIECE, 1500):
        yield 2**bits - 1, -1
        yield -(2**bits), 2 ** (bits - 1) - 1
        yield -(2**bits), -(2**bits) + 1
        yield chance.getrandbits(bits), -chance.getrandbits(1100)
        yield -(chance.getrandbits(bits // 2) << bits // 2), -(chance.getrandbits(bits) << 3)


def check_sums(memory: SmallMemory, a: int, b: int, start: int) -> Iterator[tuple[int, int]]:
    """How often an interrupt stopped each, and in how many pieces it was made."""
    operands = memory.integer(a), memory.integer(b)
    smaller, larger = operands if abs(a) <= abs(b) else operands[::-1]
    words = max(words_of(a), words_of(b))
    result = row(memory, words + 1)
    stops = finish(memory, ADD, result, smaller, larger, start, start)
    assert number(memory, result) == abs(a) + abs(b)
    yield stops, words + 1
    result = row(memory, words)
    stops = finish(memory, SUBTRACT, result, smaller, larger, start, start)
    assert number(memory, result) == abs(abs(a) - abs(b))
    yield stops, words


def check_combinations(memory: SmallMemory, a: int, b: int, start: int) -> Iterator[tuple[int, int]]:
    words = max(words_of(a), words_of(b)) + 1
    for operation, value in enumerate((a & b, a | b, a ^ b)):
        result = row(memory, words)
        state = memory.integer(operation)
        stops = finish(memory, COMBINE, result, memory.integer(a), memory.integer(b), start, state)
        assert number(memory, result) == abs(value)
        yield stops, words


def check_shifts(memory: SmallMemory, a: int, start: int) -> Iterator[tuple[int, int]]:
    for bits in (0, 1, 31, 32, 700, -1, -32, -33, -700, -9000):
        words = max(words_of(a) + 1 + bits // 32, 1)
        result = row(memory, words, 2 ** (32 * words) - 1)
        stops = finish(memory, SHIFT, result, memory.integer(a), memory.integer(bits), start)
        assert number(memory, result) == (abs(a) << bits if bits >= 0 else abs(a) >> -bits)
        yield stops, words


@pytest.mark.parametrize("interrupted", [False, True])
def test_sums_combinations_and_shifts_of_any_length(memory: SmallMemory, interrupted: bool) -> None:
    start = memory.integer(0)
    for a, b in long_pairs():
        for check in (check_sums, check_combinations, lambda m, a, b, start: check_shifts(m, a, start)):
            memory.reset()
            memory.simulation.interrupt_pending = interrupted
            for stops, words in check(memory, a, b, start):
                assert stops == (-(-words // PIECE) - 1 if interrupted else 0)


@pytest.mark.parametrize("interrupted", [False, True])
def test_comparisons_and_leading_zeros_of_any_length(memory: SmallMemory, interrupted: bool) -> None:
    for bits in (30, 32 * PIECE, 32 * PIECE + 1, 1500):
        for difference in (-1, 0, 1, 1 << bits // 2):
            memory.reset()
            memory.simulation.interrupt_pending = interrupted
            words, other = bits // 32 + 1, 2**bits + difference
            left, right, place = row(memory, words, 2**bits), row(memory, words, other), memory.integer(words)
            result = memory.run(COMPARE, left, right, place)
            while isinstance(result, Interrupted):
                result = memory.resume(COMPARE, 2)
            assert isinstance(result, int) and memory.value(result) == (2**bits > other) - (2**bits < other)
    for bits in (0, 1, 8, 9, 31, 32, 1024):
        memory.reset()
        memory.simulation.interrupt_pending = interrupted
        padded = row(memory, 34, 2**bits - 1)
        result = memory.run(BYTES, padded, memory.integer(34))
        while isinstance(result, Interrupted):
            result = memory.resume(BYTES, 1)
        assert isinstance(result, int) and memory.value(result) == (bits + 7) // 8


def test_a_row_is_shortened_in_its_block(memory: SmallMemory) -> None:
    i = memory.integer
    padded = row(memory, 10, 2**300 - 1)
    assert memory.run(SHORTEN, padded, i(38)) == padded and memory.value(padded) == 2**300 - 1
    for size, count in ((10, 12), (10, 37), (10, 41), (10, 0), (3, 11)):
        memory.reset()
        assert isinstance(memory.run(SHORTEN, row(memory, size, 2 ** (32 * size) - 1), i(count)), Failed)


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
        (ADD, two, room, room, memory.nil, i(0)),
        (ADD, two, room, memory.string(b"four"), i(0), i(0)),
        (SUBTRACT, room, room, two, i(0), i(0)),
        (SHIFT, room, two, memory.nil, i(0)),
        (SHIFT, room, two, i(1), i(-1)),
        (COMBINE, memory.string(b"four"), two, two, i(0), i(0)),
        (COMPARE, two, i(1), i(2)),
        (COMPARE, two, two, i(-1)),
        (BYTES, two, i(3)),
    ]
    for primitive, *operands in wrong:
        assert isinstance(memory.run(primitive, *operands), Failed), (primitive, operands)


@pytest.mark.parametrize("primitive", [MULTIPLY, DIVIDE, ADD, SUBTRACT, SHIFT, COMBINE])
def test_an_interrupt_waits_for_one_piece(memory: SmallMemory, primitive: int) -> None:
    long, start = row(memory, 64, 2**2048 - 1), memory.integer(0)
    operands = {
        DIVIDE: (row(memory, 34), row(memory, 97, 2**3000 - 5), long, memory.integer(32), start),
        SHIFT: (row(memory, 65), long, memory.integer(31), start),
    }
    memory.push(operands.get(primitive, (row(memory, 129), long, long, start, start)))
    memory.simulation.interrupt_pending = True
    count = memory.arm.count_instructions(primitive, memory.memory, memory.simulation.registers, memory.method)
    assert 0 < count <= (900 if primitive == COMBINE else 700)
