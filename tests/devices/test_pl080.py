"""PL080: what is moved, when, for whom, and what interrupts. Times are in CPU cycles, exact."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import BusError, Pl080, Request
from hardtalk.devices.bus_master import StandaloneMemory

SOURCE, DESTINATION, ITEMS = 0x1000, 0x8000, 0x400
REGISTER = 0x90000000
BEAT = 3
ENABLE, IE, ITC, HALT, ACTIVE = 1, 1 << 14, 1 << 15, 1 << 18, 1 << 17
SI, DI, INTERRUPT = 1 << 26, 1 << 27, 1 << 31
BOTH = SI | DI
WORDS = 2 << 18 | 2 << 21
TO_MEMORY, TO_PERIPHERAL, BETWEEN = 2 << 11, 1 << 11, 3 << 11
BURSTS = (1, 4, 8, 16, 32, 64, 128, 256)
DATA = bytes(range(256)) * 16


class Peripheral:
    """At REGISTER: gives the next bytes to who reads, keeps what is written; asks as it is told."""

    def __init__(self) -> None:
        self.asked: dict[int, Request] = {}
        self.given = 0
        self.got: list[tuple[int, int]] = []

    def read(self, address: int, size: int) -> int:
        self.check(address)
        self.given += 1
        return self.given

    def write(self, address: int, size: int, value: int) -> None:
        self.check(address)
        self.got.append((size, value))

    def check(self, address: int) -> None:
        if address != REGISTER:
            raise BusError(f"nothing answers at {address:#x}")

    def dma_requests(self) -> Mapping[int, Request]:
        return self.asked


@pytest.fixture
def dma() -> Pl080:
    """Enabled, with data at SOURCE."""
    device = Pl080(default_chip().peripheral("DMAC"))
    device.bus = Peripheral()
    device.memory.write(SOURCE, DATA)
    device.write("Configuration", ENABLE)
    return device


def peripheral(dma: Pl080) -> Peripheral:
    assert isinstance(dma.bus, Peripheral)
    return dma.bus


def start(
    dma: Pl080,
    size: int,
    control: int = WORDS | BOTH | INTERRUPT,
    configuration: int = ITC | IE,
    *,
    channel: int = 0,
    source: int = SOURCE,
    destination: int = DESTINATION,
    item: int = 0,
) -> None:
    dma.write(f"C{channel}_SrcAddr", source)
    dma.write(f"C{channel}_DestAddr", destination)
    dma.write(f"C{channel}_LLI", item)
    dma.write(f"C{channel}_Control", control | size)
    dma.write(f"C{channel}_Configuration", configuration | ENABLE)


def moved(dma: Pl080, size: int) -> bytes:
    return dma.memory.read(DESTINATION, size)


def test_reset_values() -> None:
    device = Pl080(default_chip().peripheral("DMAC"))
    names = [each.description.name for each in device.cells if each.description.offset < 0xFE0]
    readable = [each for each in names if each not in ("IntTCClear", "IntErrClr")]
    assert len(readable) == 12 + 8 * 5
    assert {each: device.read(each) for each in readable if device.read(each)} == {}
    assert not device.line.level and device.clock.next_due is None


def test_memory_to_memory_takes_two_beats_a_transfer(dma: Pl080) -> None:
    start(dma, 10)
    dma.clock.advance(20 * BEAT - 1)
    assert not dma.line.level and moved(dma, 36) == DATA[:36]
    dma.clock.advance(1)
    assert dma.line.level and moved(dma, 44) == DATA[:40] + bytes(4)


@pytest.mark.parametrize("code", range(8))
def test_a_burst_is_moved_at_once(dma: Pl080, code: int) -> None:
    """What it reads and writes is done at its end, and the registers say so."""
    burst = BURSTS[code]
    start(dma, 600, WORDS | BOTH | code << 12)
    dma.clock.advance(2 * burst * BEAT - 1)
    assert (dma.read("C0_Control") & 0xFFF, dma.read("C0_SrcAddr")) == (600, SOURCE)
    dma.clock.advance(1)
    assert dma.read("C0_Control") & 0xFFF == 600 - burst
    assert (dma.read("C0_SrcAddr"), dma.read("C0_DestAddr")) == (SOURCE + 4 * burst, DESTINATION + 4 * burst)
    assert moved(dma, 4 * burst + 4) == DATA[: 4 * burst] + bytes(4)


def test_the_last_burst_may_be_shorter(dma: Pl080) -> None:
    start(dma, 10, WORDS | BOTH | INTERRUPT | 2 << 12)
    dma.clock.advance(20 * BEAT - 1)
    assert not dma.line.level
    dma.clock.advance(1)
    assert dma.line.level and moved(dma, 44) == DATA[:40] + bytes(4)


@pytest.mark.parametrize("wide", range(3))
@pytest.mark.parametrize("narrow", range(3))
def test_widths_of_source_and_destination(dma: Pl080, wide: int, narrow: int) -> None:
    """TransferSize counts transfers of the source's width. Words are taken apart and joined, lowest byte first."""
    size = 32 >> wide
    start(dma, size, BOTH | INTERRUPT | 3 << 12 | wide << 18 | narrow << 21)
    dma.clock.advance((size + (32 >> narrow)) * BEAT)
    assert dma.line.level and moved(dma, 33) == DATA[:32] + bytes(1)
    assert dma.read("C0_DestAddr") == DESTINATION + 32


