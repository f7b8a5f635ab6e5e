"""Who makes progress in a soak: programs ended by name and by worker, from the marks that workers make.

A worker marks the probe block when a program has ended. A mark is an event of the trace, so hearing it changes nothing
on the board.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hardtalk.board import Mark

FIRST_MARK: Final = 0x10000
WORKERS: Final = 3
STUCK_CYCLES: Final = 1_500_000_000
"""Many times what the longest program takes of a third of the processor: with less a worker has stopped, or starves."""


@dataclass
class Progress:
    """`names` are the programs in the order of the table that the board was given; `began` is the first cycle."""

    names: Sequence[str]
    began: int
    ended: Counter[str] = field(default_factory=Counter)
    by_worker: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._last = dict.fromkeys(range(1, WORKERS + 1), self.began)

    def hear(self, event: object) -> None:
        if isinstance(event, Mark) and event.value >= FIRST_MARK:
            worker, index = divmod(event.value - FIRST_MARK, 256)
            self.ended[self.names[index - 1]] += 1
            self.by_worker[worker] += 1
            self._last[worker] = event.cycle

    @property
    def programs(self) -> int:
        return self.ended.total()

    def complaint(self, cycle: int) -> str:
        """What is wrong with it at this cycle; empty when everybody gets on."""
        for worker, last in self._last.items():
            if cycle - last > STUCK_CYCLES:
                count = self.by_worker[worker]
                return f"worker {worker} has ended no program for {cycle - last:,} cycles, {count:,} before that"
        counts = [self.ended[name] for name in self.names]
        if max(counts) - min(counts) > WORKERS:
            most, least = (self.names[counts.index(each)] for each in (max(counts), min(counts)))
            return f"{most} ended {max(counts):,} times and {least} {min(counts):,} times"
        return ""
