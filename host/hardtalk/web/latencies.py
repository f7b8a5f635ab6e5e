"""How long interrupts have waited, line by line, as the board's events tell: from the line raised to the first access.

Only what went through an interrupt's entry counts: a device that is looked at while its line is masked has not waited.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from hardtalk.board import Board, Event, InterruptEntry, LineRaised, RegisterAccess

BIN_NANOSECONDS: Final = 500
BINS: Final = 100
"""The last one holds all that waited longer."""
LAST_LINE: Final = 31
"""Of the CPU's controller: all lines from there on come through it."""


class Latencies:
    """Listens to a board's trace."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._raised: dict[int, int] = {}
        self._entered: set[int] = set()
        self._counts: dict[int, Counter[int]] = {}
        board.trace.listen(self._hear)

    def clear(self) -> None:
        self._counts.clear()

    def _hear(self, event: Event) -> None:
        if isinstance(event, LineRaised):
            self._raised[event.line] = event.cycle
            self._entered.discard(event.line)
        elif isinstance(event, InterruptEntry):
            self._entered |= {line for line in self._raised if event.lines >> min(line, LAST_LINE) & 1}
        elif isinstance(event, RegisterAccess) and event.is_first:
            raised = self._raised.pop(event.line, None)
            if raised is not None and event.line in self._entered:
                self._counts.setdefault(event.line, Counter())[event.cycle - raised] += 1

    def state(self) -> Mapping[str, Any]:
        """For each line with interrupts: how many, the least, median and greatest in ns, and the counts by bins."""
        hertz = self._board.clock.hertz
        lines = []
        for line, counts in sorted(self._counts.items()):
            peripheral = self._board.chip.peripheral_of_line(line)
            ascending = sorted(counts)
            bins = [0] * BINS
            for cycles, count in counts.items():
                bins[min(nanoseconds(cycles, hertz) // BIN_NANOSECONDS, BINS - 1)] += count
            lines.append(
                {
                    "line": line,
                    "name": peripheral.name if peripheral is not None else "",
                    "count": counts.total(),
                    "min": nanoseconds(ascending[0], hertz),
                    "median": nanoseconds(median(counts), hertz),
                    "max": nanoseconds(ascending[-1], hertz),
                    "bins": bins,
                }
            )
        return {"bin": BIN_NANOSECONDS, "lines": lines}


def nanoseconds(cycles: int, hertz: int) -> int:
    return cycles * 10**9 // hertz


def median(counts: Counter[int]) -> int:
    """By nearest rank: one that was really seen."""
    rank, passed = -(-counts.total() // 2), 0
    for value in sorted(counts):
        passed += counts[value]
        if passed >= rank:
            return value
    raise ValueError("there is nothing to have a median of")