def test_an_address_that_does_not_go_on(dma: Pl080) -> None:
    start(dma, 8, WORDS | DI | 2 << 12)
    dma.clock.advance(16 * BEAT)
    assert moved(dma, 32) == DATA[:4] * 8 and dma.read("C0_SrcAddr") == SOURCE
    start(dma, 8, WORDS | SI | 2 << 12)
    dma.clock.advance(16 * BEAT)
    assert moved(dma, 8) == DATA[28:32] + DATA[:4] and dma.read("C0_DestAddr") == DESTINATION


def test_the_end_switches_the_channel_off(dma: Pl080) -> None:
    start(dma, 1, channel=5)
    assert dma.read("EnbldChns") == 1 << 5
    dma.clock.advance(2 * BEAT)
    assert dma.read("EnbldChns") == 0 and dma.read("C5_Configuration") == ITC | IE
    assert dma.clock.next_due is None


def test_terminal_counts_are_masked_and_cleared(dma: Pl080) -> None:
    start(dma, 1, configuration=IE, channel=1)
    start(dma, 1, channel=2)
    dma.clock.advance(4 * BEAT)
    assert [dma.read(each) for each in ("RawIntTCStatus", "IntTCStatus", "IntStatus")] == [6, 4, 4]
    dma.write("IntTCClear", 2)
    assert dma.read("RawIntTCStatus") == 4 and dma.line.level
    dma.write("IntTCClear", 4)
    assert dma.read("RawIntTCStatus") == 0 and not dma.line.level


def test_a_mask_that_is_lifted_later_lets_the_interrupt_through(dma: Pl080) -> None:
    start(dma, 1, configuration=0)
    dma.clock.advance(2 * BEAT)
    assert not dma.line.level
    dma.write("C0_Configuration", ITC)
    assert dma.line.level


def test_without_i_in_control_there_is_no_interrupt(dma: Pl080) -> None:
    start(dma, 1, WORDS | BOTH)
    dma.clock.advance(2 * BEAT)
    assert dma.read("RawIntTCStatus") == 0 and dma.read("EnbldChns") == 0


@pytest.mark.parametrize(("source", "destination"), [(0xA0000000, DESTINATION), (SOURCE, 0xA0000000)])
def test_an_error_switches_the_channel_off(dma: Pl080, source: int, destination: int) -> None:
    start(dma, 4, source=source, destination=destination, channel=3)
    dma.clock.advance(2 * BEAT)
    statuses = ("RawIntErrorStatus", "IntErrorStatus", "IntStatus", "RawIntTCStatus", "EnbldChns")
    assert [dma.read(each) for each in statuses] == [8, 8, 8, 0, 0]
    assert dma.line.level and dma.clock.next_due is None
    dma.write("IntErrClr", 8)
    assert dma.read("RawIntErrorStatus") == 0 and not dma.line.level


def test_an_error_may_be_masked(dma: Pl080) -> None:
    start(dma, 4, configuration=ITC, source=0xA0000000)
    dma.clock.advance(2 * BEAT)
    assert [dma.read(each) for each in ("RawIntErrorStatus", "IntErrorStatus")] == [1, 0]
    assert not dma.line.level


def items(dma: Pl080, *rows: tuple[int, int, int]) -> None:
    """A list at ITEMS of sources, destinations and controls."""
    for place, (source, destination, control) in enumerate(rows):
        following = ITEMS + 16 * (place + 1) if place + 1 < len(rows) else 0
        words = (source, destination, following, control)
        dma.memory.write(ITEMS + 16 * place, b"".join(each.to_bytes(4, "little") for each in words))


