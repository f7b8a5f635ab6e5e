"""Raises a line again and again at random cycles and times each interrupt by the board's own events.

The moments of an interrupt come from the trace (line raised, IRQ entry, first access) and from watched addresses of the
firmware. An address is watched by a hook of the CPU engine for that one block: the guest neither sees it nor pays.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import unicorn

from hardtalk.board import Board, Event, InterruptEntry, LineRaised, RegisterAccess, Stop, StopReason
from hardtalk.latency.interrupt import Interrupt, Moment, Stopwatch

BYTECODE_POINTER_REGISTER = 5
PROGRESS_STEP = 500


class NotServed(Exception):
    """An interrupt was raised and no access to its device followed, or the board stopped before one could be raised."""


@dataclass(frozen=True)
class Schedule:
    """When interrupts are raised: a random time after the service of the one before, from a generator of this seed."""

    seed: int
    shortest_gap_cycles: int = 2_000
    longest_gap_cycles: int = 30_000
    patience_cycles: int = 20_000_000


class Laboratory:
    """Measures one line of a running board.

    `inject` makes the device raise its line, at once or soon; None when the device does so of its own accord. `watched`
    are the addresses of blocks whose entry is a moment.
    """

    def __init__(
        self,
        board: Board,
        line: int,
        inject: Callable[[], None] | None,
        watched: Mapping[Moment, Collection[int]],
        schedule: Schedule,
    ) -> None:
        self.board = board
        self.line = line
        self.inject = inject
        self.watched = watched
        self.schedule = schedule
        self.stopwatch = Stopwatch()
        self._random = random.Random(schedule.seed)
        self._cancel_next: Callable[[], None] = lambda: None

    def measure(self, count: int, progress: Callable[[int], None] = lambda _: None) -> list[Interrupt]:
        """The next `count` interrupts. Raises NotServed when one is not answered within the schedule's patience."""
        finished = self.stopwatch.finished
        goal = len(finished) + count
        self.board.trace.listen(self._hear)
        try:
            with self._watching():
                self._schedule_next()
                while len(finished) < goal:
                    before = len(finished)
                    stop = self._run_until(min(before + PROGRESS_STEP, goal))
                    if len(finished) == before or stop.reason not in (StopReason.UNTIL, StopReason.CYCLES):
                        raise NotServed(self._why(stop))
                    progress(len(finished) - before)
        finally:
            self.board.trace.unlisten(self._hear)
            self._cancel_next()
        return finished[goal - count : goal]

    def _run_until(self, count: int) -> Stop:
        return self.board.run(self.schedule.patience_cycles, lambda: len(self.stopwatch.finished) >= count)

    def _schedule_next(self) -> None:
        if self.inject is None:
            return
        gap = self._random.randint(self.schedule.shortest_gap_cycles, self.schedule.longest_gap_cycles)
        self._cancel_next = partial(self.board.clock.cancel, self.board.clock.after(gap, self.inject))

    def _hear(self, event: Event) -> None:
        if isinstance(event, LineRaised) and event.line == self.line:
            cpu = self.board.cpu
            self.stopwatch.line_raised(event.cycle, cpu.pc, cpu.register(BYTECODE_POINTER_REGISTER))
        elif isinstance(event, InterruptEntry) and event.lines >> self.line & 1:
            self.stopwatch.passed(Moment.ENTERED, event.cycle)
        elif isinstance(event, RegisterAccess) and event.line == self.line and self.stopwatch.is_running:
            self.stopwatch.passed(Moment.ACCESSED, event.cycle)
            self._schedule_next()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        engine = self.board.cpu.runner
        handles = [
            engine.hook_add(unicorn.UC_HOOK_BLOCK, self._watcher(moment), begin=address, end=address)
            for moment, addresses in self.watched.items()
            for address in addresses
        ]
        self.board.cpu.forget_code()
        try:
            yield
        finally:
            for handle in handles:
                engine.hook_del(handle)
            self.board.cpu.forget_code()

    def _watcher(self, moment: Moment) -> Callable[[Any, int, int, Any], None]:
        cpu = self.board.cpu

        def entered(_engine: Any, address: int, _size: int, _user: Any) -> None:
            """The board's own hook came first; when it stopped the CPU before this block, the block was not entered."""
            if cpu.block == address:
                self.stopwatch.passed(moment, cpu.cycles)

        return entered

    def _why(self, stop: Stop) -> str:
        waited = f"cycle {stop.cycles:,}, {len(self.stopwatch.finished):,} interrupts served before"
        if stop.reason in (StopReason.UNTIL, StopReason.CYCLES):
            state = "was raised and is not served" if self.stopwatch.is_running else "was not raised"
            return f"line {self.line} {state} ({waited})"
        return f"the board stopped: {stop.reason}: {stop.message} ({waited})"
