"""PL050 keyboard and mouse interface (ARM DDI 0143, chapters 2 and 3), with a keyboard or a mouse at the far end.

Frames take the time of the device's clock (`hardtalk.devices.ps2`). To send, the interface holds the clock low for 512
cycles of its internal clock, which is the reference clock divided by KMICLKDIV + 1 and is meant to be 8 MHz; a device
that sees less than 60 us does not notice. While a byte has not been read the clock is held low, so that nothing is
lost; a byte to be sent waits for the frame that comes in, and goes before the next one. While KMIEn is 0 the interface
is held in reset: what the device says is lost.

The device has had its power for long when the board starts: its self test is over. Not modelled: devices without line
control bit (KMITYPE), the test registers.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from hardtalk.devices.clock import Alarm
from hardtalk.devices.device import Device
from hardtalk.devices.ps2 import ACKNOWLEDGED_BITS, BIT_HERTZ, FRAME_BITS, Ps2Device, parity_of
from hardtalk.devices.ps2_keyboard import Ps2Keyboard
from hardtalk.devices.ps2_mouse import Ps2Mouse

REQUEST_CYCLES = 512
LONGEST_INTERNAL_HERTZ = 8_533_333
SHORTEST_INTERNAL_HERTZ = 6_000_000
AT_THE_FAR_END: Mapping[str, type[Ps2Device]] = {"KMI0": Ps2Keyboard, "KMI1": Ps2Mouse}


class Pl050(Device):
    """`attached` is the keyboard or the mouse, None until it is heard or spoken to: most boards use neither, and copies
    of the device's state are then cheap.

    `frame` is the alarm at the end of what goes on on the line; `incoming` and `outgoing` say what that is: a frame's
    parity bit and byte, `outgoing` also while it waits for the line.
    """

    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {"KMICR": ("KMITYPE",)}

    def reset(self) -> None:
        self.attached: Ps2Device | None = None
        self.frame: Alarm | None = None
        self.frame_start = 0
        self.incoming: int | None = None
        self.outgoing: int | None = None
        self.is_sending = False
        self.is_full = False
        self.spoils_incoming = self.spoils_outgoing = False

    @property
    def far_end(self) -> Ps2Device:
        if self.attached is None:
            self.attached = AT_THE_FAR_END[self.peripheral.name](self.clock, self.look)
        return self.attached

    @property
    def keyboard(self) -> Ps2Keyboard:
        assert isinstance(self.far_end, Ps2Keyboard)
        return self.far_end

    @property
    def mouse(self) -> Ps2Mouse:
        assert isinstance(self.far_end, Ps2Mouse)
        return self.far_end

    def disturb(self, incoming: bool = False, outgoing: bool = False) -> None:
        """Spoil the parity bit of the next frame from the device, or to it."""
        self.spoils_incoming |= incoming
        self.spoils_outgoing |= outgoing

    # Time

    @property
    def internal_hertz(self) -> int:
        return self.clock.rates["kmi"] // (int(self.KMICLKDIV.value) + 1)

    @property
    def request_cycles(self) -> int:
        """CPU cycles for which the clock is held low before a frame to the device."""
        return -(-REQUEST_CYCLES * self.clock.hertz // self.internal_hertz)

    def cycles_of_bits(self, bits: int) -> int:
        return -(-bits * self.clock.hertz // BIT_HERTZ)

    # The line

    @property
    def holds_clock(self) -> bool:
        control = self.KMICR
        return bool(control.FKMIC or (control.KMIEn and self.is_full))

    def look(self) -> None:
        """Begin what is next, if the line is free."""
        control = self.KMICR
        if self.frame is not None or self.is_sending or control.FKMIC:
            return
        if self.outgoing is not None and control.KMIEn:
            self.request()
        elif self.attached is not None and self.attached.waiting and not self.holds_clock:
            byte = self.attached.waiting[0]
            self.incoming = byte | (parity_of(byte) ^ self.spoils_incoming) << 8
            self.spoils_incoming = False
            self.begin(FRAME_BITS, self.receive)

    def begin(self, bits: int, end: Callable[[], None]) -> None:
        self.frame_start = self.clock.cycles
        self.frame = self.clock.after(self.cycles_of_bits(bits), end)

    def request(self) -> None:
        """Hold the clock low until the device notices."""
        self.is_sending = True
        self.frame_start = self.clock.cycles
        self.check_internal_clock()
        if self.internal_hertz > LONGEST_INTERNAL_HERTZ:
            return
        self.frame = self.clock.after(self.request_cycles, self.clock_out)

    def check_internal_clock(self) -> None:
        if not SHORTEST_INTERNAL_HERTZ <= self.internal_hertz <= LONGEST_INTERNAL_HERTZ:
            self._touch(
                f"the internal clock is {self.internal_hertz / 1e6:g} MHz, not about 8: set KMICLKDIV to one less than "
                "what divides the reference clock to 8 MHz"
            )

    def clock_out(self) -> None:
        self.begin(ACKNOWLEDGED_BITS, self.sent)

    def sent(self) -> None:
        assert self.outgoing is not None
        byte, parity = self.outgoing, parity_of(self.outgoing) ^ self.spoils_outgoing
        self.frame = self.outgoing = None
        self.is_sending = self.spoils_outgoing = False
        self.far_end.hear(byte, parity)
        self.report()
        self.look()

    def receive(self) -> None:
        assert self.incoming is not None
        frame, self.incoming, self.frame = self.incoming, None, None
        self.far_end.said()
        if self.KMICR.KMIEn:
            self.KMIDATA.value = frame & 0xFF
            self.KMISTAT.RXPARITY = frame >> 8
            self.is_full = True
            self.report()
        self.look()

    def abort(self) -> None:
        """The clock was forced low, or the interface reset, in the middle of a frame: the device keeps its byte."""
        self.clock.cancel(self.frame)
        self.frame = self.incoming = None
        self.is_sending = False

    # Registers

    @property
    def interrupts(self) -> int:
        control = self.KMICR
        receives = bool(control.KMIRXINTREn and self.is_full)
        transmits = bool(control.KMITXINTREn and self.outgoing is None)
        return receives | transmits << 1

    def report(self) -> None:
        self.line.level = self.interrupts != 0

    def on_read_KMIIR(self) -> int:
        return self.interrupts

    def on_read_KMISTAT(self) -> int:
        status = self.KMISTAT
        status.RXBUSY = self.incoming is not None
        status.RXFULL = self.is_full
        status.TXBUSY = self.is_sending
        status.TXEMPTY = self.outgoing is None
        status.KMIC, status.KMID = self.levels()
        return int(status.value)

    def levels(self) -> tuple[int, int]:
        """Clock and data: both high while nothing pulls. In a frame the clock is low in the second half of each bit."""
        control = self.KMICR
        clock, data = 1, 1
        if self.is_sending and self.frame is None:
            clock = 0
        elif self.frame is not None:
            halves = (self.clock.cycles - self.frame_start) * 2 * BIT_HERTZ // self.clock.hertz
            if self.incoming is not None:
                clock, data = 1 - halves % 2, self.frame_bit(self.incoming, halves // 2)
            elif self.outgoing is not None and self.frame.action == self.sent:
                parity = parity_of(self.outgoing) << 8
                clock, data = 1 - halves % 2, self.frame_bit(self.outgoing | parity, halves // 2)
            else:
                clock = 0
        if self.holds_clock:
            clock = 0
        return clock, 0 if control.FKMID else data

    @staticmethod
    def frame_bit(frame: int, place: int) -> int:
        """Start, eight bits, parity, stop; then the device's acknowledgement, which is low."""
        return (frame << 1 | 1 << 10) >> place & 1

    def on_write_KMICR(self, value: int) -> None:
        before = int(self.KMICR.value)
        self.KMICR.value = value & self.KMICR.description.modelled_mask
        control = self.KMICR
        if control.FKMIC or (before & control.description.field("KMIEn").mask and not control.KMIEn):
            self.abort()
        if not control.KMIEn:
            self.outgoing = None
            self.is_full = False
        self.report()
        self.look()

    def on_write_KMICLKDIV(self, value: int) -> None:
        self.KMICLKDIV.value = value & 0xF

    def on_read_KMIDATA(self) -> int:
        if not self.is_full:
            self._touch("KMIDATA read while no byte has come")
        self.is_full = False
        self.report()
        self.look()
        return int(self.KMIDATA.value)

    def on_write_KMIDATA(self, value: int) -> None:
        if not self.KMICR.KMIEn:
            self._touch("byte written while KMIEn is 0 and lost")
            return
        if self.outgoing is not None:
            self._touch("byte written while the one before has not gone, and lost")
            return
        self.outgoing = value & 0xFF
        self.report()
        self.look()
