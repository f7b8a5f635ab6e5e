"""PL011: character times, FIFOs, triggers, overrun, enables."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Pl011

RX, TX, RT, BE, OE = 0x10, 0x20, 0x40, 0x200, 0x400
RXFE, TXFF, RXFF, TXFE, BUSY = 0x10, 0x20, 0x40, 0x80, 0x08
CHARACTER = 17355  # 10 bits of 16 * (13 + 1/64) UART clocks of 24 MHz, at 200 MHz, rounded up


def made(fifo: bool = True, control: int = 0x301) -> Pl011:
    uart = Pl011(default_chip().peripheral("UART0"))
    uart.write("IBRD", 13)
    uart.write("FBRD", 1)
    uart.write("LCRH", 0x60 | (0x10 if fifo else 0))
    uart.write("CR", control)
    return uart


def test_a_character_takes_its_time() -> None:
    uart = made()
    uart.write("DR", ord("A"))
    assert uart.read("FR") & BUSY
    uart.clock.advance(CHARACTER - 1)
    assert uart.take() == b""
    uart.clock.advance(1)
    assert uart.take() == b"A"
    assert uart.read("FR") & (BUSY | TXFE) == TXFE


@pytest.mark.parametrize(("lcrh", "bits"), [(0x60, 10), (0x40, 9), (0x62, 11), (0x68, 11), (0x6A, 12), (0x00, 7)])
def test_the_frame_decides_the_length(lcrh: int, bits: int) -> None:
    uart = made()
    uart.write("IBRD", 1)
    uart.write("FBRD", 0)
    uart.write("LCRH", lcrh)
    assert uart.character_cycles == -(-bits * 16 * 200 // 24)


def test_divisors_wait_for_lcrh() -> None:
    uart = made()
    uart.write("IBRD", 1)
    assert uart.character_cycles == CHARACTER
    uart.write("LCRH", 0x70)
    assert uart.character_cycles < CHARACTER


def test_the_transmit_fifo_fills_and_interrupts_when_it_has_drained_to_its_level() -> None:
    uart = made()
    uart.write("IMSC", TX)
    for character in range(17):
        assert not uart.read("FR") & TXFF
        uart.write("DR", character)
    assert uart.read("FR") & TXFF
    assert not uart.line.level
    uart.clock.advance(8 * CHARACTER - 1)
    assert not uart.line.level
    uart.clock.advance(1)
    assert uart.line.level
    uart.write("ICR", TX)
    assert not uart.line.level
    uart.clock.advance(20 * CHARACTER)
    assert uart.take() == bytes(range(17))


def test_without_fifo_the_transmit_interrupt_comes_when_the_holding_register_is_free() -> None:
    uart = made(fifo=False)
    uart.write("DR", 1)
    assert uart.read("RIS") & TX
    uart.write("DR", 2)
    assert not uart.read("RIS") & TX
    assert uart.read("FR") & TXFF
    uart.clock.advance(CHARACTER)
    assert uart.read("RIS") & TX


def test_without_fifo_each_character_interrupts_and_the_second_overruns() -> None:
    uart = made(fifo=False)
    uart.write("IMSC", RX | OE)
    uart.send(b"abc")
    uart.clock.advance(CHARACTER)
    assert uart.line.level
    assert uart.read("FR") & RXFF
    uart.clock.advance(2 * CHARACTER)
    assert (uart.overruns, uart.read("RIS") & OE, uart.read("RSR")) == (2, OE, 8)
    assert uart.read("DR") == 0x800 | ord("a")
    uart.write("RSR", 0)
    assert uart.read("RSR") == 0
    assert uart.read("RIS") & (RX | OE) == OE
    uart.write("ICR", OE)
    assert not uart.line.level


def test_receive_trigger_and_timeout() -> None:
    uart = made()
    uart.write("IMSC", RX | RT)
    uart.send(b"12345678")
    uart.clock.advance(7 * CHARACTER)
    assert not uart.line.level
    uart.clock.advance(CHARACTER)
    assert uart.read("MIS") == RX
    assert uart.read("DR") == ord("1")
    assert not uart.line.level
    uart.clock.advance(uart.cycles_of_bits(32) - 1)
    assert not uart.line.level
    uart.clock.advance(1)
    assert uart.read("MIS") == RT
    assert bytes(uart.read("DR") for _ in range(7)) == b"2345678"
    assert (uart.line.level, uart.read("FR") & RXFE) == (False, RXFE)


def test_the_fifo_overruns_at_the_seventeenth_character() -> None:
    uart = made()
    uart.send(bytes(range(18)))
    uart.clock.advance(16 * CHARACTER)
    assert (uart.overruns, uart.read("FR") & RXFF) == (0, RXFF)
    uart.clock.advance(2 * CHARACTER)
    assert uart.overruns == 2


@pytest.mark.parametrize("control", [0x000, 0x300, 0x001, 0x201])
def test_a_disabled_transmitter_sends_nothing(control: int) -> None:
    uart = made(control=control)
    uart.write("DR", 65)
    uart.clock.advance(10 * CHARACTER)
    assert uart.take() == b""
    uart.write("CR", 0x301)
    uart.clock.advance(CHARACTER)
    assert uart.take() == b"A"


@pytest.mark.parametrize("control", [0x000, 0x300, 0x101])
def test_a_disabled_receiver_hears_nothing(control: int) -> None:
    uart = made(control=control)
    uart.send(b"A")
    uart.clock.advance(10 * CHARACTER)
    assert uart.read("FR") & RXFE


def test_loop_back() -> None:
    uart = made(control=0x381)
    uart.write("DR", 90)
    uart.clock.advance(CHARACTER)
    assert (uart.read("DR"), uart.take()) == (90, b"")


def test_what_is_not_modelled_is_named() -> None:
    uart = made()
    notices: list[str] = []
    uart.notice = notices.append
    uart.write("LCRH", 0x71)
    uart.write("IBRD", 0)
    uart.write("LCRH", 0x70)
    assert notices == [
        "LCRH.BRK written, which is not modelled",
        "IBRD is 0, which the manual does not allow: the UART has no baud rate and stands still",
    ]


def test_switching_the_fifos_empties_them() -> None:
    uart = made()
    uart.write("IMSC", RX | RT)
    for character in b"abc":
        uart.write("DR", character)
    uart.send(b"12345678")
    uart.clock.advance(8 * CHARACTER)
    for character in b"defghijklmnopqr":
        uart.write("DR", character)
    assert uart.line.level
    uart.write("LCRH", 0x60)
    flags = uart.read("FR")
    assert (uart.line.level, flags & RXFE, flags & TXFE, flags & BUSY) == (False, RXFE, TXFE, BUSY)
    assert uart.read("RIS") & TX
    uart.take()
    uart.clock.advance(40 * CHARACTER)
    assert uart.take() == b"d"
    assert uart.read("RIS") & (RX | RT) == 0


def test_other_bits_of_lcrh_leave_the_fifos_alone() -> None:
    uart = made()
    uart.send(b"ab")
    uart.clock.advance(2 * CHARACTER)
    uart.write("LCRH", 0x78)
    assert bytes(uart.read("DR") for _ in range(2)) == b"ab"


@pytest.mark.parametrize(("wlen", "mask"), [(0, 0x1F), (1, 0x3F), (2, 0x7F), (3, 0xFF)])
def test_a_word_has_as_many_bits_as_the_frame(wlen: int, mask: int) -> None:
    uart = made()
    uart.write("LCRH", 0x10 | wlen << 5)
    uart.write("DR", 0xF7)
    uart.send(b"\xeb")
    uart.clock.advance(2 * CHARACTER)
    assert (uart.take(), uart.read("DR")) == (bytes([0xF7 & mask]), 0xEB & mask)


def test_reset_values() -> None:
    uart = Pl011(default_chip().peripheral("UART0"))
    names = ("RSR", "FR", "IBRD", "FBRD", "LCRH", "CR", "IFLS", "IMSC", "RIS", "MIS")
    assert [uart.read(each) for each in names] == [0, 0x90, 0, 0, 0, 0x300, 0x12, 0, 0, 0]


@pytest.mark.parametrize("cleared", [RX, RT, TX, OE])
def test_icr_clears_what_is_written_as_one(cleared: int) -> None:
    uart = made()
    uart.write("IMSC", RX | RT | TX | OE)
    for character in range(17):
        uart.write("DR", character)
    uart.send(bytes(17))
    uart.clock.advance(20 * CHARACTER)
    assert uart.read("MIS") == RX | RT | TX | OE
    uart.write("ICR", cleared)
    assert uart.read("RIS") == (RX | RT | TX | OE) & ~cleared
    uart.write("ICR", 0)
    assert uart.read("RIS") == (RX | RT | TX | OE) & ~cleared


@pytest.mark.parametrize(("code", "level"), [(0, 2), (1, 4), (2, 8), (3, 12), (4, 14)])
def test_the_levels_of_the_fifos(code: int, level: int) -> None:
    uart = made()
    uart.write("IFLS", code << 3 | code)
    uart.write("IMSC", RX | TX)
    uart.send(bytes(level))
    uart.clock.advance(level * CHARACTER - 1)
    assert not uart.line.level
    uart.clock.advance(1)
    assert uart.read("MIS") == RX
    assert uart.read("DR") == 0
    assert uart.read("MIS") == 0
    for _ in range(17):
        uart.write("DR", 0)
    uart.clock.advance((16 - level) * CHARACTER - 1)
    assert uart.read("MIS") & TX == 0
    uart.clock.advance(1)
    assert uart.read("MIS") & TX == TX


def test_a_disabled_uart_ends_the_character_that_it_sends() -> None:
    uart = made()
    uart.write("DR", 65)
    uart.write("DR", 66)
    uart.clock.advance(CHARACTER // 2)
    uart.write("CR", 0x300)
    uart.clock.advance(10 * CHARACTER)
    assert uart.take() == b"A"
    uart.write("CR", 0x301)
    uart.clock.advance(CHARACTER)
    assert uart.take() == b"B"


def test_a_write_of_the_error_register_clears_the_error_not_its_interrupt() -> None:
    uart = made()
    uart.send(bytes(17))
    uart.clock.advance(17 * CHARACTER)
    assert (uart.read("RSR"), uart.read("RIS") & OE) == (8, OE)
    uart.write("RSR", 0xFF)
    assert (uart.read("RSR"), uart.read("RIS") & OE) == (0, OE)


def test_a_character_written_to_the_full_fifo_is_lost() -> None:
    uart = made()
    told: list[str] = []
    uart.notice = told.append
    for character in range(18):
        uart.write("DR", character)
    uart.clock.advance(20 * CHARACTER)
    assert uart.take() == bytes(range(17))
    assert told == ["character written to the full transmit FIFO and lost"]


def test_while_somebody_reads_on_no_alarm_comes_at_the_next_character() -> None:
    """Only one that interrupts needs the board to stop."""
    uart = made()
    uart.write("IMSC", RX | RT)
    uart.send(bytes(20))
    uart.clock.advance(8 * CHARACTER)
    for _ in range(2):
        uart.read("DR")
    assert uart.arrival is not None and uart.next_arrival is not None
    assert uart.arrival.due > uart.next_arrival
    assert not uart.line.level
    uart.clock.advance(2 * CHARACTER - 1)
    assert not uart.line.level
    uart.clock.advance(1)
    assert uart.line.level


def test_a_break_is_a_character_of_its_own_and_interrupts_at_once() -> None:
    """DDI 0183, 3.3.1: one 0 is put into the FIFO; BE is associated with it."""
    uart = made()
    uart.write("IMSC", BE)
    uart.send(b"a")
    uart.send_break()
    uart.send(b"b")
    uart.clock.advance(2 * CHARACTER - 1)
    assert not uart.line.level
    uart.clock.advance(1)
    assert uart.line.level and uart.read("MIS") == BE
    uart.clock.advance(CHARACTER)
    assert [uart.read("DR") for _ in range(3)] == [ord("a"), 0x400, ord("b")]
    uart.write("ICR", BE)
    assert not uart.line.level


def test_the_status_register_tells_of_a_break_when_its_character_has_been_read() -> None:
    uart = made()
    uart.send(b"a")
    uart.send_break()
    uart.send(b"b")
    uart.clock.advance(3 * CHARACTER)
    seen = []
    for _ in range(3):
        uart.read("DR")
        seen.append(uart.read("RSR"))
    assert seen == [0, 4, 0]
    uart.send_break()
    uart.clock.advance(CHARACTER)
    assert (uart.read("DR"), uart.read("RSR")) == (0x400, 4)
    uart.write("RSR", 0)
    assert (uart.read("RSR"), uart.read("RIS") & BE) == (0, BE)


def test_a_break_is_lost_like_any_character_when_the_fifo_is_full() -> None:
    uart = made(fifo=False)
    uart.send(b"a")
    uart.send_break()
    uart.clock.advance(2 * CHARACTER)
    assert (uart.overruns, uart.read("RIS") & (BE | OE)) == (1, OE)
    assert uart.read("DR") == 0x800 | ord("a")


def test_breaks_one_after_the_other_each_interrupt() -> None:
    uart = made()
    uart.write("IMSC", BE)
    for _ in range(3):
        uart.send_break()
    for _ in range(3):
        uart.clock.advance(CHARACTER)
        assert uart.read("MIS") == BE
        uart.write("ICR", BE)
        assert not uart.line.level
    assert [uart.read("DR") for _ in range(3)] == [0x400] * 3