def test_linked_list_items_follow_each_other(dma: Pl080) -> None:
    """Each has its own interrupt; the channel is off after the last."""
    again = WORDS | BOTH
    items(dma, (SOURCE + 256, DESTINATION + 16, again | INTERRUPT | 2), (SOURCE + 512, DESTINATION + 24, again | 3))
    start(dma, 4, WORDS | BOTH, item=ITEMS)
    dma.clock.advance(8 * BEAT)
    assert not dma.line.level and dma.read("C0_LLI") == ITEMS + 16 and dma.read("C0_SrcAddr") == SOURCE + 256
    dma.clock.advance(4 * BEAT)
    assert dma.line.level and dma.read("EnbldChns") == 1 and dma.read("C0_LLI") == 0
    dma.write("IntTCClear", 1)
    dma.clock.advance(6 * BEAT)
    assert not dma.line.level and dma.read("EnbldChns") == 0
    assert moved(dma, 40) == DATA[:16] + DATA[256:264] + DATA[512:524] + bytes(4)


def test_an_item_that_cannot_be_loaded_is_an_error(dma: Pl080) -> None:
    start(dma, 1, item=0xA0000000)
    dma.clock.advance(2 * BEAT)
    assert [dma.read(each) for each in ("RawIntTCStatus", "RawIntErrorStatus", "EnbldChns")] == [1, 1, 0]


def test_the_bits_of_lli_below_the_address_are_no_part_of_it(dma: Pl080) -> None:
    items(dma, (SOURCE, DESTINATION, WORDS | BOTH | 1))
    start(dma, 1, item=ITEMS | 1)
    dma.clock.advance(2 * BEAT)
    assert dma.read("C0_SrcAddr") == SOURCE and dma.read("RawIntErrorStatus") == 0


def test_the_lowest_channel_goes_first(dma: Pl080) -> None:
    """From burst to burst."""
    start(dma, 8, WORDS | BOTH | INTERRUPT | 1 << 12, channel=6)
    start(dma, 8, WORDS | BOTH | INTERRUPT | 1 << 12, channel=2, destination=DESTINATION + 64)
    dma.clock.advance(8 * BEAT)  # a burst of the sixth, which had begun
    assert (dma.read("C6_Control") & 0xFFF, dma.read("C2_Control") & 0xFFF) == (4, 8)
    dma.clock.advance(16 * BEAT)
    assert dma.read("RawIntTCStatus") == 1 << 2
    dma.clock.advance(8 * BEAT)
    assert dma.read("RawIntTCStatus") == 1 << 2 | 1 << 6


def test_nothing_begins_while_the_controller_is_disabled(dma: Pl080) -> None:
    dma.write("Configuration", 0)
    start(dma, 4)
    assert dma.clock.next_due is None and dma.read("EnbldChns") == 1
    dma.write("Configuration", ENABLE)
    dma.clock.advance(8 * BEAT)
    assert dma.line.level


def test_halting_lets_what_is_on_its_way_get_there(dma: Pl080) -> None:
    start(dma, 8, WORDS | BOTH | 1 << 12)
    assert dma.read("C0_Configuration") & ACTIVE
    dma.write("C0_Configuration", ENABLE | HALT)
    dma.clock.advance(100 * BEAT)
    assert dma.read("C0_Configuration") == ENABLE | HALT
    assert dma.read("C0_Control") & 0xFFF == 4 and moved(dma, 20) == DATA[:16] + bytes(4)
    dma.write("C0_Configuration", ENABLE)
    dma.clock.advance(8 * BEAT)
    assert dma.read("C0_Control") & 0xFFF == 0 and moved(dma, 32) == DATA[:32]


def test_disabling_drops_what_is_on_its_way(dma: Pl080) -> None:
    start(dma, 8, WORDS | BOTH | 1 << 12)
    dma.clock.advance(8 * BEAT - 1)
    dma.write("C0_Configuration", 0)
    assert dma.clock.next_due is None and dma.read("C0_Configuration") == 0 and dma.read("EnbldChns") == 0
    dma.clock.advance(100 * BEAT)
    assert moved(dma, 16) == bytes(16) and dma.read("RawIntTCStatus") == 0


def test_others_go_on_when_one_is_disabled(dma: Pl080) -> None:
    start(dma, 8, channel=0)
    start(dma, 2, channel=1)
    dma.write("C0_Configuration", 0)
    dma.clock.advance(4 * BEAT)
    assert dma.read("RawIntTCStatus") == 2


