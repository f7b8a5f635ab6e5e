"""Emulated time beside real time: how far the board is ahead, and how fast it has been of late."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 1.0


class Pace:
    """`is_held` while the board may not be faster than the real one. `now` answers seconds."""

    def __init__(self, hertz: int, now: Callable[[], float] = time.monotonic) -> None:
        self.is_held = True
        self._hertz = hertz
        self._now = now
        self._passed: deque[tuple[float, int]] = deque()
        self.begin(0)

    def begin(self, cycles: int) -> None:
        """Time begins to run at that cycle, after standing still."""
        self._due, self._last = self._now(), cycles
        self._passed.clear()
        self._passed.append((self._due, cycles))

    def ahead(self, cycles: int) -> float:
        """For how many seconds the board, which has come to that cycle, has to wait. A delay is not made up for."""
        now = self._now()
        self._due += (cycles - self._last) / self._hertz
        self._last = cycles
        self._passed.append((now, cycles))
        while now - self._passed[0][0] > WINDOW_SECONDS and len(self._passed) > 2:
            self._passed.popleft()
        if not self.is_held or self._due < now:
            self._due = now
        return self._due - now

    @property
    def permille(self) -> int:
        """The emulated time of the last second beside real time."""
        (began, first), (ended, last) = self._passed[0], self._passed[-1]
        return round(1000 * (last - first) / self._hertz / (ended - began)) if ended > began else 0
