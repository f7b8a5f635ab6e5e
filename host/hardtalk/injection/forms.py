"""The forms of interrupts, each at every instruction of a window: who is interrupted, by which kind of handler.

A window is a piece of a run: a turn of a Smalltalk program, a native process that uses every register, or the whole
handling of a first interrupt, from its vector to the end, which a second one of higher priority interrupts. Whatever is
interrupted must be as it was when it goes on; the states in which the VM attends to the line, and what the service by
the VM changes behind a native process's back, are told apart, and one of each is followed to the end.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hardtalk.board import Board, Snapshot, StopReason
from hardtalk.board.journal import Digest, Journal
from hardtalk.board.mask_watch import IRQ_VECTOR
from hardtalk.injection.trial import Expectation, Interrupted, Rule, Trial, Violated
from hardtalk.latency.counts import COUNT_IN_LINE
from hardtalk.tasks.side_by_side import leaving
from hardtalk.vm.native import (
    LINE_RECORD_BYTES,
    PROCESS_FIELDS,
    PROCESS_SAVED_WORDS,
    SLOT_COUNT,
    SLOT_RECORD_BYTES,
)
from hardtalk.vm.object_format import WORD_BYTES

SLOT_TABLE_BYTES: Final = SLOT_RECORD_BYTES * SLOT_COUNT
SAVED_REGISTERS: Final = tuple(
    (PROCESS_FIELDS[name], PROCESS_FIELDS[name] + WORD_BYTES * words) for name, words in PROCESS_SAVED_WORDS.items()
)
"""Of a native process's record: dead while it runs."""
UNCOUNTED: Final = ("lostSignals", "strayInterrupts", "spuriousInterrupts", "nativeStorms", "misusedWaits")
TURN_CYCLES: Final = 100_000_000
SLICE_CYCLES: Final = 500
FINE_CYCLES: Final = 20
SMALLTALK, NATIVE, SIGNALLING = "Smalltalk", "native", "native that signals"
HANDLERS: Final = (SMALLTALK, NATIVE, SIGNALLING)
PROGRAM, PATTERN = "Smalltalk code", "native code"


@dataclass(frozen=True)
class Window:
    """`over` names what runs; `first` the kind of handler whose work is interrupted, empty for what runs itself."""

    over: str
    first: str = ""

    @property
    def name(self) -> str:
        return f"a {self.first} handler over {self.over}" if self.first else self.over


WINDOWS: Final = (
    Window(PROGRAM),
    Window(PATTERN),
    Window(PROGRAM, SMALLTALK),
    Window(PROGRAM, NATIVE),
    Window(PROGRAM, SIGNALLING),
    Window(PATTERN, SMALLTALK),
    Window(PATTERN, NATIVE),
    Window(PATTERN, SIGNALLING),
)


@dataclass(frozen=True)
class Place:
    """Where the firmware keeps what the host looks at: `counts` of InjectionForms; of each line with a native handler
    the word in which that counts and the one for what it computes; native code; the words that a device's interrupt
    counts in when its driver has done its work, and by how much; where devices write meanwhile."""

    counts: int
    counted: Mapping[int, int]
    computed: Mapping[int, int]
    delivered: Mapping[int, int] = field(default_factory=dict)
    code: tuple[int, int] = (0, 0)
    record: int = 0
    buffers: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Line:
    """A line that software raises: how its handler counts. `served` is the word of `Place.counts`; -1 for none."""

    number: int
    handler: str
    served: int = -1

    @property
    def bit(self) -> int:
        return 1 << self.number


FIRST_LINES: Final = {
    NATIVE: Line(2, NATIVE),
    SMALLTALK: Line(3, SMALLTALK, 0),
    SIGNALLING: Line(21, SIGNALLING, 4),
}
SECOND_LINES: Final = {
    NATIVE: Line(18, NATIVE),
    SMALLTALK: Line(22, SMALLTALK, 1),
    SIGNALLING: Line(20, SIGNALLING, 2),
}
TURNS: Final = 3
"""The word of `Place.counts` that counts the program's turns."""


