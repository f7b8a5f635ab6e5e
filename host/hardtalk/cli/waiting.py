"""A line on the terminal while a command says nothing for a while: how long it runs, and how long it still will.

The latter is what the same command line took the last time, as the cache folder remembers. The line is gone before
anything else is printed, and is never in a file or a pipe.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TextIO

SOON_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 0.5
MOST_REMEMBERED: Final = 200
ERASED: Final = "\r\x1b[K"


class Waiting:
    """Standard output, which it stands before while the command runs. `usual` answers the seconds of the last time."""

    def __init__(self, terminal: TextIO, usual: Callable[[], float | None]) -> None:
        self._terminal = terminal
        self._usual = cache(usual)
        self._began = self._printed = time.monotonic()
        self._is_shown = self._is_paused = False
        self._is_at_margin = True
        self._lock = threading.RLock()
        self._ended = threading.Event()
        threading.Thread(target=self._tell, daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._terminal, name)

    def write(self, text: str) -> int:
        with self._lock:
            self._erase()
            self._printed = time.monotonic()
            self._is_at_margin = text.endswith("\n") if text else self._is_at_margin
            return self._terminal.write(text)

    def flush(self) -> None:
        with self._lock:
            self._terminal.flush()

    def pause(self, is_paused: bool) -> None:
        """Something else shows what goes on."""
        with self._lock:
            self._erase()
            self._is_paused = is_paused
            self._printed = time.monotonic()

    def end(self) -> None:
        self._ended.set()
        with self._lock:
            self._erase()
            self._is_paused = True

    def wording(self, elapsed: float) -> str:
        left = (self._usual() or 0.0) - elapsed
        return f"{elapsed:.0f} s" + (f", about {left:.0f} s left" if left >= 0.5 else "")

    def _tell(self) -> None:
        while not self._ended.wait(AGAIN_SECONDS):
            with self._lock:
                now = time.monotonic()
                if self._is_paused or not self._is_at_margin or now - self._printed < SOON_SECONDS:
                    continue
                self._terminal.write(f"{ERASED}{self.wording(now - self._began)}")
                self._terminal.flush()
                self._is_shown = True

    def _erase(self) -> None:
        if self._is_shown:
            self._terminal.write(ERASED)
            self._terminal.flush()
            self._is_shown = False


@contextmanager
def waiting(words: Sequence[str], memory: Callable[[], Path]) -> Iterator[None]:
    """Whoever looks is told while the command of these words runs. `memory` is the file of what commands took, not
    asked for before one takes long."""
    if not sys.stdout.isatty():
        yield
        return
    terminal, key, began = sys.stdout, " ".join(words), time.monotonic()
    shown = Waiting(terminal, lambda: durations(memory()).get(key))
    sys.stdout = shown
    try:
        yield
        elapsed = time.monotonic() - began
        if sys.stdout is shown and elapsed > SOON_SECONDS:
            remember(memory(), key, elapsed)
    finally:
        shown.end()
        sys.stdout = terminal


def durations(memory: Path) -> dict[str, float]:
    with suppress(OSError, ValueError):
        found = json.loads(memory.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {key: value for key, value in found.items() if isinstance(value, int | float)}
    return {}


def remember(memory: Path, key: str, seconds: float) -> None:
    """Among the latest. A folder that cannot be written only costs the estimate."""
    found = durations(memory)
    found.pop(key, None)
    latest = dict([*found.items(), (key, round(seconds, 1))][-MOST_REMEMBERED:])
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(latest), encoding="utf-8")


def end_waiting() -> None:
    """From now on the command talks with who sits there, however long that takes."""
    if isinstance(sys.stdout, Waiting):
        sys.stdout.end()
        sys.stdout = sys.stdout._terminal


@contextmanager
def shown_otherwise() -> Iterator[None]:
    """Meanwhile a bar shows what goes on."""
    shown = sys.stdout
    if isinstance(shown, Waiting):
        shown.pause(True)
    try:
        yield
    finally:
        if isinstance(shown, Waiting):
            shown.pause(False)
