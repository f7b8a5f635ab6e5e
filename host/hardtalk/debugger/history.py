"""A board that can be stopped at any instruction, and run forwards and backwards.

What happens on a board is determined, so any moment is a snapshot and a number of instructions to run from there. The
board runs whole blocks only, as it does without a debugger. A stop inside a block is a view: the block is begun again
from its start before the board goes on, so looking at a run changes nothing in it.

Who changes the board from outside (memory, registers, a character on the serial line) calls `changed`: what was to come
is forgotten then. Going forwards from the past repeats what came from outside until the latest moment is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hardtalk.board import Board, Snapshot, Stop, StopReason
from hardtalk.board.lookout import Event, Hit, Lookout

KEPT_INSTRUCTIONS = 4_000_000
KEPT_CYCLES = 200_000_000
"""A snapshot is kept after so much has passed, of one or of the other."""
MOST_KEPT = 120


@dataclass(frozen=True, order=True)
class Moment:
    instructions: int
    cycles: int


@dataclass(frozen=True)
class Kept:
    """A snapshot to go on from. One that `is_changed` was taken after a change from outside: it does not follow from
    those before it."""

    moment: Moment
    snapshot: Snapshot
    is_changed: bool


class History:
    """The past of one board, from when it was made until it is closed, and its present. The board's trace keeps no
    events meanwhile."""

    def __init__(self, board: Board, lookout: Lookout) -> None:
        self.board = board
        self.lookout = lookout
        self.output = bytearray()
        """What came out of the serial line and was not taken yet, each character once."""
        self._keeps_events, board.trace.is_kept = board.trace.is_kept, False
        self._start: Snapshot | None = None
        self._told = 0
        self.is_wanted: Callable[[Hit], bool] = lambda _: True
        """Whether a hit ends a run. Asked when its block is done."""
        self._kept = [Kept(self.now, board.snapshot(), True)]
        self._latest = self.now

    def close(self) -> None:
        """The board is its owner's again, as it is now."""
        self.lookout.watch(())
        self.board.trace.is_kept = self._keeps_events

    @property
    def now(self) -> Moment:
        return Moment(self.board.instructions, self.board.clock.cycles)

    @property
    def beginning(self) -> Moment:
        return self._kept[0].moment

    @property
    def is_at_latest(self) -> bool:
        return self.now >= self._latest

    def take_output(self) -> bytes:
        taken = bytes(self.output)
        self.output.clear()
        return taken

    def changed(self) -> None:
        """The board is not as it was: the present follows from nothing, and there is no future yet."""
        now = self.now
        present = Kept(now, self.board.snapshot(self._kept[-1].snapshot), True)
        self._kept = [*(each for each in self._kept if each.moment < now), present]
        self._start, self._told, self._latest = None, 0, now

    # Forwards

    def step(self, count: int = 1) -> Stop:
        """Execute so many instructions."""
        return self._go_on(self.now.instructions + count)

    def run(self, cycles: int) -> Hit | Stop:
        """Run for so long, less where something is hit or the board stops. One that is hit at once counts."""
        first, is_known = self.now.instructions, not self.is_at_latest
        told = self._begin_block_again()
        end = self.now.cycles + cycles
        while True:
            known = self._next_change()
            limit = min([end, *([known.moment.cycles] if known else []), *([self._latest.cycles] if is_known else [])])
            self.lookout.take()
            stop = self.board.run(max(limit - self.now.cycles, 1), self.lookout.has_hits)
            self._hear(told, is_known)
            hits = [hit for hit in self.lookout.take() if hit.instructions >= first]
            hits = [hit for hit in hits if known is None or hit.instructions < known.moment.instructions]
            hits = [hit for hit in hits if self.is_wanted(hit)]
            self._keep()
            if hits:
                self.go_to_hit(hits[0])
                return hits[0]
            if known is not None and self.now >= known.moment:
                self._restore(known)
            elif stop.reason not in (StopReason.CYCLES, StopReason.UNTIL):
                return stop
            if self.now.cycles >= end:
                return stop
            told, is_known = 0, not self.is_at_latest

    def sleep(self, cycles: int) -> None:
        """Let time pass while the CPU waits for an interrupt, at most so long."""
        known, is_known = self._next_change(), not self.is_at_latest
        limit = cycles if known is None else min(cycles, known.moment.cycles - self.now.cycles)
        self.board.run(max(limit, 1), lambda: not self.board.is_asleep)
        self._hear(0, is_known)
        if known is not None and self.now >= known.moment:
            self._restore(known)
        self._keep()

    # Backwards

    def back(self, count: int = 1) -> bool:
        """Undo so many instructions; False when there were not so many."""
        wanted = self.now.instructions - count
        if wanted < self.beginning.instructions:
            self._restore(self._kept[0])
            return False
        self.go_to(wanted)
        return True

    def run_back(self) -> Hit | None:
        """Go back to the latest hit before the present; None, and the beginning, when there is none.

        Of an access, to where it has just been done: to undo one instruction more undoes it.
        """
        end = first_end = self.now.instructions
        self.lookout.ends_runs = False
        try:
            for kept in reversed(self._kept):
                if kept.moment.instructions >= first_end:
                    continue
                hit = self._last_hit(kept, end, first_end)
                if hit is not None:
                    self.go_to_hit(hit, is_back=True)
                    return hit
                end = kept.moment.instructions
        finally:
            self.lookout.ends_runs = True
        self._restore(self._kept[0])
        return None

    def _last_hit(self, kept: Kept, end: int, first_end: int) -> Hit | None:
        """The last one from a snapshot on to `end`."""
        self._restore(kept)
        self.lookout.take()
        self._run_blocks(end)
        while self.now.instructions < end:
            self.board.run(1)
        self.board.uart(0).take()
        hits = [hit for hit in self.lookout.take() if hit.instructions < end and hit.instructions < first_end]
        return hits[-1] if hits else None

    # To a moment

    def go_to(self, instructions: int) -> None:
        """Where so many instructions have been executed, not before the beginning."""
        self._restore([each for each in self._kept if each.moment.instructions <= instructions][-1])
        self._go_on(instructions)
        self.board.uart(0).take()

    def go_to_hit(self, hit: Hit, is_back: bool = False) -> None:
        is_done = is_back and hit.point.event not in (Event.EXECUTION, Event.BYTECODE)
        self.go_to(hit.instructions + is_done)
        if self.board.cpu.pc != hit.pc and not is_done:
            self.board.run_to(hit.pc, max(hit.cycles - self.now.cycles, 1))
            self.board.uart(0).take()

    def _restore(self, kept: Kept) -> None:
        self.board.restore(kept.snapshot)
        self._start, self._told = None, 0

    def _begin_block_again(self) -> int:
        """Give up the view of the inside of a block; answers how many characters it has sent already."""
        told = self._told
        if self._start is not None:
            self.board.restore(self._start)
        self._start, self._told = None, 0
        return told

    def _go_on(self, instructions: int) -> Stop:
        """Run until so many have been executed, over changes from outside."""
        told = self._begin_block_again()
        while (known := self._next_change()) is not None and known.moment.instructions <= instructions:
            self._restore(known)
            told = 0
        stop = self._run_blocks(instructions)
        self._hear(told)
        if self.now.instructions < instructions and stop.reason is StopReason.INSTRUCTIONS:
            start = self.board.snapshot(self._kept[-1].snapshot)
            stop = self.board.step(instructions - self.now.instructions)
            self._start = start
            self._told = self._hear(told)
        return stop

    def _run_blocks(self, instructions: int) -> Stop:
        """Devices that fail have failed before."""
        while (stop := self.board.run_blocks(instructions)).reason is StopReason.DEVICE_FAILED:
            pass
        return stop

    def _next_change(self) -> Kept | None:
        return next((each for each in self._kept if each.is_changed and each.moment > self.now), None)

    def _hear(self, known: int, is_known: bool | None = None) -> int:
        """Take what the board has sent, of which so many characters are known; answers how many there were."""
        sent = self.board.uart(0).take()
        was_there = self.now <= self._latest if is_known is None else is_known
        if not was_there:
            self.output += sent[known:]
        self._latest = max(self._latest, self.now)
        return len(sent)

    def _keep(self) -> None:
        """Keep a snapshot where the last one is too far away; of very many, fewer of the old ones."""
        now, last = self.now, self._kept[-1].moment
        if now.instructions < last.instructions + KEPT_INSTRUCTIONS and now.cycles < last.cycles + KEPT_CYCLES:
            return
        self._kept.append(Kept(now, self.board.snapshot(self._kept[-1].snapshot), False))
        if len(self._kept) > MOST_KEPT:
            del self._kept[self._least_wanted()]

    def _least_wanted(self) -> int:
        """The one whose neighbours are closest together for their age."""
        now = self._kept[-1].moment.instructions
        gaps = [
            ((after.moment.instructions - before.moment.instructions) / (now - before.moment.instructions + 1), index)
            for index, (before, each, after) in enumerate(
                zip(self._kept, self._kept[1:], self._kept[2:], strict=False), 1
            )
            if not each.is_changed
        ]
        return min(gaps)[1] if gaps else 1
