"""What happened on the board, in order: kept, counted, and summed up in a digest.

The same ELF and the same input give the same digest. With `is_kept` false, events go to the listeners, the counts and
the digest only: for runs of millions of interrupts.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hardtalk.board.events import Event, InterruptEntry, LineRaised, RegisterAccess

Listener = Callable[[Event], None]


@dataclass
class LineCount:
    """How often a line rose, was pending when the CPU entered an interrupt, and was served by a first access.

    `unserved_entries` counts entries since the last first access; a storm shows in its maximum, `longest_unserved`.
    """

    raised: int = 0
    entered: int = 0
    served: int = 0
    unserved_entries: int = 0
    longest_unserved: int = 0


@dataclass(frozen=True)
class SavedTrace:
    """A place in a trace to go back to."""

    segments: tuple[list[Event], ...]
    digest: Any
    lines: dict[int, LineCount]
    count: int


class Trace:
    """The events so far. `lines` has a LineCount for each line that ever did something."""

    def __init__(self) -> None:
        self.is_kept = True
        self.count = 0
        self.lines: dict[int, LineCount] = {}
        self._segments: tuple[list[Event], ...] = ()
        self._current: list[Event] = []
        self._digest = hashlib.sha256()
        self._listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Event]:
        for segment in self._segments:
            yield from segment
        yield from self._current

    def __len__(self) -> int:
        return sum(map(len, self._segments)) + len(self._current)

    @property
    def events(self) -> list[Event]:
        """The events kept, oldest first."""
        return list(self)

    def add(self, event: Event) -> None:
        self.count += 1
        self._digest.update(f"{type(event).__name__}{tuple.__repr__(event)}\n".encode())
        self._count_lines(event)
        if self.is_kept:
            self._current.append(event)
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with each event from now on. Listeners are not part of snapshots."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        self._listeners.remove(listener)

    def digest(self) -> str:
        """SHA-256 over all events so far, kept or not."""
        return self._digest.hexdigest()

    def forget(self) -> None:
        """Drop the events kept; digest and counts go on."""
        self._segments, self._current = (), []

    def save(self) -> SavedTrace:
        if self._current:
            self._segments = (*self._segments, self._current)
            self._current = []
        lines = {line: replace(count) for line, count in self.lines.items()}
        return SavedTrace(self._segments, self._digest.copy(), lines, self.count)

    def restore(self, saved: SavedTrace) -> None:
        self._segments, self._current = saved.segments, []
        self._digest = saved.digest.copy()
        self.lines = {line: replace(count) for line, count in saved.lines.items()}
        self.count = saved.count

    def _count_lines(self, event: Event) -> None:
        if isinstance(event, LineRaised):
            self._line(event.line).raised += 1
        elif isinstance(event, InterruptEntry):
            lines = event.lines
            while lines:
                line = (lines & -lines).bit_length() - 1
                lines &= lines - 1
                count = self._line(line)
                count.entered += 1
                count.unserved_entries += 1
                count.longest_unserved = max(count.longest_unserved, count.unserved_entries)
        elif isinstance(event, RegisterAccess) and event.is_first:
            count = self._line(event.line)
            count.served += 1
            count.unserved_entries = 0

    def _line(self, line: int) -> LineCount:
        return self.lines.setdefault(line, LineCount())
