"""Every primitive without device or context: simulation, intermediate code and ARM leave the same memory behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hardtalk.vm.object_format import method_header

from .ir_machine import IrMachine
from .small_memory import Failed, Interrupted, SmallMemory

Operands = Callable[[SmallMemory], tuple[int, ...]]


def integers(*values: int) -> Operands:
    return lambda m: tuple(m.integer(value) for value in values)


def floats(*values: float) -> Operands:
    return lambda m: tuple(m.number(value) for value in values)


def making(code: bytes) -> Operands:
    """Of a method with two literals, which a variable may be."""

    def operands(m: SmallMemory) -> tuple[int, ...]:
        binding = m.make("FormatFixed", m.classes["Association"], [m.nil] * 2)
        data = m.make("FormatBytes", m.classes["ByteArray"], code)
        return m.classes["CompiledMethod"], method_header(literals=2), m.array([binding] * 2), data

    return operands


def digits(*values: int) -> Operands:
    """A receiver of six words, zero, and integers."""
    return lambda m: (m.make("FormatBytes", m.classes["LargePositiveInteger"], bytes(24)), *map(m.integer, values))


SMALL = [(7, -2), (2**30 - 1, 2**30 - 1), (-(2**30), -1), (6, 0)]
LARGE = [(2**70, -(2**33) - 1), (-(2**30), -1), (2**96 - 1, 2**96 - 1), (10**40, 7), (2**200, -(2**99) + 7), (5, 0)]
FLOAT = [(1.5, -0.1), (0.1, 3), (float("inf"), 2.5), (1e-308, 0.0)]
CASES: list[tuple[int, Operands]] = [
    *((number, integers(*pair)) for number in range(1, 18) for pair in SMALL),
    (18, integers(3, 4)),
    *((number, integers(*pair)) for number in range(20, 37) for pair in LARGE),
    *((37, integers(a, b)) for a in (2**70 + 1, -(2**64) - 1, -3) for b in (33, 0, -1, -32, -65)),
    *((number, floats(*pair)) for number in range(41, 51) for pair in FLOAT),
    (40, integers(-5)),
    *((number, floats(a)) for number in (51, 52, 53, 55) for a in (2.75, -123456789.125, 5e-324, -0.0, float("nan"))),
    *((54, floats(a, b)) for a, b in [(1.5, -1074), (1.1, 2000), (-1.1, -2000), (3.0, 4)]),
    (60, lambda m: (m.array([m.true, m.nil]), m.integer(2))),
    (60, lambda m: (m.string(b"ab"), m.integer(2))),
    (60, lambda m: (m.words([1, 2**31]), m.integer(2))),
    (61, lambda m: (m.array([m.true, m.nil]), m.integer(1), m.false)),
    (61, lambda m: (m.words([1, 2]), m.integer(2), m.integer(2**32 - 1))),
    (61, lambda m: (m.string(b"ab"), m.integer(3), m.integer(1))),
    (62, lambda m: (m.string(b"abc"),)),
    (63, lambda m: (m.string(b"abc"), m.integer(3))),
    (64, lambda m: (m.string(b"abc"), m.integer(3), m.characters[7])),
    (70, lambda m: (m.classes["Point"],)),
    (71, lambda m: (m.classes["Tail"], m.integer(9))),
    (71, lambda m: (m.classes["String"], m.integer(2**29))),
    (73, lambda m: (m.characters[9], m.integer(1))),
    (75, lambda m: (m.array([]),)),
    (105, lambda m: (m.string(b"abcdefgh"), m.integer(2), m.integer(7), m.string(b"01234567"), m.integer(1))),
    (105, lambda m: (m.words([1, 2, 3, 4]), m.integer(1), m.integer(3), m.words([5, 6, 7, 8]), m.integer(2))),
    (110, lambda m: (m.nil, m.nil)),
    (111, lambda m: (m.integer(3),)),
    (112, lambda m: (m.nil,)),
    (115, lambda m: (m.string(b"a"), m.make("FormatBytes", m.classes["ByteArray"], b"b"))),
    (145, lambda m: (m.string(b"abcde"), m.integer(66))),
    (148, lambda m: (m.array([m.nil] * 11),)),
    (607, integers(3, 1)),
    (609, lambda m: (m.string(b"abcdefghi"), m.string(b"abcdefgha"))),
    (610, lambda m: (m.string(b"hardtalk"),)),
    (611, lambda m: (m.string(b"hardtalk"), m.integer(116), m.integer(2))),
    (616, lambda m: (m.string(b"123456789"), m.integer(1), m.integer(9))),
    (680, making(b"\x78")),
    (680, making(b"\x88")),
    (683, digits(-(2**70), 2**64 - 1, 0, 0)),
    (684, digits(2**159 + 12345 * 2**64, 2**63 + 5 << 32, 1, 0)),
    (684, digits(2**159, 2**63 + 5, 1, 0)),
    (685, digits(2**95 - 1, -(2**90), 0, 0)),
    (686, digits(2**70, -(2**95) + 1, 0, 0)),
    *((687, digits(-(2**90) + 1, bits, 0)) for bits in (-65, -32, 0, 5, 64)),
    *((688, digits(2**95 - 5, -(2**70), 0, operation)) for operation in range(3)),
    (689, lambda m: (m.integer(2**64), m.integer(-(2**64) + 1), m.integer(2))),
    (691, digits(5)),
    (692, digits(23)),
]  # fmt: skip


@pytest.fixture(scope="session")
def ir(shared_memory: SmallMemory) -> IrMachine:
    return IrMachine(shared_memory.simulation.program, shared_memory.simulation.symbols)


@pytest.mark.parametrize(("number", "operands"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_all_three_agree(memory: SmallMemory, ir: IrMachine, number: int, operands: Operands) -> None:
    memory.push(operands(memory))
    arguments = len(operands(memory)) - 1
    kind, sp, flat = ir.run(number, memory.memory, memory.simulation.registers, (memory.method, arguments))
    result = memory.resume(number, arguments)  # compares simulation and ARM
    assert kind == {Failed: "failed", Interrupted: "current"}.get(type(result), "next")
    assert sp == memory.state["sp"]
    for segment in memory.memory.segments[:2]:
        assert flat[segment.base : segment.base + segment.size] == segment.data


def test_the_cases_cover_the_table(memory: SmallMemory) -> None:
    covered = {number for number, _ in CASES}
    pure = [n for n in (*range(1, 19), *range(20, 38), *range(40, 56), *range(60, 65), 70, 71, 73, 75, 105, 110, 111)]
    assert set(pure) <= covered
