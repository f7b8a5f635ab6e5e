"""One integer clock in CPU cycles that owns all time, and the alarms that devices set on it.

Alarms of the same cycle fire in the order in which they were set. Rates that are no whole number of cycles are exact:
the n-th tick of a 24 MHz counter on a 200 MHz CPU is at the ceiling of n * 200 / 24, so nothing drifts. While an alarm
runs, `cycles` is the alarm's own time, also when the CPU is still some cycles before it (it stops between blocks).
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from hardtalk.devices.errors import DeviceMistake

Action = Callable[[], None]
MOST_AT_ONCE = 10_000
"""Alarms that may fire in one cycle, one after the other, before no further one may be set for it."""


@dataclass(frozen=True)
class Duration:
    """A time span in seconds, exact."""

    seconds: Fraction

    def cycles_at(self, hertz: int) -> Fraction:
        return self.seconds * hertz


def seconds(number: int | Fraction) -> Duration:
    return Duration(Fraction(number))


def milliseconds(number: int | Fraction) -> Duration:
    return Duration(Fraction(number) / 1000)


def microseconds(number: int | Fraction) -> Duration:
    return Duration(Fraction(number) / 1_000_000)


def nanoseconds(number: int | Fraction) -> Duration:
    return Duration(Fraction(number) / 1_000_000_000)


@dataclass(frozen=True, eq=False)
class Alarm:
    """Something to do at a cycle. Immutable; a saved clock is a copied list of them.

    `key` stays the same over the repetitions of a periodic alarm; `period` is its exact length in cycles, `origin` the
    cycle it was set at and `count` how many times it has been due.
    """

    due: int
    sequence: int
    action: Action
    key: int
    period: Fraction | None = None
    origin: int = 0
    count: int = 0

    def __lt__(self, other: "Alarm") -> bool:
        return (self.due, self.sequence) < (other.due, other.sequence)


def ceiling(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)


class Clock:
    """Time in CPU cycles. `rates` are the board's clocks in hertz by name; `cpu` is the one that counts."""

    def __init__(self, rates: Mapping[str, int]) -> None:
        self.rates = dict(rates)
        self.hertz = self.rates["cpu"]
        self._cycles = 0
        self._alarms: list[Alarm] = []
        self._sequence = 0
        self._firing_at: int | None = None
        self._fired = 0

    @property
    def cycles(self) -> int:
        """Now."""
        return self._cycles if self._firing_at is None else self._firing_at

    @property
    def next_due(self) -> int | None:
        """The cycle of the earliest alarm."""
        return self._alarms[0].due if self._alarms else None

    def cycles_of(self, duration: Duration | int) -> Fraction:
        """A duration, or a number of cycles, in cycles."""
        return duration.cycles_at(self.hertz) if isinstance(duration, Duration) else Fraction(duration)

    def at(self, cycle: int, action: Action) -> Alarm:
        """Do `action` at `cycle`, or as soon as possible when that is past."""
        return self._add(max(cycle, self.cycles), action)

    def after(self, duration: Duration | int, action: Action) -> Alarm:
        """Do `action` once, `duration` (or that many cycles) from now."""
        cycles = duration if type(duration) is int else ceiling(self.cycles_of(duration))
        return self.at(self.cycles + cycles, action)

    def every(self, period: Duration | int, action: Action) -> Alarm:
        """Do `action` again and again, the first time one period from now. Periods do not drift."""
        cycles = self.cycles_of(period)
        if cycles < 1:
            raise ValueError(f"a period of {float(cycles)} cycles: it must be at least one cycle of the CPU clock")
        origin = self.cycles
        return self._add(origin + ceiling(cycles), action, period=cycles, origin=origin, count=1)

    def cancel(self, alarm: Alarm | None) -> None:
        """Forget an alarm, periodic or not. One that is None, has fired or is cancelled already is no error."""
        if alarm is None:
            return
        kept = [each for each in self._alarms if each.key != alarm.key]
        if len(kept) != len(self._alarms):
            heapq.heapify(kept)
            self._alarms = kept
            if self._firing_at is None:
                self.alarms_changed()

    def ticker(self, rate: str, divider: int = 1) -> "Ticker":
        """Counts the ticks of the named board clock divided by `divider`."""
        return Ticker(self, self.rates[rate], divider)

    def advance(self, duration: Duration | int) -> None:
        """Let time pass and alarms fire. For tests of devices; on a board the CPU moves the clock."""
        target = self._cycles + ceiling(self.cycles_of(duration))
        while self._alarms and self._alarms[0].due <= target:
            self._cycles = max(self._cycles, self._alarms[0].due)
            self.fire_next()
        self._cycles = target

    def fire_next(self) -> None:
        """Do what is due at the earliest alarm's cycle, all alarms of that cycle."""
        due = self._alarms[0].due
        self._firing_at = due
        self._fired = 0
        try:
            while self._alarms and self._alarms[0].due <= due:
                alarm = heapq.heappop(self._alarms)
                self._fired += 1
                if alarm.period is not None:
                    count = alarm.count + 1
                    again = alarm.origin + ceiling(alarm.period * count)
                    self._add(again, alarm.action, alarm.key, alarm.period, alarm.origin, count)
                alarm.action()
        finally:
            self._firing_at = None
            self.alarms_changed()

    def alarms_changed(self) -> None:
        """Called when the earliest alarm may be another one."""

    def save(self) -> tuple[tuple[Alarm, ...], int]:
        return tuple(self._alarms), self._sequence

    def load(self, state: tuple[tuple[Alarm, ...], int]) -> None:
        self._alarms = list(state[0])
        self._sequence = state[1]
        self.alarms_changed()

    def clear(self) -> None:
        """Forget all alarms."""
        self.load(((), 0))

    def _add(self, due: int, action: Action, key: int | None = None, period: Fraction | None = None,
             origin: int = 0, count: int = 0) -> Alarm:  # fmt: skip
        if self._firing_at is not None and due <= self._firing_at and self._fired > MOST_AT_ONCE:
            raise DeviceMistake(
                f"{MOST_AT_ONCE:,} alarms have fired in one cycle, and here is one more for it: time stands still",
                "set the alarm for at least one cycle ahead, or call the method directly",
            )
        self._sequence += 1
        alarm = Alarm(due, self._sequence, action, self._sequence if key is None else key, period, origin, count)
        heapq.heappush(self._alarms, alarm)
        if self._firing_at is None:
            self.alarms_changed()
        return alarm


class Ticker:
    """The ticks of a clock that is an exact fraction of the CPU's: tick n happens at the first cycle not before it."""

    def __init__(self, clock: Clock, hertz: int, divider: int) -> None:
        self._clock = clock
        self._numerator = hertz
        self._denominator = clock.hertz * divider

    def count(self) -> int:
        """Ticks since cycle 0."""
        return self._clock.cycles * self._numerator // self._denominator

    def cycle_of(self, tick: int) -> int:
        return -(-tick * self._denominator // self._numerator)
