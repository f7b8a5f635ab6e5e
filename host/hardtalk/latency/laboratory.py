"""Raises a line again and again at random cycles and times each interrupt by the board's own events.

The moments of an interrupt come from the trace (line raised, IRQ entry, first access) and from watched addresses of the
firmware. The board watches an address without the guest's seeing it or paying for it.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from hardtalk.board import Board, Event, InterruptEntry, LineRaised, RegisterAccess, Stop, StopReason
from hardtalk.board.watch import Watch
from hardtalk.latency.interrupt import Interrupt, Stopwatch
from hardtalk.latency.service import ServiceWatch
from hardtalk.symbols.moment import Moment
from hardtalk.tasks.side_by_side import CutShort
from hardtalk.vm.constants import PINNED_REGISTERS

PROGRESS_STEP = 500


class NotServed(Exception):
    """An interrupt was raised and no access to its device followed, or the board stopped before one could be raised.

    `served` were before it.
    """

    def __init__(self, reason: str, served: int = 0) -> None:
        super().__init__(reason)
        self.served = served


@dataclass(frozen=True)
class Schedule:
    """When interrupts are raised: a random time after the service of the one before, from a generator of this seed."""

    seed: int
    shortest_gap_cycles: int = 2_000
    longest_gap_cycles: int = 30_000
    patience_cycles: int = 20_000_000


class Laboratory:
    """Measures one line of a running board. Under the model arm926-cold, this line finds the caches empty, no other.

    `inject` makes the device raise its line, at once or soon; None when the device does so of its own accord. `watched`
    are the addresses of blocks whose entry is a moment. With a `service`, only what it takes for the handler's ends a
    wait; without one, any access to the device.
    """

    def __init__(
        self,
        board: Board,
        line: int,
        inject: Callable[[], None] | None,
        watched: Mapping[Moment, Collection[int]],
        schedule: Schedule,
        service: ServiceWatch | None = None,
    ) -> None:
        self.board = board
        self.service = service
        self.line = line
        self.inject = inject
        self._moments = {address: moment for moment, addresses in watched.items() for address in addresses}
        self.schedule = schedule
        self.stopwatch = Stopwatch()
        board.cold_line = line
        self._random = random.Random(schedule.seed)
        self._cancel_next: Callable[[], None] = lambda: None

    def measure(self, count: int, progress: Callable[[int], None] = lambda _: None) -> list[Interrupt]:
        """The next `count` interrupts. Raises NotServed when one is not answered within the schedule's patience, and
        CutShort with those so far, if there are any, when Control-C comes."""
        finished = self.stopwatch.finished
        first = len(finished)
        goal = first + count
        try:
            with self.raising():
                while len(finished) < goal:
                    before = len(finished)
                    self._run_until(min(before + PROGRESS_STEP, goal))
                    progress(len(finished) - before)
        except KeyboardInterrupt:
            if len(finished) == first:
                raise
            raise CutShort(finished[first:]) from None
        return finished[first:goal]

    def next_now(self, inject: Callable[[], None]) -> Interrupt:
        """The one interrupt whose line `inject` raises at once, in the state the board is in, while `listening`."""
        inject()
        self.board.touched.update(self.board.devices)
        self._run_until(len(self.stopwatch.finished) + 1)
        return self.stopwatch.finished.pop()

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Interrupts are raised and timed meanwhile, whoever lets the board run."""
        with self.listening():
            self._schedule_next()
            yield

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Events are not kept meanwhile: there may be millions."""
        trace = self.board.trace
        was_kept, trace.is_kept = trace.is_kept, False
        trace.listen(self._hear)
        with ExitStack() as stack:
            stack.callback(self._stop_listening, was_kept)
            if self.service is not None:
                self.service.nobody_comes = self._nobody_comes
                stack.enter_context(self.service.watching())
            stack.enter_context(Watch(self.board, self._moments, self._entered))
            yield

    def _stop_listening(self, was_kept: bool) -> None:
        self.board.trace.unlisten(self._hear)
        self.board.trace.is_kept = was_kept
        self._cancel_next()

    def _run_until(self, count: int) -> None:
        """Raises NotServed unless at least one more is finished in time."""
        finished = self.stopwatch.finished
        before = len(finished)
        stop = self.board.run(self.schedule.patience_cycles, lambda: len(finished) >= count)
        if len(finished) == before or stop.reason not in (StopReason.UNTIL, StopReason.CYCLES):
            raise NotServed(self._why(stop), len(finished))

    def _schedule_next(self) -> None:
        """One is scheduled at a time, also when the device has raised its line by itself."""
        if self.inject is None:
            return
        self._cancel_next()
        gap = self._random.randint(self.schedule.shortest_gap_cycles, self.schedule.longest_gap_cycles)
        self._cancel_next = partial(self.board.clock.cancel, self.board.clock.after(gap, self._inject))

    def _inject(self) -> None:
        """The one before may still hold the line: its first access need not have been its last."""
        assert self.inject is not None
        if self.board.is_raised(self.line):
            self._schedule_next()
        else:
            self.inject()

    def _nobody_comes(self) -> None:
        self.stopwatch.give_up()
        self._schedule_next()

    def _hear(self, event: Event) -> None:
        if self.service is not None:
            self.service.hear(event)
        if isinstance(event, LineRaised) and event.line == self.line:
            cpu = self.board.cpu
            self.stopwatch.line_raised(event.cycle, cpu.pc, cpu.register(PINNED_REGISTERS["ip"]))
        elif isinstance(event, InterruptEntry) and event.lines >> self.line & 1:
            self.stopwatch.passed(Moment.ENTERED, event.cycle)
        elif isinstance(event, RegisterAccess) and self._ends_wait(event):
            self.stopwatch.passed(Moment.ACCESSED, event.cycle)
            self._schedule_next()

    def _ends_wait(self, event: RegisterAccess) -> bool:
        if event.line != self.line or not self.stopwatch.is_running:
            return False
        return self.service is None or self.service.is_service()

    def _entered(self, address: int, cycle: int) -> None:
        self.stopwatch.passed(self._moments[address], cycle)

    def _state(self) -> str:
        since = self.stopwatch.raised_in
        if since is None:
            milliseconds = self.schedule.patience_cycles * 1000 / self.board.chip.cpu_hertz
            return f"was not raised for {milliseconds:,.0f} ms"
        milliseconds = (self.board.clock.cycles - since) * 1000 / self.board.chip.cpu_hertz
        state = "is high" if self.board.is_raised(self.line) else "was raised and is low again"
        return f"{state}, not served for {milliseconds:,.3f} ms"

    def _why(self, stop: Stop) -> str:
        waited = f"cycle {stop.cycles:,}, {len(self.stopwatch.finished):,} interrupts served before"
        if stop.reason in (StopReason.UNTIL, StopReason.CYCLES):
            whose = self.service.whose_time() if self.service is not None else ""
            return f"line {self.line} {self._state()} ({waited})" + (f"; {whose}" if whose else "")
        return f"the board stopped: {stop.reason}: {stop.message} ({waited})"
