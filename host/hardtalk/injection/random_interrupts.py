"""A great many interrupts at random cycles of a running load, every one counted from both sides.

The board counts how often the line rose, how often the CPU entered an interrupt and how often the device was served;
the firmware counts entries. What does not add up was lost or came twice. Of the latencies only the distribution is
kept.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hardtalk.board import Board, Event, InterruptEntry
from hardtalk.injection.trial import Violated
from hardtalk.latency.counts import taken_natively, word
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.safepoints import settle
from hardtalk.tasks.side_by_side import CutShort

AT_ONCE: Final = 2_000
NEVER: Final = ("lostSignals", "strayInterrupts", "spuriousInterrupts", "nativeStorms", "misusedWaits")
"""VM variables that count what must not happen."""


@dataclass
class Storm:
    """What was seen of one line: latencies in cycles with their counts, the worst interrupt, all entries. In one that
    is not whole, because Control-C came, nobody has looked at heap and counts."""

    latencies: Counter[int] = field(default_factory=Counter)
    worst: Interrupt | None = None
    entries: int = 0
    violation: str = ""
    is_whole: bool = True

    @property
    def count(self) -> int:
        return self.latencies.total()


class RandomInterrupts:
    """Interrupts measured by a laboratory whose board runs a load already."""

    def __init__(self, laboratory: Laboratory) -> None:
        self.laboratory = laboratory
        self.board: Board = laboratory.board

    def run(self, count: int, progress: Callable[[int], None] = lambda _: None) -> Storm:
        """Raise and serve so many; ends at the first one that is not served. Raises CutShort with those before when
        Control-C comes."""
        storm = Storm()
        self.board.trace.is_kept = False
        settle(self.board)  # no interrupt is half-way between the CPU's entry and the firmware's count
        self.board.trace.listen(listener := _counting(storm))
        before = self._counters()
        try:
            while storm.count < count:
                self._measure(storm, min(AT_ONCE, count - storm.count))
                progress(storm.count)
            self._finish(storm, before)
        except (NotServed, NotReadable, Violated) as error:
            storm.violation = str(error)
        except KeyboardInterrupt as interrupt:
            storm.is_whole = False
            self._add(storm, interrupt.done if isinstance(interrupt, CutShort) else [])
            raise CutShort([storm] if storm.count else ()) from None
        finally:
            self.board.trace.unlisten(listener)
        return storm

    def _measure(self, storm: Storm, count: int) -> None:
        self._add(storm, self.laboratory.measure(count))
        self.laboratory.stopwatch.finished.clear()

    def _add(self, storm: Storm, interrupts: Sequence[Interrupt]) -> None:
        storm.latencies.update(each.latency for each in interrupts)
        worst = max(interrupts, key=lambda each: each.latency, default=None)
        if worst is not None and (storm.worst is None or worst.latency > storm.worst.latency):
            storm.worst = worst

    def _finish(self, storm: Storm, before: dict[str, int]) -> None:
        """Let the last one end, then look whether heap and counts are right."""
        self.board.run(AT_ONCE)
        settle(self.board)
        report = audit(self.board)
        if not report.is_sound:
            raise Violated(report.text())
        counted = {name: value - before[name] for name, value in self._counters().items()}
        for name in NEVER:
            if counted[name]:
                raise Violated(f"{name} went up by {counted[name]:,}")
        if counted["raised"] != counted["served"] or counted["served"] != storm.count:
            raise Violated(f"{counted['raised']:,} raised, {counted['served']:,} served, {storm.count:,} measured")
        firmware = (counted["interruptCount"] + counted["native"]) & 0xFFFFFFFF
        if firmware != storm.entries:
            raise Violated(f"the CPU entered {storm.entries:,} interrupts, the firmware counted {firmware:,}")

    def _counters(self) -> dict[str, int]:
        line = self.board.trace.lines.get(self.laboratory.line)
        seen = replace(line) if line is not None else None
        counters = {name: word(self.board, name) for name in (*NEVER, "interruptCount")}
        counters["native"] = taken_natively(self.board)
        return counters | {"raised": seen.raised if seen else 0, "served": seen.served if seen else 0}


def _counting(storm: Storm) -> Callable[[Event], None]:
    def hear(event: Event) -> None:
        if isinstance(event, InterruptEntry):
            storm.entries += 1

    return hear
