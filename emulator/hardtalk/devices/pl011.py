"""PL011 UART (ARM DDI 0183, chapters 2 and 3).

Characters take the time that divisors and frame say, enables are honoured, a full receiver overruns. Divisors take
effect when LCRH is written; switching the FIFOs there empties them. It asks for DMA as DMACR says, in the lines of the
Versatile. Not modelled: modem lines, infra-red, sending a break, parity and framing errors; those register bits are
named when touched. `send`, `send_break` and `take` are the far end of the serial line: it sends at this UART's own
rate, and waits while the receiver is off.
"""

from array import array
from collections.abc import Callable, Mapping
from typing import ClassVar

from hardtalk.devices.clock import Alarm
from hardtalk.devices.dma_peripheral import DmaPeripheral, Request

FIFO_DEPTH = 16
TRIGGER_LEVELS = (2, 4, 8, 12, 14, 14, 14, 14)
RX, TX, RT, BE, OE = 1 << 4, 1 << 5, 1 << 6, 1 << 9, 1 << 10
DR_BE, DR_OE, RSR_BE = 1 << 10, 1 << 11, 1 << 2
BUSY, RXFE, TXFF, RXFF, TXFE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
TIMEOUT_BITS = 32
DMA_LINES = {"UART0": (15, 14), "UART1": (13, 12), "UART2": (11, 10)}
"""The numbers of the requests for sending and for receiving (ARM DUI 0225)."""


