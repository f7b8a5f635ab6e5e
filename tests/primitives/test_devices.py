"""Registers are touched exactly once and only when the answer has a place."""

from __future__ import annotations

import pytest

from hardtalk.chip import default_chip

from .small_memory import COUNTER, DEVICE, VIC, VIC_ENABLE, VIC_RAW, Failed, Interrupted, SmallMemory


def registers(memory: SmallMemory, base: int = DEVICE) -> int:
    return memory.make("FormatFixed", memory.classes["Point"], [memory.integer(base // 4), memory.nil])


@pytest.mark.parametrize("word", [0, 1, 2**30 - 1, 2**30, 2**31, 2**32 - 1])
def test_read(memory: SmallMemory, word: int) -> None:
    memory.device_words[0x14] = word
    result = memory.run(600, registers(memory), memory.integer(0x14))
    assert isinstance(result, int) and memory.value(result) == word
    assert memory.device_log == [("read", 0x14, 0)]


def test_two_large_values_are_two_objects(memory: SmallMemory) -> None:
    memory.device_words[4] = 2**31
    first = memory.run(600, registers(memory), memory.integer(4))
    memory.device_words[4] = 2**32 - 1
    second = memory.run(600, registers(memory), memory.integer(4))
    assert isinstance(first, int) and isinstance(second, int)
    assert (memory.value(first), memory.value(second)) == (2**31, 2**32 - 1)


@pytest.mark.parametrize("word", [0, 5, 2**30, 2**32 - 1])
def test_write(memory: SmallMemory, word: int) -> None:
    value = memory.integer(word)
    assert memory.run(601, registers(memory), memory.integer(8), value) == value
    assert memory.device_log == [("write", 8, word)]


def test_bits(memory: SmallMemory) -> None:
    memory.device_words[0] = 0x80000001
    for bit in range(32):
        expected = memory.true if bit in (0, 31) else memory.false
        assert memory.run(602, registers(memory), memory.integer(bit), memory.integer(0)) == expected
    assert len(memory.device_log) == 32


@pytest.mark.parametrize("word", [0, 2**30 - 1, 2**30, 2**32 - 1])
def test_a_view_is_read_and_written_once(memory: SmallMemory, word: int) -> None:
    view = registers(memory, DEVICE + 0x18)
    memory.device_words[0x18] = word
    result = memory.run(624, view)
    assert isinstance(result, int) and memory.value(result) == word
    value = memory.integer(word)
    assert memory.run(625, view, value) == value
    assert memory.device_log == [("read", 0x18, 0), ("write", 0x18, word)]


@pytest.mark.parametrize("number", [0, 1, 31, 63])
@pytest.mark.parametrize("word", [0, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 2**32 - 1])
def test_the_words_of_a_peripheral(memory: SmallMemory, number: int, word: int) -> None:
    device = registers(memory, DEVICE)
    memory.device_words[4 * number] = word
    result = memory.run(700 + number, device)
    assert isinstance(result, int) and memory.value(result) == word
    value = memory.integer(word)
    assert memory.run(764 + number, device, value) == value
    assert memory.device_log == [("read", 4 * number, 0), ("write", 4 * number, word)]


@pytest.mark.parametrize("bit", range(32))
def test_the_bits_of_a_view(memory: SmallMemory, bit: int) -> None:
    view = registers(memory, DEVICE + 0x18)
    for word in (1 << bit, ~(1 << bit) & 0xFFFFFFFF):
        memory.device_words[0x18] = word
        assert memory.run(628 + bit, view) == (memory.true if word >> bit & 1 else memory.false)
    assert memory.device_log == [("read", 0x18, 0)] * 2


@pytest.mark.parametrize("mask", [1, 1 << 29, 1 << 30, 1 << 31])
def test_a_line_is_unmasked_only_when_it_is_low(memory: SmallMemory, mask: int) -> None:
    raw, enable = VIC + VIC_RAW - DEVICE, VIC + VIC_ENABLE - DEVICE
    memory.device_words[raw] = ~mask & 0xFFFFFFFF
    assert memory.run(626, memory.nil, memory.integer(mask)) == memory.true
    assert memory.device_log == [("read", raw, 0), ("write", enable, mask)]
    memory.device_words[raw] = mask
    assert memory.run(626, memory.nil, memory.integer(mask)) == memory.false
    assert memory.device_log[2:] == [("read", raw, 0)]


ENABLE = 4
"""The controller's word that unmasks."""


@pytest.mark.parametrize("number", range(ENABLE, 8))
@pytest.mark.parametrize("mask", [1, 1 << 30, 1 << 31])
def test_words_of_the_interrupt_controller(memory: SmallMemory, number: int, mask: int) -> None:
    assert memory.run(832 + number, memory.true, memory.integer(mask)) == memory.true
    assert memory.device_log == [("write", VIC - DEVICE + 4 * number, mask)]


@pytest.mark.parametrize("number", range(ENABLE))
def test_which_exception_a_line_causes_is_not_for_programs(memory: SmallMemory, number: int) -> None:
    assert isinstance(memory.run(832 + number, memory.true, memory.integer(1)), Failed)
    assert memory.device_log == []


@pytest.mark.parametrize("line", ["TIMER01", "UART0"])
def test_lines_that_everybody_relies_on_are_only_unmasked(memory: SmallMemory, line: str) -> None:
    mask = 1 << default_chip().peripheral(line).lines[0]
    for number in range(8):
        for lines in (mask, mask | 1, 0xFFFFFFFF):
            done = memory.run(832 + number, memory.true, memory.integer(lines))
            assert (done == memory.true) == (number == ENABLE)
    assert {offset for _, offset, _ in memory.device_log} == {VIC - DEVICE + 4 * ENABLE}


def test_what_is_no_view_touches_nothing(memory: SmallMemory) -> None:
    view = registers(memory)
    for receiver in (memory.nil, memory.string(b"x"), memory.integer(4), memory.array([memory.integer(1)])):
        for number in (624, 628, 659, 700, 763):
            assert isinstance(memory.run(number, receiver), Failed)
        for number in (625, 764, 827):
            assert isinstance(memory.run(number, receiver, memory.integer(1)), Failed)
    for value in (memory.nil, memory.integer(-1), memory.integer(2**32)):
        assert isinstance(memory.run(625, view, value), Failed)
        assert isinstance(memory.run(770, view, value), Failed)
        for number in (626, 832, 839):
            assert isinstance(memory.run(number, memory.nil, value), Failed)
    assert memory.device_log == []


def test_wrong_arguments_touch_nothing(memory: SmallMemory) -> None:
    i, device = memory.integer, registers(memory)
    for operands in [(device, i(2)), (device, memory.nil), (memory.string(b"x"), i(0)), (i(4), i(0))]:
        assert isinstance(memory.run(600, *operands), Failed)
    for value in (i(-1), i(2**32), memory.nil, memory.float(1.0)):
        assert isinstance(memory.run(601, device, i(0), value), Failed)
    for bit in (-1, 32):
        assert isinstance(memory.run(602, device, i(bit), i(0)), Failed)
    assert memory.device_log == []


def new_semaphore(memory: SmallMemory) -> int:
    return memory.make("FormatFixed", memory.classes["Semaphore"], [memory.nil, memory.nil, memory.integer(0)])


def test_line_semaphores(memory: SmallMemory) -> None:
    semaphore = new_semaphore(memory)
    assert memory.run(603, memory.nil, memory.integer(31), semaphore) == memory.nil
    lines = memory.value(memory.state["lineSemaphoreArray"])
    assert lines == [memory.nil] * 31 + [semaphore]
    memory.run(603, memory.nil, memory.integer(31), memory.nil)
    assert memory.value(memory.state["lineSemaphoreArray"]) == [memory.nil] * 32
    for line in (-1, 32):
        assert isinstance(memory.run(603, memory.nil, memory.integer(line), semaphore), Failed)
    assert isinstance(memory.run(603, memory.nil, memory.integer(31), memory.array([])), Failed)


def test_a_line_that_everybody_relies_on_keeps_its_semaphore(memory: SmallMemory) -> None:
    line = memory.integer(default_chip().peripheral("UART0").lines[0])
    semaphore, another = (new_semaphore(memory) for _ in range(2))
    assert memory.run(603, memory.nil, line, semaphore) == memory.nil
    assert isinstance(memory.run(603, memory.nil, line, another), Failed)
    assert isinstance(memory.run(603, memory.nil, line, memory.nil), Failed)


def test_emergency_write(memory: SmallMemory) -> None:
    assert memory.run(606, memory.nil, memory.string(b"stop\n")) == memory.nil
    assert memory.console == b"stop\n"
    assert isinstance(memory.run(606, memory.nil, memory.integer(3)), Failed)


def test_an_emergency_write_goes_on_after_interrupts(memory: SmallMemory) -> None:
    text = memory.string(b"stop\n")
    memory.simulation.interrupt_pending = True
    assert [type(memory.run(606, memory.nil, text)) for _ in range(5)] == [Interrupted] * 5
    assert memory.console == b"stop\n"
    memory.simulation.interrupt_pending = False
    assert memory.run(606, memory.nil, text) == memory.nil
    assert memory.console == b"stop\n"


def test_the_clock_counts_whole_milliseconds_over_the_counters_wrap(memory: SmallMemory) -> None:
    ticks, shown = 0, []
    for step in (0, 23_999, 1, 2**31, 2**31, 48_000):
        ticks += step
        memory.device_words[COUNTER - DEVICE] = ticks & 0xFFFFFFFF
        result = memory.run(135, memory.nil)
        assert isinstance(result, int)
        shown.append((memory.value(result), ticks // 24_000))
    assert all(clock == expected for clock, expected in shown)
