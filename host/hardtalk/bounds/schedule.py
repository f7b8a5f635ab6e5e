"""Classical response-time analysis of all handlers together: fixed priorities, blocking, least distances of interrupts.

After Joseph and Pandya (1986) and Audsley and others (1993). A handler waits for what is begun and cannot be left: the
longest way from a line to a handler's first bytecode, with masked section, entry, stretch and switch. Then it waits for
every release of the lines of its own and of higher priorities, and for the entry of every other line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MICROSECONDS: Final = 1_000_000
LONGEST_SECONDS: Final = 10
"""A response beyond that is none: the lines ask for more time than there is."""


@dataclass(frozen=True)
class Task:
    """A handler: its lengths, its least distance between two interrupts and its deadline, in cycles; `replacing` is how
    much longer whom it interrupts takes, for what the method cache knew."""

    name: str
    priority: int
    distance: int
    deadline: int
    access: int
    whole: int
    replacing: int = 0


@dataclass(frozen=True)
class Overheads:
    """In cycles. `first`: from a line to the first bytecode of its handler when no other interrupts. `entry`: what a
    line takes from whoever runs, without its handler; `switch`: what a handler that interrupts another one costs beside
    its own length."""

    first: int
    entry: int
    switch: int


@dataclass(frozen=True)
class Response:
    """The longest times from the line to the first access and to the handler's end; None where there is no bound."""

    task: Task
    access: int | None
    end: int | None

    @property
    def holds(self) -> bool:
        """Whether the deadline does, and the handler has ended before the next interrupt."""
        is_served = self.access is not None and self.access <= self.task.deadline
        return is_served and self.end is not None and self.end <= self.task.distance


def responses(tasks: Sequence[Task], overheads: Overheads, hertz: int) -> tuple[Response, ...]:
    """Of all tasks together, the most urgent first."""
    ordered = sorted(tasks, key=lambda task: (-task.priority, task.name))
    limit = LONGEST_SECONDS * hertz
    found = []
    for task in ordered:
        access, end = (response_time(task, each, ordered, overheads, limit) for each in (task.access, task.whole))
        found.append(Response(task, access, end))
    return tuple(found)


def response_time(task: Task, length: int, tasks: Sequence[Task], overheads: Overheads, limit: int) -> int | None:
    """The least time that holds `length` cycles of the task and all that others do meanwhile; None beyond `limit`."""
    own = overheads.first + length
    time = own
    while time <= limit:
        others = sum(
            -(-time // other.distance) * _taken(task, other, overheads) for other in tasks if other is not task
        )
        if own + others == time:
            return time
        time = own + others
    return None


def _taken(task: Task, other: Task, overheads: Overheads) -> int:
    """What one interrupt of another line takes: all of its handler when that is as urgent."""
    if other.priority < task.priority:
        return overheads.entry
    return overheads.entry + overheads.switch + other.replacing + other.whole
