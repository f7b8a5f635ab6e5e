"""One measured interrupt: when its line was raised, the moments it passed, and the parts they divide its latency into.

A moment that was not seen (a handler that was reached without a process switch, say) makes its part zero and leaves its
time to the next, so the parts always add up to the latency exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hardtalk.symbols.moment import Moment


@dataclass(frozen=True)
class Interrupt:
    """`raised` and the values of `moments` are cycles of the board's clock; `program_counter` is where the CPU was when
    the line was raised, `bytecode_pointer` the VM's `ip` then."""

    raised: int
    moments: Mapping[Moment, int]
    program_counter: int
    bytecode_pointer: int

    @property
    def latency(self) -> int:
        return self.moments[Moment.ACCESSED] - self.raised

    @property
    def parts(self) -> dict[str, int]:
        parts: dict[str, int] = {}
        last = self.raised
        for moment in Moment:
            reached = self.moments.get(moment, last)
            if reached < last:
                raise ValueError(f"{moment.name} at cycle {reached:,} comes before what must precede it, at {last:,}")
            parts[moment.part] = reached - last
            last = reached
        return parts


class Stopwatch:
    """Collects the moments of the interrupt under way. Each moment counts once, and only in its order."""

    def __init__(self) -> None:
        self.finished: list[Interrupt] = []
        self._raised: tuple[int, int, int] | None = None
        self._moments: dict[Moment, int] = {}

    @property
    def is_running(self) -> bool:
        return self._raised is not None

    @property
    def raised_in(self) -> int | None:
        """The cycle in which the interrupt under way was raised."""
        return self._raised[0] if self._raised is not None else None

    def line_raised(self, cycle: int, program_counter: int, bytecode_pointer: int) -> None:
        if self._raised is not None:
            return
        self._raised = (cycle, program_counter, bytecode_pointer)
        self._moments = {}

    def give_up(self) -> None:
        """Nobody will come for the interrupt under way."""
        self._raised = None

    def passed(self, moment: Moment, cycle: int) -> None:
        """`moment` was seen. It counts if a line is raised and nothing that must come after it was seen before.

        The first entry after the raising starts afresh: a safepoint before it was another line's.
        """
        if self._raised is None:
            return
        if moment is Moment.ENTERED and moment not in self._moments:
            self._moments.clear()
        order = list(Moment)
        if any(order.index(seen) >= order.index(moment) for seen in self._moments):
            return
        self._moments[moment] = cycle
        if moment is Moment.ACCESSED:
            cycle_raised, program_counter, bytecode_pointer = self._raised
            self.finished.append(Interrupt(cycle_raised, self._moments, program_counter, bytecode_pointer))
            self._raised = None


def sum_of_parts(interrupt: Interrupt) -> str:
    return " + ".join(f"{part} {cycles:,}" for part, cycles in interrupt.parts.items())
