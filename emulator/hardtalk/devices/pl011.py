"""PL011 UART (ARM DDI 0183, chapters 2 and 3).

Characters take the time that divisors and frame say, enables are honoured, a full receiver overruns. Divisors take
effect when LCRH is written; switching the FIFOs there empties them. Not modelled: modem lines, DMA, infra-red, break
and line errors; those register bits are named when touched. `send` and `take` are the far end of the serial line: it
sends at this UART's own rate, and waits while the receiver is off.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from hardtalk.devices.clock import Alarm
from hardtalk.devices.device import Device

FIFO_DEPTH = 16
TRIGGER_LEVELS = (2, 4, 8, 12, 14, 14, 14, 14)
RX, TX, RT, OE = 1 << 4, 1 << 5, 1 << 6, 1 << 10
DR_OE = 1 << 11
TIMEOUT_BITS = 32


class Pl011(Device):
    """`transmitted` hears each character when its stop bit has gone out; `overruns` counts characters lost."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"transmitted"}
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ILPR": (),
        "LCRH": ("BRK",),
        "CR": ("SIREN", "SIRLP", "RTSEN", "CTSEN"),
        "IMSC": ("RIM", "CTSM", "DCDM", "DSRM", "FE", "PE", "BE"),
        "DMACR": (),
    }
    transmitted: Callable[[int], None] | None = None

    def reset(self) -> None:
        self.transmit_fifo: list[int] = []
        self.shifting: int | None = None
        self.receive_fifo: list[int] = []
        self.arriving = bytearray()
        self.sent = bytearray()
        self.is_overrun = False
        self.overruns = 0
        self.divisor_64ths = 0
        self.arrival: Alarm | None = None
        self.timeout: Alarm | None = None

    # The far end of the line

    def send(self, data: bytes) -> None:
        """Characters from the host; they arrive one after the other at line rate."""
        self.arriving.extend(data)
        self.start_receiving()

    def take(self) -> bytes:
        """The characters that have gone out since the last `take`."""
        data = bytes(self.sent)
        self.sent.clear()
        return data

    # Timing

    @property
    def frame_bits(self) -> int:
        frame = self.LCRH
        return 1 + 5 + int(frame.WLEN) + int(frame.PEN) + (2 if frame.STP2 else 1)

    def cycles_of_bits(self, bits: int) -> int:
        """CPU cycles that this many bit times take, rounded up: a bit is 16 * divisor UART clocks."""
        return -(-bits * 16 * self.divisor_64ths * self.clock.hertz // (64 * self.clock.rates["uart"]))

    @property
    def character_cycles(self) -> int:
        return self.cycles_of_bits(self.frame_bits)

    @property
    def word_mask(self) -> int:
        """The bits of a character that a frame has."""
        return (1 << 5 + int(self.LCRH.WLEN)) - 1

    @property
    def depth(self) -> int:
        return FIFO_DEPTH if self.LCRH.FEN else 1

    # Transmitting

    @property
    def can_transmit(self) -> bool:
        return bool(self.CR.UARTEN and self.CR.TXE and self.divisor_64ths)

    def on_write_DR(self, value: int) -> None:
        if len(self.transmit_fifo) >= self.depth:
            self._touch("character written to the full transmit FIFO and lost")
            return
        self.transmit_fifo.append(value & 0xFF)
        if len(self.transmit_fifo) > self.transmit_trigger:
            self.lower(TX)
        self.start_transmitting()

    @property
    def transmit_trigger(self) -> int:
        return TRIGGER_LEVELS[self.IFLS.TXIFLSEL] if self.LCRH.FEN else 0

    def start_transmitting(self) -> None:
        if self.shifting is None and self.transmit_fifo and self.can_transmit:
            self.shifting = self.transmit_fifo.pop(0) & self.word_mask
            if len(self.transmit_fifo) == self.transmit_trigger:
                self.raise_(TX)
            self.clock.after(self.character_cycles, self.finish_character)

    def finish_character(self) -> None:
        character, self.shifting = self.shifting, None
        assert character is not None
        if self.CR.LBE:
            self.receive(character)
        else:
            self.sent.append(character)
            if self.transmitted is not None:
                self.transmitted(character)
        self.start_transmitting()

    # Receiving

    @property
    def can_receive(self) -> bool:
        return bool(self.CR.UARTEN and self.CR.RXE and self.divisor_64ths)

    @property
    def receive_trigger(self) -> int:
        return TRIGGER_LEVELS[self.IFLS.RXIFLSEL] if self.LCRH.FEN else 1

    def start_receiving(self) -> None:
        if self.arrival is None and self.arriving and self.can_receive:
            self.arrival = self.clock.after(self.character_cycles, self.arrive)

    def arrive(self) -> None:
        self.arrival = None
        if not self.can_receive:
            return
        self.receive(self.arriving.pop(0) & self.word_mask)
        self.start_receiving()

    def receive(self, character: int) -> None:
        if len(self.receive_fifo) >= self.depth:
            self.overruns += 1
            self.is_overrun = True
            self.RSR.OE = 1
            self.raise_(OE)
            return
        self.is_overrun = False
        self.receive_fifo.append(character)
        if len(self.receive_fifo) >= self.receive_trigger:
            self.raise_(RX)
        self.clock.cancel(self.timeout)
        self.timeout = self.clock.after(self.cycles_of_bits(TIMEOUT_BITS), self.time_out)

    def time_out(self) -> None:
        self.timeout = None
        if self.receive_fifo:
            self.raise_(RT)

    def on_read_DR(self) -> int:
        if not self.receive_fifo:
            self._touch("DR read while the receive FIFO is empty")
            return 0
        character = self.receive_fifo.pop(0)
        flags = DR_OE if self.is_overrun else 0
        cleared = 0
        if len(self.receive_fifo) < self.receive_trigger:
            cleared |= RX
        if not self.receive_fifo:
            cleared |= RT
            self.clock.cancel(self.timeout)
            self.timeout = None
        self.lower(cleared)
        return character | flags

    # Registers

    def on_read_FR(self) -> int:
        flags = self.FR
        flags.BUSY = self.shifting is not None or bool(self.transmit_fifo)
        flags.RXFE = not self.receive_fifo
        flags.RXFF = len(self.receive_fifo) >= self.depth
        flags.TXFE = not self.transmit_fifo
        flags.TXFF = len(self.transmit_fifo) >= self.depth
        return flags.value

    def flush(self) -> None:
        """The FIFOs are switched on or off, and empty. A character that is being sent goes on."""
        if len(self.transmit_fifo) > self.transmit_trigger:
            self.raise_(TX)
        self.transmit_fifo.clear()
        self.receive_fifo.clear()
        self.is_overrun = False
        self.clock.cancel(self.timeout)
        self.timeout = None
        self.lower(RX | RT)

    def on_write_LCRH(self, value: int) -> None:
        if (value ^ self.LCRH.value) & self.LCRH.description.field("FEN").mask:
            self.flush()
        self.LCRH.value = value & 0xFF
        self.divisor_64ths = int(self.IBRD.BAUDDIVINT) * 64 + int(self.FBRD.BAUDDIVFRAC)
        if not self.IBRD.BAUDDIVINT:
            self._touch("IBRD is 0, which the manual does not allow: the UART has no baud rate and stands still")
            self.divisor_64ths = 0
        self.start_transmitting()
        self.start_receiving()

    def after_write(self, register: str) -> None:
        match register:
            case "CR":
                self.start_transmitting()
                self.start_receiving()
            case "IMSC" | "ICR":
                self.report()

    def on_read_MIS(self) -> int:
        return self.RIS.value & self.IMSC.value

    def raise_(self, interrupts: int) -> None:
        self.RIS.value |= interrupts
        self.report()

    def lower(self, interrupts: int) -> None:
        self.RIS.value &= ~interrupts
        self.report()

    def report(self) -> None:
        self.line.level = self.RIS.value & self.IMSC.value
