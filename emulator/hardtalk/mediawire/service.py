"""When the controller's line was raised, and when somebody came: measured by the device, which asks nobody."""

from collections.abc import Callable

from hardtalk.devices import Alarm, Clock, microseconds

DEADLINE = microseconds(100)
COUNTER = "counter"


class Service:
    """`asserted` and `serviced` are times of the 24 MHz counter, `worst` the longest way from the one to the other in
    its ticks, `worst_cycles` the same in cycles; `late` counts the times when it took more than 100 µs.

    `is_stalled` while the line waits for longer than that.
    """

    def __init__(self) -> None:
        self.asserted = self.serviced = self.worst = self.late = 0
        self.count = self.worst_cycles = 0
        self.is_stalled = False
        self._since: int | None = None
        self._alarm: Alarm | None = None

    @property
    def is_waited_for(self) -> bool:
        return self._since is not None

    def begin(self, clock: Clock, be_late: Callable[[], None]) -> None:
        """The line has risen, or stayed up after it was served. `be_late` is done when nobody comes in 100 µs."""
        self._since = clock.cycles
        self.asserted = ticks(clock)
        self._alarm = clock.after(DEADLINE, be_late)

    def note_late(self) -> None:
        self._alarm = None
        self.late += 1
        self.is_stalled = True

    def end(self, clock: Clock) -> None:
        """It is served, or the line has gone down by itself."""
        if self._since is None:
            return
        self.serviced = ticks(clock)
        self.worst = max(self.worst, self.serviced - self.asserted)
        self.worst_cycles = max(self.worst_cycles, clock.cycles - self._since)
        self.count += 1
        self.forget(clock)

    def forget(self, clock: Clock) -> None:
        clock.cancel(self._alarm)
        self._since = self._alarm = None
        self.is_stalled = False


def ticks(clock: Clock) -> int:
    return clock.ticker(COUNTER).count()
