"""Runs a program on the board and measures what it does to memory, and what memory does to it."""

from dataclasses import dataclass, field
from typing import Final

from hardtalk.bench import Bench
from hardtalk.bench.errors import BenchError
from hardtalk.board import Event, Mark
from hardtalk.board.watch import Watch
from hardtalk.memory.code import code_map
from hardtalk.memory.fragmentation import Usage, usage
from hardtalk.memory.machine import Machine, NotReadable
from hardtalk.memory.programs import programs
from hardtalk.memory.stretches import Meter
from hardtalk.tasks.side_by_side import CutShort

START_MARK, STOP_MARK = 1, 2
MOST_SAMPLES: Final = 64
PATIENCE_CYCLES: Final = 100_000_000_000
COUNTERS: Final = ("bytesAllocated", "unitsDone", "cyclesCompleted")
"""VM variables read at both marks; those that the firmware lacks are left out."""


def expression_for(program: str) -> str:
    """What to evaluate for a program's name, or for an expression."""
    if program in programs():
        return f"MemoryWorkload run: #{program}"
    return f"MemoryWorkload measure: [{program}]"


@dataclass
class MemoryRun:
    """One program between its two marks: what the meter saw, counters at both, usage now and then. It is not whole when
    Control-C came, which then stands for its second mark."""

    bench: Bench
    program: str
    with_live: bool = False
    is_whole: bool = True
    answer: str = ""
    usages: list[Usage] = field(default_factory=list)
    counters: dict[int, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.meter = Meter(code_map(self.bench.board))
        self._marks: dict[int, int] = {}
        self._stride = 1
        self._slices = 0

    def measure(self) -> None:
        """BenchError when the program fails on the board or never ends; CutShort with this run, as far as it is, when
        Control-C comes."""
        board = self.bench.board
        board.trace.listen(self._hear)
        try:
            with Watch(board, self.meter.code.addresses) as watch:
                self.bench.console.after_slice = lambda: self._take(watch)
                try:
                    self.answer = self.bench.console.evaluate(expression_for(self.program), PATIENCE_CYCLES)
                except KeyboardInterrupt:
                    if START_MARK in self._marks:
                        self._mark(STOP_MARK, board.clock.cycles)
                        self._take(watch)
                    raise
                self._take(watch)
        except KeyboardInterrupt:
            self.is_whole = False
            raise CutShort([self] if START_MARK in self._marks else ()) from None
        finally:
            self.bench.console.after_slice = lambda: None
            board.trace.unlisten(self._hear)
        if STOP_MARK not in self._marks:
            raise BenchError(f"{self.program} made no marks: the board has no probe block")

    def _hear(self, event: Event) -> None:
        if isinstance(event, Mark):
            self._mark(event.value, event.cycle)

    def _mark(self, mark: int, cycle: int) -> None:
        if mark in self._marks:
            return
        self._marks[mark] = cycle
        board = self.bench.board
        known = {symbol.name: symbol.address for symbol in board.firmware.symbols}
        self.counters[mark] = {name: board.ram.word(known[name]) for name in COUNTERS if name in known}

    def _take(self, watch: Watch) -> None:
        addresses, cycles = watch.take()
        start, stop = self._marks.get(START_MARK), self._marks.get(STOP_MARK)
        if start is None:
            return
        inside = cycles >= start
        if stop is not None:
            inside &= cycles <= stop
        self.meter.add(addresses[inside], cycles[inside])
        if stop is None:
            self._sample()

    def _sample(self) -> None:
        self._slices += 1
        if self._slices % self._stride:
            return
        try:
            found = usage(Machine.of_board(self.bench.board), self.bench.board.clock.cycles, self.with_live)
        except NotReadable:
            return
        if found is None:
            return
        self.usages.append(found)
        if len(self.usages) > MOST_SAMPLES:
            self.usages = self.usages[1::2]
            self._stride *= 2

    def counted(self, name: str) -> int:
        """How far a counter of the VM went between the marks (they count modulo 2^32)."""
        return (self.counters[STOP_MARK][name] - self.counters[START_MARK][name]) % (1 << 32)

    @property
    def complaint(self) -> str:
        """What is wrong with the answer; empty when it is right, or nobody knows what is."""
        known = programs().get(self.program)
        if known is None or not self.is_whole or self.answer == str(known.answer):
            return ""
        return f"{self.program} answered {self.answer} instead of {known.answer}"

    @property
    def cycles(self) -> int:
        """From mark to mark."""
        return self._marks[STOP_MARK] - self._marks[START_MARK]

    @property
    def busy_cycles(self) -> int:
        return self.cycles - self.meter.asleep_cycles