@dataclass
class FormResult:
    """What was tried: `points` instructions; `interrupted`, by what went on afterwards; `along`, those whose line an
    entry under way took along; `outcomes` that were told apart and followed."""

    points: int = 0
    outcomes: int = 0
    along: int = 0
    interrupted: Counter[Interrupted] = field(default_factory=Counter)
    violation: str = ""

    def add(self, other: "FormResult") -> None:
        self.points += other.points
        self.outcomes += other.outcomes
        self.along += other.along
        self.interrupted.update(other.interrupted)
        self.violation = self.violation or other.violation


class FormSweep:
    """Interrupts the window that begins at `start` by a line with a handler of the kind `handler`."""

    def __init__(self, board: Board, place: Place, window: Window, handler: str, start: Snapshot) -> None:
        self.board = board
        self.place = place
        self.window = window
        self.start = start
        self.line = SECOND_LINES[handler]
        self.expectation = Expectation(self.line.bit, self._rules(), self._at_end())
        self._outcomes: set[Hashable] = set()

    def run(self, first: int, count: int, progress: Callable[[FormResult], None] = lambda _: None) -> FormResult:
        """Interrupt at `count` instructions, the first one `first` after the start; ends at the first violation. Raises
        CutShort, with what was tried before, when Control-C comes."""
        result = FormResult()
        with leaving(result, lambda: result.points > 0):
            self._run(first, count, result, progress)
        return result

    def _run(self, first: int, count: int, result: FormResult, progress: Callable[[FormResult], None]) -> None:
        board = self.board
        board.trace.is_kept = False
        board.restore(self.start)
        with Journal(board) as journal:
            trial = Trial(board, journal, self.expectation)
            if self.window.over == PATTERN:
                record = self.place.record
                journal.leave_out((record + start, record + end) for start, end in SAVED_REGISTERS)
            counts = trial.words(self.expectation.at_end)
            if first:
                board.step(first)
            journal.forget()
            for number in range(first, first + count):
                result.add(self._point(trial, journal, counts, number))
                if result.violation:
                    break
                board.step()
                journal.forget()
                progress(result)
        board.restore(self.start)

    def _point(self, trial: Trial, journal: Journal, counts: dict[int, int], number: int) -> FormResult:
        here, pc, result = journal.mark(), self.board.cpu.pc, FormResult(points=1)
        before = journal.digest(), journal.device_key()
        try:
            kind = trial.interrupt()
            if kind is None:
                result.along = 1
            else:
                result.interrupted[kind] += 1
            key = self._outcome(trial, journal, kind, before)
            if key not in self._outcomes:
                self._outcomes.add(key)
                result.outcomes = 1
                journal.back(here)
                self._follow(trial, counts)
        except Violated as violated:
            place = self.board.firmware.describe(pc)
            result.violation = (
                f"{self.window.name} interrupted for a {self.line.handler} handler at instruction {number:,}, "
                f"{place}: {violated}"
            )
        journal.back(here)
        return result

    def _outcome(
        self, trial: Trial, journal: Journal, kind: Interrupted | None, before: tuple[Digest, Hashable]
    ) -> Hashable:
        """What has to be followed once: the change of memory where the interrupted code has gone on and nothing is left
        to do, the state of the machine where the VM is about to attend to the line."""
        is_done = kind is Interrupted.PROCESS or (self.line.handler == NATIVE and kind is not None)
        if is_done:
            change = [(new - old) % (1 << 64) for old, new in zip(before[0], journal.digest(), strict=True)]
            devices = journal.device_key()
            return kind, *change, None if devices == before[1] else devices
        if self.line.handler == NATIVE:
            return ()
        return trial.key_at_safepoint()

    def _follow(self, trial: Trial, counts: dict[int, int]) -> None:
        trial.raise_line()
        if self.line.handler == SMALLTALK:
            trial.run_until_lowered()
            trial.audit()
        trial.run_until_over(counts, FINE_CYCLES if self.line.handler == SIGNALLING else SLICE_CYCLES)
        if self.line.handler == SIGNALLING:
            trial.audit()
        trial.look_again(counts)

    # What may happen

    def _counted(self, line: Line) -> dict[int, int]:
        """What each interrupt of the line counts, by the time everything is over."""
        counted = {}
        if line.served >= 0:
            counted[self.place.counts + WORD_BYTES * line.served] = 1
        if line.handler != SMALLTALK:
            counted |= self._counted_natively(line)
        return counted

    def _counted_natively(self, line: Line) -> dict[int, int]:
        record = self.board.firmware.address_of("nativeLineTable") + LINE_RECORD_BYTES * line.number
        return {self.place.counted[line.number]: 1, record + COUNT_IN_LINE: 1}

    def _at_end(self) -> dict[int, int]:
        counted = {**self._counted(self.line), **self.place.delivered}
        if self.window.first in FIRST_LINES:
            counted |= self._counted(FIRST_LINES[self.window.first])
        return counted | {self.board.firmware.address_of(name): 0 for name in UNCOUNTED}

    def _rules(self) -> dict[Interrupted, Rule]:
        address_of = self.board.firmware.address_of
        kept = (self.place.code,)
        if self.line.handler == SMALLTALK:
            pending, entries = address_of("pendingLines"), address_of("interruptCount")
            in_vm = Rule(((pending, pending + WORD_BYTES), *self.place.buffers), counts={entries: 1}, requests_vm=True)
            in_process = Rule(must_keep=kept, counts={entries: 1, **self._counted(self.line)})
            in_entry = replace(in_vm, requests_vm=False)
            return {Interrupted.VM: in_vm, Interrupted.PROCESS: in_process, Interrupted.HANDLER: in_entry}
        counts = self._counted_natively(self.line)
        result = self.place.computed[self.line.number]
        own = ((result, result + WORD_BYTES), *self.place.buffers)
        if self.line.handler == NATIVE:
            return dict.fromkeys(Interrupted, Rule(own, counts=counts))
        slots = address_of("nativeSlotTable")
        words = [address_of(name) for name in ("nativeSignals", "rescheduleWanted", "vmPriority", "nativeRequests")]
        signalled = (*own, (slots, slots + SLOT_TABLE_BYTES), *((word, word + WORD_BYTES) for word in words))
        return {
            Interrupted.VM: Rule(signalled, counts=counts, requests_vm=True),
            Interrupted.HANDLER: Rule(signalled, counts=counts),
            Interrupted.PROCESS: Rule(must_keep=kept, counts=self._counted(self.line)),
        }


