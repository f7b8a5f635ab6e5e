"""States of devices gone back to one by one: what was touched is as it was, alarms included."""

from __future__ import annotations

from hardtalk.chip import default_chip
from hardtalk.devices import Clock, Pl011, Pl190, Sp804, TouchedDevices


def devices() -> tuple[Clock, Pl190, Sp804, Pl011]:
    chip = default_chip()
    clock = Clock(chip.clocks)
    peripherals = {each.name: each for each in chip.peripherals}
    return (
        clock,
        Pl190(peripherals["VIC"], clock),
        Sp804(peripherals["TIMER01"], clock),
        Pl011(peripherals["UART0"], clock),
    )


def test_a_plain_device_goes_back_and_others_keep_their_state() -> None:
    clock, vic, timer, uart = devices()
    touched = TouchedDevices(clock, (vic, timer, uart))
    first = touched.mark()
    key = touched.key()
    vic.write("SOFTINT", 6)
    vic.write("INTENABLE", 2)
    touched.touched.add(vic)
    assert touched.key() != key
    second = touched.mark()
    vic.write("SOFTINTCLEAR", 4)
    touched.touched.add(vic)
    touched.back(second)
    assert (vic.software, vic.enabled) == (6, 2)
    touched.back(first)
    assert (vic.software, vic.enabled) == (0, 0)
    assert touched.key() == key


def test_lists_of_a_mark_are_its_own() -> None:
    clock, vic, timer, uart = devices()
    touched = TouchedDevices(clock, (vic, timer, uart))
    uart.receive_fifo.append(1)
    touched.touched.add(uart)
    mark = touched.mark()
    for _ in range(2):
        uart.receive_fifo.append(2)
        touched.touched.add(uart)
        touched.back(mark)
        assert uart.receive_fifo == [1]


def test_alarms_and_their_counters_go_back_together() -> None:
    clock, vic, timer, uart = devices()
    touched = TouchedDevices(clock, (vic, timer, uart))
    timer.write_at(0, 5)
    timer.write_at(8, 0xE2)
    touched.touched.add(timer)
    mark = touched.mark()
    due = clock.next_due
    assert due is not None
    for _ in range(2):
        clock.advance(due - clock.cycles)
        assert timer.counters[0].is_raised
        touched.touched.add(timer)
        clock._cycles = 0
        touched.back(mark)
        assert not timer.counters[0].is_raised
        assert clock.next_due == due
