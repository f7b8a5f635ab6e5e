"""A collection interrupted at each of its instructions.

From the beginning of a collection the board goes on by one instruction at a time. Before each, the line is raised, the
return and the state at the next safepoint are looked at (see `hardtalk.injection.trial`), and the board is put back. A
state that was not met before is followed: through the service, where the heap is audited as the handler finds it, and
for one in `complete_every` to the collection's end and another audit there.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from hardtalk.board import Board, Snapshot
from hardtalk.board.journal import Journal
from hardtalk.injection.beginning import COLLECTION_CYCLES
from hardtalk.injection.trial import Expectation, Interrupted, Rule, Trial, Violated
from hardtalk.memory.rings import PHASE_VARIABLE
from hardtalk.tasks.side_by_side import leaving
from hardtalk.vm.codes import PHASE_NAMES

LINE_BIT = 1 << 1
SLICE_CYCLES = 10_000


@dataclass
class Injection:
    """What was tried. `points` are instructions; `phases` those of the collector in which they were interrupted.

    `outcomes` are the different states in which the VM began to attend to the line, each of which was followed and
    audited; `completed` those that were followed to the collection's end. `audited` is the collector's phase in which
    the handler found the heap.
    """

    points: int = 0
    outcomes: int = 0
    completed: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    audited: Counter[str] = field(default_factory=Counter)
    violation: str = ""

    def add(self, other: "Injection") -> None:
        self.points += other.points
        self.outcomes += other.outcomes
        self.completed += other.completed
        self.phases.update(other.phases)
        self.audited.update(other.audited)
        self.violation = self.violation or other.violation


class CollectionSweep:
    """Interrupts a board that runs InjectionWorkload. `counts` is the address of the workload's counts."""

    def __init__(self, board: Board, start: Snapshot, counts: int, complete_every: int = 16) -> None:
        self.board = board
        self.start = start
        self.complete_every = complete_every
        self._phase_offset = board.firmware.address_of(PHASE_VARIABLE) - board.ram.base
        address_of = board.firmware.address_of
        pending, count = address_of("pendingLines"), address_of("interruptCount")
        rule = Rule(may_change=((pending, pending + 4),), counts={count: 1}, requests_vm=True)
        self.expectation = Expectation(LINE_BIT, {Interrupted.VM: rule}, {counts: 1, count: 1})
        self._outcomes: set[Hashable] = set()

    def phase(self) -> str:
        return PHASE_NAMES[int(self.board.ram.bytes[self._phase_offset])]

    def run(self, first: int, count: int, progress: Callable[[Injection], None] = lambda _: None) -> Injection:
        """Interrupt at `count` instructions, the first one `first` after the start; ends at the first violation. Raises
        CutShort, with what was tried before, when Control-C comes."""
        result = Injection()
        with leaving(result, lambda: result.points > 0):
            self._run(first, count, result, progress)
        return result

    def _run(self, first: int, count: int, result: Injection, progress: Callable[[Injection], None]) -> None:
        board = self.board
        board.trace.is_kept = False
        board.restore(self.start)
        if first:
            board.step(first)
        with Journal(board) as journal:
            trial = Trial(board, journal, self.expectation)
            for number in range(first, first + count):
                result.add(self._point(trial, journal, number))
                if result.violation:
                    break
                board.step()
                journal.forget()
                progress(result)
        board.restore(self.start)

    def _point(self, trial: Trial, journal: Journal, number: int) -> Injection:
        phase, pc = self.phase(), self.board.cpu.pc
        result = Injection(points=1, phases=Counter([phase]))
        here = journal.mark()
        counts = trial.words(self.expectation.at_end)
        try:
            trial.interrupt()
            key = trial.key_at_safepoint()
            if key not in self._outcomes:
                self._outcomes.add(key)
                result.outcomes = 1
                trial.run_until_lowered()
                trial.audit()
                result.audited[self.phase()] += 1
                trial.run_until_over(counts)
                trial.look_again(counts)
                if len(self._outcomes) % self.complete_every == 1 or self.complete_every == 1:
                    result.completed = 1
                    self._complete(trial, counts)
        except Violated as violated:
            place = self.board.firmware.describe(pc)
            where = f"instruction {number:,} of the collection, {place}, phase {phase}"
            result.violation = f"interrupted at {where}: {violated}"
        journal.back(here)
        return result

    def _complete(self, trial: Trial, counts: dict[int, int]) -> None:
        """To the end of the collection; what was lost shows there, if not before."""
        end = self.board.clock.cycles + COLLECTION_CYCLES
        while self.phase() != "idle":
            trial.run_on(SLICE_CYCLES)
            if self.board.clock.cycles > end:
                raise Violated(f"the collection does not end within {COLLECTION_CYCLES:,} cycles")
        trial.audit()
        trial.compare_counts(counts, self.expectation.at_end)
