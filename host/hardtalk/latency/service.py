"""What becomes of an interrupt beyond its first access: who serves it, how long that takes, whether it keeps up.

An access to the device is the handler's service when the interrupt was taken since the line rose. What another process
reads or writes meanwhile is *polling*; what the handler does while it is still busy with the interrupt before is
*draining*. An interrupt whose line either of them lowered has no latency: it is counted apart.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from hardtalk.bench.process_watch import ProcessTime, ProcessWatch
from hardtalk.board import Board, Event, InterruptEntry, LineLowered, LineRaised, RegisterAccess
from hardtalk.latency.counts import COUNT_IN_LINE, LINE_TABLE
from hardtalk.latency.distribution import Distribution
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.native import LINE_RECORD_BYTES

NAMED_AT_MOST: Final = 3
LEAST_SHARE: Final = 0.01
HANDLER, OTHER, NOBODY = "handler", "other", ""
MODE_BITS, SUPERVISOR = 0x1F, 0x13


@dataclass(frozen=True)
class Service:
    """Times in cycles; None where nothing was seen.

    `run`: the processor's time that one service took, from waking the handler until it waits again, without what more
    urgent processes took meanwhile. `high`: how long the line stayed raised. `period`: from one raising to the next.
    `polled` and `drained`: interrupts whose line others lowered, or the handler while it served the one before;
    `foreign`: accesses of others while an interrupt waited; `overruns`: lines raised while the handler was still busy.
    `share`: of all cycles, those of the handler.
    """

    run: Distribution | None = None
    high: Distribution | None = None
    period: Distribution | None = None
    polled: int = 0
    drained: int = 0
    foreign: int = 0
    overruns: int = 0
    share: float = 0.0
    processes: tuple[ProcessTime, ...] = ()

    @property
    def keeps_up(self) -> bool:
        """Whether each interrupt's service was over before the next one came."""
        return not self.overruns


@dataclass
class Tally:
    """What is collected while the board runs."""

    run: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    period: list[int] = field(default_factory=list)
    polled: int = 0
    drained: int = 0
    foreign: int = 0
    overruns: int = 0


class ServiceWatch:
    """Of one line whose handler is `driver`'s: a process of that name, or native code that the IRQ itself enters."""

    def __init__(self, board: Board, source_map: SourceMap, line: int, driver: str, is_native: bool) -> None:
        self.board = board
        self.line = line
        self.driver = driver
        self.is_native = is_native
        self.processes = ProcessWatch(board, source_map, self._switched)
        self.tally = Tally()
        self.nobody_comes: Callable[[], None] = lambda: None
        """Called when the interrupt that waits will not be served: others have lowered its line."""
        self._handlers: dict[int, bool] = {}
        self._raised: int | None = None
        self._is_woken = self._is_busy = self._is_awaited = False
        self._accessor = NOBODY
        self._begun: int | None = None
        self._ran = 0
        self._before: dict[str, int] = {}

    def hear(self, event: Event) -> None:
        """Each event of the board, before the laboratory asks about it."""
        if isinstance(event, LineRaised) and event.line == self.line:
            self._line_raised(event.cycle)
        elif isinstance(event, LineLowered) and event.line == self.line:
            self._line_lowered(event.cycle)
        elif isinstance(event, InterruptEntry) and event.lines >> self.line & 1:
            self._is_woken = True
            if self.is_native:
                self._is_busy = True
                self._begun = event.cycle
        elif isinstance(event, RegisterAccess) and event.line == self.line:
            self._accessor = self._who()
            if self._is_awaited and self._accessor == OTHER:
                self.tally.foreign += 1

    def is_service(self) -> bool:
        """Whether the access that was heard last ends the wait."""
        if not (self._accessor == HANDLER and self._is_woken):
            return False
        self._is_awaited = False
        return True

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Between these the board's processes are watched, and when native code is done with the line."""
        with ExitStack() as stack:
            stack.enter_context(self.processes)
            if self.is_native:
                done = self.board.firmware.address_of(LINE_TABLE) + self.line * LINE_RECORD_BYTES + COUNT_IN_LINE
                stack.callback(self.board.cpu.on_store(done, self._native_done))
            yield

    def _native_done(self, _count: int) -> None:
        if self._begun is not None:
            self._service_ends(self.board.clock.cycles - self._begun)

    def whose_time(self) -> str:
        """Who has had the processor since the line rose, or since the beginning."""
        now = self.processes.cycles_by_name()
        spent = {name: cycles - self._before.get(name, 0) for name, cycles in now.items()}
        total = sum(spent.values())
        ordered = sorted(spent, key=lambda name: (-spent[name], name))[:NAMED_AT_MOST]
        parts = [
            f"{name} {spent[name] / total:.0%}" for name in ordered if total and spent[name] >= LEAST_SHARE * total
        ]
        return f"the processor's time since then: {', '.join(parts)}" if parts else ""

    def service(self) -> Service:
        """What was seen so far."""
        tally, elapsed = self.tally, self.processes.elapsed
        run, high, period = (Distribution.of(each) if each else None for each in (tally.run, tally.high, tally.period))
        share = sum(tally.run) / elapsed if elapsed else 0.0
        counts = (tally.polled, tally.drained, tally.foreign, tally.overruns)
        return Service(run, high, period, *counts, share, self.processes.times())

    def _line_raised(self, cycle: int) -> None:
        if self._raised is not None:
            self.tally.period.append(cycle - self._raised)
        self._raised = cycle
        self._is_woken, self._is_awaited, self._accessor = False, True, NOBODY
        self.tally.overruns += self._is_busy
        self._before = self.processes.cycles_by_name()

    def _line_lowered(self, cycle: int) -> None:
        if self._raised is not None:
            self.tally.high.append(cycle - self._raised)
        if not self._is_woken:
            self._is_over_without()

    def _is_over_without(self) -> None:
        """The line is low, and nobody who was woken for that has been there, or will."""
        if not self._is_awaited:
            return
        self._is_awaited = False
        if self._accessor == HANDLER:
            self.tally.drained += 1
        else:
            self.tally.polled += 1
        self.nobody_comes()

    def _who(self) -> str:
        if self.is_native:
            return self._native_accessor()
        return HANDLER if self._is_handler(self.processes.active) else OTHER

    def _native_accessor(self) -> str:
        """A handler runs in supervisor mode, the virtual machine does not. One that the entry for another line has led
        to has none of its own."""
        if self.board.cpu.cpsr & MODE_BITS != SUPERVISOR:
            return OTHER
        if not self._is_woken:
            self._is_woken = self._is_busy = True
            self._begun = self.board.clock.cycles
        return HANDLER

    def _is_handler(self, process: int) -> bool:
        known = self._handlers.get(process)
        if known is None:
            known = self._handlers[process] = self.processes.names.own_name(process) == self.driver
        return known

    def _switched(self, cycle: int, stopped: int, would_go_on: bool, going_on: int) -> None:
        if self.is_native:
            return
        if self._is_handler(stopped) and self._begun is not None:
            self._ran += cycle - self._begun
            self._begun = None
            if not would_go_on:
                self._service_ends(self._ran)
                self._ran = 0
        if self._is_handler(going_on):
            self._begun = cycle
            if not self._is_busy:
                self._is_busy = self._is_woken = True

    def _service_ends(self, cycles: int) -> None:
        self.tally.run.append(cycles)
        self._is_busy = False
        self._begun = None
        if self._is_woken and not self.board.is_raised(self.line):
            self._is_over_without()
