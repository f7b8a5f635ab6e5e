"""PL011: what it asks a DMA controller for."""

from __future__ import annotations

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Pl011, Request

RXDMAE, TXDMAE, DMAONERR = 1, 2, 4
CHARACTER = 17355
SINGLE, BOTH = Request.SINGLE, Request.SINGLE | Request.BURST


def made(name: str = "UART0", fifo: bool = True) -> Pl011:
    uart = Pl011(default_chip().peripheral(name))
    uart.write("IBRD", 13)
    uart.write("FBRD", 1)
    uart.write("LCRH", 0x60 | (0x10 if fifo else 0))
    uart.write("CR", 0x301)
    return uart


@pytest.mark.parametrize(("name", "sending"), [("UART0", 15), ("UART1", 13), ("UART2", 11)])
def test_each_has_its_lines(name: str, sending: int) -> None:
    uart = made(name)
    assert uart.dma_requests() == {}
    uart.write("DMACR", TXDMAE)
    assert uart.dma_requests() == {sending: BOTH}
    uart.write("DMACR", RXDMAE)
    uart.send(b"A")
    uart.clock.advance(CHARACTER)
    assert uart.dma_requests() == {sending - 1: SINGLE}


def test_it_asks_for_characters_while_there_is_room() -> None:
    """For a burst when the FIFO has run down to its level, half of it."""
    uart = made()
    uart.write("DMACR", TXDMAE)
    asked = []
    for _ in range(17):
        asked.append(uart.dma_requests().get(15))
        uart.write("DR", 65)
    assert asked == [BOTH] * 10 + [SINGLE] * 7
    assert uart.dma_requests() == {}


def test_it_tells_when_there_is_room_again() -> None:
    uart = made()
    uart.write("DMACR", TXDMAE)
    for _ in range(17):
        uart.write("DR", 65)
    told: list[int] = []
    uart.requests_changed = lambda: told.append(uart.clock.cycles)
    uart.clock.advance(2 * CHARACTER)
    assert told == [CHARACTER, 2 * CHARACTER]


def test_it_asks_for_characters_to_be_fetched() -> None:
    """For a burst when the FIFO has come to its level, half of it; it tells of each one."""
    uart = made()
    uart.write("DMACR", RXDMAE)
    told: list[int] = []
    uart.requests_changed = lambda: told.append(uart.clock.cycles)
    uart.send(bytes(8))
    asked = []
    for _ in range(8):
        uart.clock.advance(CHARACTER)
        asked.append(uart.dma_requests()[14])
    assert asked == [SINGLE] * 7 + [BOTH]
    assert told == [CHARACTER * each for each in range(1, 9)]
    for _ in range(8):
        uart.read("DR")
    assert uart.dma_requests() == {}


def test_without_fifos_it_asks_for_single_transfers() -> None:
    uart = made(fifo=False)
    uart.write("DMACR", TXDMAE | RXDMAE)
    uart.send(b"A")
    uart.clock.advance(CHARACTER)
    assert uart.dma_requests() == {15: SINGLE, 14: SINGLE}


def test_after_an_overrun_nothing_is_fetched_until_it_is_cleared() -> None:
    """As long as DMAONERR is set."""
    uart = made()
    uart.write("DMACR", RXDMAE | DMAONERR)
    uart.send(bytes(17))
    uart.clock.advance(17 * CHARACTER)
    assert uart.dma_requests() == {}
    uart.write("DMACR", RXDMAE)
    assert uart.dma_requests() == {14: BOTH}
    uart.write("DMACR", RXDMAE | DMAONERR)
    told: list[int] = []
    uart.requests_changed = lambda: told.append(uart.clock.cycles)
    uart.write("ICR", 1 << 10)
    assert uart.dma_requests() == {14: BOTH} and told == [17 * CHARACTER]
