"""SP804 dual timer (ARM DDI 0271, chapters 2 and 3): two down counters and one interrupt line.

The counters run on the board's timer clock (1 MHz), divided by 1, 16 or 256. Ticks are at fixed cycles of the CPU
clock, so a counter started between two ticks takes its first step at the next one. The interval of a periodic timer
is Load ticks, and one when Load is 0. In 16-bit mode the upper half of Value stays what it was until Load is written.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from hardtalk.devices.clock import Alarm, Clock, Ticker
from hardtalk.devices.device import Device
from hardtalk.devices.registers import RegisterCell

PRESCALE_DIVIDERS = (1, 16, 256, 256)


class Counter:
    """One of the two timers: value, mode and raw interrupt.

    A one-shot timer that `has_expired` stands at 0 until Load is written or OneShot is cleared.
    """

    def __init__(self, clock: Clock, control: RegisterCell, raised: RegisterCell, changed: Callable[[], None]) -> None:
        self.clock = clock
        self.control = control
        self.raised = raised
        self.changed = changed
        self.reload = 0
        self.start_value = 0xFFFFFFFF
        self.start_tick = 0
        self.has_expired = False
        self.alarm: Alarm | None = None

    @property
    def ticker(self) -> Ticker:
        return self.clock.ticker("timer", PRESCALE_DIVIDERS[self.control.TimerPre])

    @property
    def mask(self) -> int:
        return 0xFFFFFFFF if self.control.TimerSize else 0xFFFF

    @property
    def value(self) -> int:
        if not self.control.TimerEn:
            return self.start_value
        left = (self.start_value & self.mask) - (self.ticker.count() - self.start_tick)
        return self.start_value & ~self.mask | (max(left, 0) if self.control.OneShot else left & self.mask)

    @property
    def is_raised(self) -> bool:
        return bool(self.raised.RIS)

    @property
    def is_masked_interrupt(self) -> bool:
        return self.is_raised and bool(self.control.IntEnable)

    def load(self, value: int) -> None:
        """Write of Load: the counter goes on from `value` at once."""
        self.reload = value
        self.has_expired = False
        self.start(value & self.mask)

    def set_control(self, value: int) -> None:
        current = self.value
        self.control.value = value
        self.has_expired = self.has_expired and bool(self.control.OneShot)
        self.start(current)

    def start(self, value: int) -> None:
        """Count down from `value`, from the current tick."""
        self.clock.cancel(self.alarm)
        self.alarm = None
        self.start_value = value
        self.start_tick = self.ticker.count()
        if self.control.TimerEn and not self.has_expired:
            self.set_alarm(max(self.start_value & self.mask, 1))

    def set_alarm(self, ticks: int) -> None:
        self.alarm = self.clock.at(self.ticker.cycle_of(self.start_tick + ticks), self.reach_zero)

    def reach_zero(self) -> None:
        self.alarm = None
        self.raised.RIS = 1
        self.start_tick = self.ticker.count()
        self.start_value = 0
        self.has_expired = bool(self.control.OneShot)
        if not self.has_expired:
            if self.control.TimerMode:
                self.start_value = self.reload & self.mask
                self.set_alarm(max(self.start_value, 1))
            else:
                self.set_alarm(self.mask + 1)
        self.changed()


class Sp804(Device):
    """The pair; the line is the OR of both masked interrupts."""

    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {"TimerITCR": (), "TimerITOP": ()}

    def reset(self) -> None:
        self.counters = tuple(
            Counter(self.clock, control, raised, self.report)
            for control, raised in zip(self.array("TimerControl"), self.array("TimerRIS"), strict=True)
        )

    def report(self) -> None:
        self.line.level = any(counter.is_masked_interrupt for counter in self.counters)

    def after_write(self, register: str) -> None:
        self.report()

    def on_write_TimerLoad(self, number: int, value: int) -> None:
        self.counters[number].load(value)

    def on_read_TimerLoad(self, number: int) -> int:
        return self.counters[number].reload

    def on_read_TimerValue(self, number: int) -> int:
        return self.counters[number].value

    def on_write_TimerControl(self, number: int, value: int) -> None:
        self.counters[number].set_control(value)

    def on_read_TimerMIS(self, number: int) -> int:
        return int(self.counters[number].is_masked_interrupt)

    def on_read_TimerBGLoad(self, number: int) -> int:
        return self.counters[number].reload

    def on_write_TimerBGLoad(self, number: int, value: int) -> None:
        self.counters[number].reload = value
