"""PL080 DMA controller (ARM DDI 0196, chapters 2 and 3), with the request lines of the Versatile (ARM DUI 0225).

One transaction is under way at a time: a burst of the source where nobody is asked, else what a peripheral asks for.
The most urgent channel that may go on gets the next one. A beat on the bus takes one cycle of 66 MHz; what a
transaction reads and writes happens at its end. The CPU is not kept off the bus meanwhile, nor are its caches told.

Not modelled: peripherals that control the flow (FlowCntrl 4 to 7, SoftLBReq, SoftLSReq), big-endian masters, locked
transfers. Both AHB masters see the same memory, protection is not looked at, Sync has no effect.
"""

from collections.abc import Mapping
from typing import ClassVar

from hardtalk.devices.bus_master import BusMaster, DeviceBus, NoDevices
from hardtalk.devices.clock import Alarm
from hardtalk.devices.device import BusError
from hardtalk.devices.dma_channel import Flow, Setting, Side
from hardtalk.devices.dma_peripheral import Request
from hardtalk.devices.registers import RegisterCell

CHANNELS = 8
BEAT_CYCLES = 3
ITEM_BYTES = 16
WORD_BYTES = 4
WORD_MASK = 0xFFFFFFFF


class Pl080(BusMaster):
    """`bus` is the way to other devices' registers and requests. `active` is the channel that has a transaction under
    way, of `transfers` of the source's width, which ends at `alarm`; None while nothing is moved."""

    wiring: ClassVar[frozenset[str]] = BusMaster.wiring | {"bus"}
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "SoftLBReq": (),
        "SoftLSReq": (),
        "Configuration": ("M1", "M2"),
        **{f"C{number}_Configuration": ("L",) for number in range(CHANNELS)},
    }
    bus: DeviceBus = NoDevices()

    def reset(self) -> None:
        self.alarm: Alarm | None = None
        self.active: int | None = None
        self.transfers = 0

    def channel(self, number: int, register: str) -> RegisterCell:
        return self.array(f"C_{register}")[number]

    # What is done next

    def wake(self) -> None:
        """Something may be done that could not before."""
        if self.active is not None or not self.Configuration.E or not self.EnbldChns.value:
            return
        requests = self.requests()
        for number in range(CHANNELS):
            configuration = self.channel(number, "Configuration")
            if configuration.E and not configuration.H:
                setting = self.setting(number)
                transfers = setting.transfers(self.channel(number, "Control").TransferSize, requests)
                if transfers:
                    self.begin(number, transfers, setting.beats(transfers))
                    return

    def setting(self, number: int) -> Setting:
        return Setting.of(self.channel(number, "Control"), self.channel(number, "Configuration"))

    def requests(self) -> dict[int, Request]:
        """By their numbers: those of the peripherals, and those that software has made."""
        found = dict(self.bus.dma_requests())
        for name, request in (("SoftSReq", Request.SINGLE), ("SoftBReq", Request.BURST)):
            bits = getattr(self, name).value
            for number in range(16):
                if bits >> number & 1:
                    found[number] = found.get(number, Request.NONE) | request
        return found

    def begin(self, number: int, transfers: int, beats: int) -> None:
        self.active, self.transfers = number, transfers
        self.channel(number, "Configuration").A = 1
        self.alarm = self.clock.after(beats * BEAT_CYCLES, self.end)

    # A transaction

    def end(self) -> None:
        number = self.active
        assert number is not None
        self.alarm = None
        setting, control = self.setting(number), self.channel(number, "Control")
        try:
            self.move(number, setting)
        except BusError:
            self.fail(number)
        else:
            control.TransferSize -= self.transfers
            self.answer_soft_requests(setting)
            if not control.TransferSize:
                self.end_item(number)
        self.rest(number)
        self.report()
        self.wake()

    def rest(self, number: int) -> None:
        self.active = None
        self.channel(number, "Configuration").A = 0

    def move(self, number: int, setting: Setting) -> None:
        source, destination = self.channel(number, "SrcAddr"), self.channel(number, "DestAddr")
        data = self.read_beats(source.value, setting.source, self.transfers)
        if setting.source.goes_on:
            source.value = source.value + len(data) & WORD_MASK
        if len(data) % setting.destination.width:
            self._touch("a transaction that does not fill the last transfer to the destination, which is dropped")
            data = data[: len(data) // setting.destination.width * setting.destination.width]
        self.write_beats(destination.value, setting.destination, data)
        if setting.destination.goes_on:
            destination.value = destination.value + len(data) & WORD_MASK

    def read_beats(self, address: int, side: Side, count: int) -> bytes:
        self.check(address, side)
        address, width = address & -side.width, side.width
        size = width * count if side.goes_on else width
        if self.memory.contains(address, size):
            return self.memory.read(address, size) * (1 if side.goes_on else count)
        return b"".join(
            self.bus.read(address + place if side.goes_on else address, width).to_bytes(width, "little")
            for place in range(0, width * count, width)
        )

    def write_beats(self, address: int, side: Side, data: bytes) -> None:
        self.check(address, side)
        address, width = address & -side.width, side.width
        if self.memory.contains(address, len(data) if side.goes_on else width):
            self.memory.write(address, data if side.goes_on else data[-width:])
            return
        for place in range(0, len(data), width):
            value = int.from_bytes(data[place : place + width], "little")
            self.bus.write(address + place if side.goes_on else address, width, value)

    def check(self, address: int, side: Side) -> None:
        if address % side.width:
            self._touch("an address that is no multiple of the width: the lower bits are taken as 0")

    def fail(self, number: int) -> None:
        """Nothing has answered: the channel is switched off."""
        self.RawIntErrorStatus.value |= 1 << number
        self.switch_off(number)

    def answer_soft_requests(self, setting: Setting) -> None:
        """They are forgotten when what they asked for is done."""
        served = (setting.flow & 2) // 2 << setting.source_request | (setting.flow & 1) << setting.destination_request
        self.SoftBReq.value &= ~served
        self.SoftSReq.value &= ~served

    def end_item(self, number: int) -> None:
        """Terminal count: the next item of the list, or the end."""
        if self.channel(number, "Control").I:
            self.RawIntTCStatus.value |= 1 << number
        item = self.channel(number, "LLI").value & ~3
        if not item:
            self.switch_off(number)
        elif self.memory.contains(item, ITEM_BYTES):
            data = self.memory.read(item, ITEM_BYTES)
            for place, name in enumerate(("SrcAddr", "DestAddr", "LLI", "Control")):
                word = int.from_bytes(data[place * WORD_BYTES : (place + 1) * WORD_BYTES], "little")
                self.channel(number, name).value = word
        else:
            self.fail(number)

    def switch_off(self, number: int) -> None:
        self.channel(number, "Configuration").E = 0
        self.EnbldChns.value &= ~(1 << number)

    # Registers

    def report(self) -> None:
        self.line.level = self.on_read_IntStatus() != 0

    def after_write(self, register: str) -> None:
        self.report()
        self.wake()

    def masked(self, raw: int, field: str) -> int:
        """Those of the channels whose Configuration lets them pass."""
        return raw & sum(
            1 << number for number, cell in enumerate(self.array("C_Configuration")) if getattr(cell, field)
        )

    def on_read_IntStatus(self) -> int:
        return self.on_read_IntTCStatus() | self.on_read_IntErrorStatus()

    def on_read_IntTCStatus(self) -> int:
        return self.masked(self.RawIntTCStatus.value, "ITC")

    def on_read_IntErrorStatus(self) -> int:
        return self.masked(self.RawIntErrorStatus.value, "IE")

    def on_read_SoftBReq(self) -> int:
        return self.asking(Request.BURST)

    def on_read_SoftSReq(self) -> int:
        return self.asking(Request.SINGLE)

    def asking(self, kind: Request) -> int:
        """Whoever asks, peripherals or software."""
        return sum(1 << number for number, request in self.requests().items() if request & kind)

    def on_write_C_Configuration(self, number: int, value: int) -> None:
        """Disabling drops what is on its way; halting does not."""
        cell = self.channel(number, "Configuration")
        cell.value = value & cell.description.modelled_mask
        cell.A = number == self.active
        if cell.FlowCntrl > max(Flow):
            self._touch("peripherals that control the flow, which are not modelled: nothing is moved")
        if cell.E:
            self.EnbldChns.value |= 1 << number
            return
        self.switch_off(number)
        if number == self.active:
            self.clock.cancel(self.alarm)
            self.alarm = None
            self.rest(number)