@pytest.mark.parametrize("request_", [Request.SINGLE, Request.BURST])
def test_a_peripheral_asks_for_what_is_sent_to_it(dma: Pl080, request_: Request) -> None:
    """A request is for one transfer, or a burst, of the destination's."""
    start(dma, 16, SI | 1 << 15 | INTERRUPT, TO_PERIPHERAL | ITC | 7 << 6, destination=REGISTER)
    assert dma.clock.next_due is None
    peripheral(dma).asked = {7: request_}
    dma.wake()
    count = 1 if request_ is Request.SINGLE else 4
    dma.clock.advance(2 * count * BEAT - 1)
    assert peripheral(dma).got == []
    peripheral(dma).asked = {}
    dma.clock.advance(1)
    assert peripheral(dma).got == [(1, DATA[each]) for each in range(count)]
    assert dma.clock.next_due is None and dma.read("C0_Control") & 0xFFF == 16 - count


def test_a_peripheral_asks_for_what_is_fetched_from_it(dma: Pl080) -> None:
    peripheral(dma).asked = {9: Request.SINGLE, 4: Request.BURST}
    start(dma, 6, DI | INTERRUPT, TO_MEMORY | ITC | 9 << 1, source=REGISTER)
    dma.clock.advance(12 * BEAT)
    assert moved(dma, 7) == bytes([1, 2, 3, 4, 5, 6, 0]) and dma.line.level


def test_between_peripherals_both_must_ask(dma: Pl080) -> None:
    peripheral(dma).asked = {9: Request.SINGLE}
    start(dma, 2, INTERRUPT, BETWEEN | ITC | 9 << 1 | 3 << 6, source=REGISTER, destination=REGISTER)
    assert dma.clock.next_due is None
    peripheral(dma).asked = {9: Request.SINGLE, 3: Request.BURST}
    dma.wake()
    dma.clock.advance(4 * BEAT)
    assert peripheral(dma).got == [(1, 1), (1, 2)] and dma.line.level


def test_software_asks_and_is_answered(dma: Pl080) -> None:
    """The request is forgotten when it was served; bits written as 0 change nothing."""
    start(dma, 9, SI | 1 << 15, TO_PERIPHERAL | 7 << 6, destination=REGISTER)
    dma.write("SoftBReq", 1 << 7 | 1 << 2)
    assert dma.read("SoftBReq") == 1 << 7 | 1 << 2
    dma.clock.advance(8 * BEAT)
    assert len(peripheral(dma).got) == 4 and dma.read("SoftBReq") == 1 << 2
    dma.write("SoftBReq", 0)
    dma.write("SoftSReq", 1 << 7)
    dma.clock.advance(2 * BEAT)
    assert len(peripheral(dma).got) == 5 and (dma.read("SoftSReq"), dma.read("SoftBReq")) == (0, 1 << 2)


def test_the_soft_registers_tell_whoever_asks(dma: Pl080) -> None:
    peripheral(dma).asked = {9: Request.SINGLE, 4: Request.SINGLE | Request.BURST}
    assert (dma.read("SoftSReq"), dma.read("SoftBReq")) == (1 << 9 | 1 << 4, 1 << 4)


def test_a_size_of_nothing_moves_nothing(dma: Pl080) -> None:
    start(dma, 0)
    assert dma.clock.next_due is None and dma.read("EnbldChns") == 1


def test_what_is_not_modelled_is_told(dma: Pl080) -> None:
    told: list[str] = []
    dma.notice = told.append
    dma.write("SoftLBReq", 1)
    dma.write("SoftLSReq", 1)
    dma.write("Configuration", ENABLE | 2)
    start(dma, 1, configuration=6 << 11)
    start(dma, 1, configuration=1 << 16, channel=1, source=SOURCE + 2)
    start(dma, 1, BOTH | 2 << 21, channel=2)
    dma.clock.advance(8 * BEAT)
    assert [each.split(",")[0].split(":")[0] for each in told] == [
        "write of register SoftLBReq", "write of register SoftLSReq", "Configuration.M1 written",
        "peripherals that control the flow", "C1_Configuration.L written",
        "an address that is no multiple of the width",
        "a transaction that does not fill the last transfer to the destination",
    ]  # fmt: skip


def test_after_power_on_nothing_is_left(dma: Pl080) -> None:
    start(dma, 100)
    dma.clock.clear()
    dma.power_on()
    assert isinstance(dma.memory, StandaloneMemory)
    assert [dma.read(each) for each in ("EnbldChns", "Configuration", "C0_Control")] == [0, 0, 0]
    dma.write("Configuration", ENABLE)
    assert dma.clock.next_due is None
