"""Control-C and devices that never end, while a board runs.

Python code of devices is called from inside the CPU's engine, where an exception that comes from outside would be lost,
and with it the value of the access. So Control-C is noted while a board runs, and raised when the CPU is between
blocks. A second one is raised inside the device that is busy, which then has failed. A device of the user's own that
works for more than its time of the processor's has failed, too.
"""

import signal
import threading
from types import FrameType
from typing import Any

from hardtalk.board.stops import Stops
from hardtalk.devices.errors import DeviceMistake

ONE_STEP = "let each handler and alarm do one short step, and set an alarm for the next"
LIMIT_SECONDS = 10.0
"""Of the host's processor, for one access or alarm."""


class Patience:
    """One board's. `watches_devices` when it has devices of the user's own; `begin` and `end` enclose their code."""

    def __init__(self, stops: Stops) -> None:
        self.limit_seconds = LIMIT_SECONDS
        self.watches_devices = False
        self._stops = stops
        self._is_interrupted = False
        self._busy: object = None
        self._seen: object = None

    def start(self) -> "Patience | None":
        """A run begins: note Control-C from here on, where signals can be heard. Answers what `stop` wants to know."""
        global current
        if threading.get_ident() != threading.main_thread().ident:
            return None
        install()
        outer, current = current, self
        if self.watches_devices:
            signal.signal(signal.SIGVTALRM, self._look)
            signal.setitimer(signal.ITIMER_VIRTUAL, self.limit_seconds, self.limit_seconds)
        return outer

    def stop(self, outer: "Patience | None") -> None:
        """The run is over."""
        global current
        if current is self:
            current = outer
            if self.watches_devices:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def begin(self) -> None:
        """A device's code begins."""
        self._busy = object()

    def end(self) -> None:
        self._busy = None
        if self._is_interrupted:
            self._stops.request_attention()

    def raise_interrupt(self) -> None:
        if self._is_interrupted:
            self._is_interrupted = False
            raise KeyboardInterrupt

    def note_interrupt(self) -> None:
        is_again, self._is_interrupted = self._is_interrupted, True
        self._stops.request_attention()
        if is_again and self._busy is not None:
            raise DeviceMistake(
                "it was still busy at a second Control-C", "let each handler and alarm do one short step"
            )

    def _look(self, _number: int, _frame: FrameType | None) -> None:
        """The limit has passed once more: the device that was busy then and is so still has failed."""
        seen, self._seen = self._seen, self._busy
        if self._busy is not None and seen is self._busy:
            raise DeviceMistake(
                f"it has not ended after {self.limit_seconds:g} seconds of the processor's time",
                ONE_STEP,
            )


current: Patience | None = None
previous: Any = None


def install() -> None:
    """Let Control-C be noted while a board runs; otherwise it does what it did before. In the main thread; at each run,
    since a worker hears of it only while it works."""
    global previous
    handler = signal.getsignal(signal.SIGINT)
    if handler is hear or not callable(handler):
        return
    previous = handler
    signal.signal(signal.SIGINT, hear)


def hear(number: int, frame: FrameType | None) -> None:
    if current is None:
        previous(number, frame)
    else:
        current.note_interrupt()