class Pl011(DmaPeripheral):
    """`transmitted` hears each character when its stop bit has gone out; `overruns` counts characters lost."""

    wiring: ClassVar[frozenset[str]] = DmaPeripheral.wiring | {"transmitted"}
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ILPR": (),
        "LCRH": ("BRK",),
        "CR": ("SIREN", "SIRLP", "RTSEN", "CTSEN"),
        "IMSC": ("RIM", "CTSM", "DCDM", "DSRM", "FE", "PE"),
    }
    transmitted: Callable[[int], None] | None = None
    __setattr__ = object.__setattr__  # type: ignore[assignment]  # it sets its attributes often, a register never

    def reset(self) -> None:
        self.transmit_fifo: list[int] = []
        self.shifting: int | None = None
        self.receive_fifo: list[int] = []
        self.coming = array("H")
        self.next_arrival: int | None = None
        self.timeout_at: int | None = None
        self.arrival: Alarm | None = None
        self.sent = bytearray()
        self.is_overrun = False
        self.was_break = False
        self.lost = 0
        self.divisor_64ths = 0
        self.configure()

    def configure(self) -> None:
        """What LCRH, CR, IFLS and the divisors say."""
        frame, control, has_fifos = self.LCRH, self.CR, bool(self.LCRH.FEN)
        self.depth = FIFO_DEPTH if has_fifos else 1
        self.word_mask = (1 << 5 + int(frame.WLEN)) - 1
        self.frame_bits = 1 + 5 + int(frame.WLEN) + int(frame.PEN) + (2 if frame.STP2 else 1)
        self.character_cycles = self.cycles_of_bits(self.frame_bits)
        self.timeout_cycles = self.cycles_of_bits(TIMEOUT_BITS)
        self.transmit_trigger = TRIGGER_LEVELS[self.IFLS.TXIFLSEL] if has_fifos else 0
        self.receive_trigger = TRIGGER_LEVELS[self.IFLS.RXIFLSEL] if has_fifos else 1
        self.can_transmit = bool(control.UARTEN and control.TXE and self.divisor_64ths)
        self.can_receive = bool(control.UARTEN and control.RXE and self.divisor_64ths)
        self.sends_by_dma = bool(self.DMACR.TXDMAE)
        self.receives_by_dma = bool(self.DMACR.RXDMAE)

    # The far end of the line

    def send(self, data: bytes) -> None:
        """Characters from the host; they arrive one after the other at line rate."""
        self.catch_up()
        self.coming.extend(data)
        self.expect()

    def send_break(self) -> None:
        """Hold the line low for a character's time, behind those that come: it arrives as one character, 0."""
        self.catch_up()
        self.coming.append(DR_BE)
        self.expect()

    def withdraw(self) -> None:
        """Send no more of them, but for the one that is on the line already."""
        self.catch_up()
        del self.coming[1:]
        self.expect()

    @property
    def waiting(self) -> int:
        """How many of them have not arrived yet."""
        return len(self.coming) - self.arrived

    @property
    def overruns(self) -> int:
        """How many of them were lost because nobody read those before."""
        return self.lost + max(self.arrived - (self.depth - len(self.receive_fifo)), 0)

    def take(self) -> bytes:
        """The characters that have gone out since the last `take`."""
        data = bytes(self.sent)
        self.sent.clear()
        return data

    # Timing

    def cycles_of_bits(self, bits: int) -> int:
        """CPU cycles that this many bit times take, rounded up: a bit is 16 * divisor UART clocks."""
        return -(-bits * 16 * self.divisor_64ths * self.clock.hertz // (64 * self.clock.rates["uart"]))

    # Transmitting

    def on_write_DR(self, value: int) -> None:
        if len(self.transmit_fifo) >= self.depth:
            self._touch("character written to the full transmit FIFO and lost")
            return
        self.transmit_fifo.append(value & 0xFF)
        if len(self.transmit_fifo) > self.transmit_trigger:
            self.lower(TX)
        self.start_transmitting()

    def start_transmitting(self) -> None:
        if self.shifting is None and self.transmit_fifo and self.can_transmit:
            self.shifting = self.transmit_fifo.pop(0) & self.word_mask
            if len(self.transmit_fifo) == self.transmit_trigger:
                self.raise_(TX)
            self.clock.after(self.character_cycles, self.finish_character)
            if self.sends_by_dma:
                self.ask_for_dma()

    def finish_character(self) -> None:
        character, self.shifting = self.shifting, None
        assert character is not None
        if self.CR.LBE:
            self.receive_now(character)
        else:
            self.sent.append(character)
            if self.transmitted is not None:
                self.transmitted(character)
        self.start_transmitting()

    # Receiving. Characters that come are looked at when somebody looks at the device, and when one of them interrupts.

    @property
    def arrived(self) -> int:
        """How many of those that come are here by now and were not looked at yet."""
        if self.next_arrival is None or not self.can_receive or self.clock.cycles < self.next_arrival:
            return 0
        return min(1 + (self.clock.cycles - self.next_arrival) // self.character_cycles, len(self.coming))

    def catch_up(self) -> None:
        """Receive what has come until now, each character at its own time."""
        now, next_arrival, timeout = self.clock.cycles, self.next_arrival, self.timeout_at
        if timeout is not None and now >= timeout and (next_arrival is None or timeout < next_arrival):
            self.time_out()
        if next_arrival is None or now < next_arrival:
            return
        count = self.arrived
        for character in self.coming[:count]:
            self.receive(character & (self.word_mask | DR_BE), next_arrival)
            next_arrival += self.character_cycles
        del self.coming[:count]
        self.next_arrival = next_arrival if self.coming and self.can_receive else None
        if self.timeout_at is not None and now >= self.timeout_at:
            self.time_out()

    def time_out(self) -> None:
        self.timeout_at = None
        self.raise_(RT)

    def expect(self) -> None:
        """Set the alarm for the next character or silence that interrupts."""
        if self.next_arrival is None and self.coming and self.can_receive:
            self.next_arrival = self.clock.cycles + self.character_cycles
        due = self.timeout_at
        if self.next_arrival is not None and (due is None or due >= self.next_arrival):
            last = len(self.coming) - 1
            quiet = self.quiet_arrivals
            due = self.next_arrival + min(quiet, last) * self.character_cycles
            if quiet > last:
                due += self.timeout_cycles
        if self.arrival is not None:
            if self.arrival.due == due:
                return
            self.clock.cancel(self.arrival)
        self.arrival = None if due is None else self.clock.at(due, self.arrive)

    @property
    def quiet_arrivals(self) -> int:
        """After how many characters more one interrupts when nobody reads: at the trigger, a break, an overrun."""
        raised, count = self.RIS.value, len(self.receive_fifo)
        if self.receives_by_dma:
            return 0
        if not raised & RX:
            quiet = max(self.receive_trigger - count - 1, 0)
        else:
            quiet = len(self.coming) if raised & OE else self.depth - count
        if not raised & BE and DR_BE in self.coming[:quiet]:
            return self.coming.index(DR_BE)
        return quiet

    def arrive(self) -> None:
        self.arrival = None
        self.catch_up()
        self.expect()
        if self.receives_by_dma:
            self.ask_for_dma()

    def receive_now(self, character: int) -> None:
        """A character's last bit is there."""
        self.catch_up()
        self.receive(character, self.clock.cycles)
        self.expect()

    def receive(self, character: int, cycle: int) -> None:
        if len(self.receive_fifo) >= self.depth:
            self.lost += 1
            self.is_overrun = True
            self.RSR.OE = 1
            self.raise_(OE)
            return
        self.is_overrun = False
        self.receive_fifo.append(character)
        if character & DR_BE:
            self.raise_(BE)
        if len(self.receive_fifo) >= self.receive_trigger:
            self.raise_(RX)
        self.timeout_at = cycle + self.timeout_cycles

    def on_read_DR(self) -> int:
        self.catch_up()
        fifo = self.receive_fifo
        if not fifo:
            self._touch("DR read while the receive FIFO is empty")
            return 0
        character = fifo.pop(0)
        self.was_break = bool(character & DR_BE)
        if len(fifo) < self.receive_trigger:
            self.lower(RX if fifo else RX | RT)
        if not fifo:
            self.timeout_at = None
            self.expect()
        elif self.arrival is not None and self.arrival.due == self.next_arrival:
            self.expect()  # whoever reads on need not be stopped for it
        return character | DR_OE if self.is_overrun else character

    # DMA

    def dma_requests(self) -> dict[int, Request]:
        """While a FIFO has a word, or room for one, it asks for a single transfer; from its level on for a burst."""
        sending, receiving = DMA_LINES.get(self.peripheral.name, (None, None))
        found = {}
        if self.sends_by_dma and sending is not None and len(self.transmit_fifo) < self.depth:
            has_level = self.LCRH.FEN and len(self.transmit_fifo) <= self.transmit_trigger
            found[sending] = Request.SINGLE | (Request.BURST if has_level else Request.NONE)
        is_held = self.DMACR.DMAONERR and self.RIS.value & OE
        if self.receives_by_dma and receiving is not None and not is_held:
            self.catch_up()
            if self.receive_fifo:
                has_level = self.LCRH.FEN and len(self.receive_fifo) >= self.receive_trigger
                found[receiving] = Request.SINGLE | (Request.BURST if has_level else Request.NONE)
        return found

    # Registers

    def on_read_FR(self) -> int:
        self.catch_up()
        received, waiting = len(self.receive_fifo), len(self.transmit_fifo)
        flags = BUSY if waiting or self.shifting is not None else 0
        flags |= RXFE if not received else RXFF if received >= self.depth else 0
        return flags | (TXFE if not waiting else TXFF if waiting >= self.depth else 0)

    def on_read_RSR(self) -> int:
        self.catch_up()
        return self.RSR.value | (RSR_BE if self.was_break else 0)

    def on_write_RSR(self, _value: int) -> None:
        self.catch_up()
        self.RSR.value = 0
        self.was_break = False

    def flush(self) -> None:
        """The FIFOs are switched on or off, and empty. A character that is being sent goes on."""
        if len(self.transmit_fifo) > self.transmit_trigger:
            self.raise_(TX)
        self.transmit_fifo.clear()
        self.receive_fifo.clear()
        self.is_overrun = False
        self.timeout_at = None
        self.lower(RX | RT)

    def on_write_LCRH(self, value: int) -> None:
        self.catch_up()
        if (value ^ self.LCRH.value) & self.LCRH.description.field("FEN").mask:
            self.flush()
        self.LCRH.value = value & 0xFF
        self.divisor_64ths = int(self.IBRD.BAUDDIVINT) * 64 + int(self.FBRD.BAUDDIVFRAC)
        if not self.IBRD.BAUDDIVINT:
            self._touch("IBRD is 0, which the manual does not allow: the UART has no baud rate and stands still")
            self.divisor_64ths = 0

    def after_write(self, register: str) -> None:
        match register:
            case "LCRH" | "CR" | "IFLS" | "DMACR":
                self.catch_up()
                self.configure()
                self.start_transmitting()
                self.expect()
                if self.sends_by_dma or self.receives_by_dma:
                    self.ask_for_dma()
            case "IMSC" | "ICR":
                self.report()
                self.expect()
                if self.receives_by_dma:
                    self.ask_for_dma()

    def on_read_MIS(self) -> int:
        return self.RIS.value & self.IMSC.value

    def raise_(self, interrupts: int) -> None:
        raised = self.RIS.value
        if interrupts & ~raised:
            self.RIS.value = raised | interrupts
            self.report()

    def lower(self, interrupts: int) -> None:
        raised = self.RIS.value
        if raised & interrupts:
            self.RIS.value = raised & ~interrupts
            self.report()
            if interrupts & RX:
                self.expect()

    def report(self) -> None:
        self.line.level = self.RIS.value & self.IMSC.value