def turn_of_program(board: Board, place: Place) -> tuple[Snapshot, int]:
    """The beginning of a turn of the program and its length in instructions."""
    _run_a_turn(board, place)
    start, before = board.snapshot(), board.instructions
    _run_a_turn(board, place)
    return start, board.instructions - before


def handling_of(board: Board, place: Place, first: str, start: Snapshot) -> tuple[Snapshot, int]:
    """The handling of a first interrupt that comes at `start`: from its vector to a while after everything is over."""
    line = FIRST_LINES[first]
    board.restore(start)
    served = place.counts + WORD_BYTES * line.served if line.served >= 0 else place.counted[line.number]
    before = board.ram.word(served)
    board.vic.write("SOFTINT", line.bit)
    stop = board.run_to(IRQ_VECTOR, TURN_CYCLES)
    if stop.reason is not StopReason.REACHED:
        raise Violated(f"line {line.number} is not taken: {stop.reason} {stop.message}")
    begun, instructions = board.snapshot(), board.instructions
    run_while(board, lambda: board.ram.word(served) == before or not board.vic.enabled & line.bit)
    board.run(SLICE_CYCLES)
    return begun, board.instructions - instructions


def run_while(board: Board, is_going_on: Callable[[], bool]) -> None:
    end = board.clock.cycles + TURN_CYCLES
    while is_going_on():
        stop = board.run(SLICE_CYCLES)
        if stop.reason is not StopReason.CYCLES or board.clock.cycles > end:
            raise Violated(f"the program does not go on: {stop.reason} {stop.message}")


def _run_a_turn(board: Board, place: Place) -> None:
    counter = place.counts + WORD_BYTES * TURNS
    turns = board.ram.word(counter)
    run_while(board, lambda: board.ram.word(counter) == turns)
