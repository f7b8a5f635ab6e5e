"""Lets a board work for a long time, disturbs it at random cycles, and audits its heap again and again.

The board runs SoakWorkload. From outside come bytes on UART1, each at a random cycle of a seeded generator; the board
sends them back, and what comes back is compared. The same seed gives the same run, to the cycle.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hardtalk.board import Board, StopReason
from hardtalk.memory.audit import audit
from hardtalk.memory.fragmentation import Usage, usage
from hardtalk.memory.machine import Machine, NotReadable
from hardtalk.memory.safepoints import settle
from hardtalk.soak.progress import Progress

PORT: Final = 1
SHORTEST_GAP_CYCLES, LONGEST_GAP_CYCLES = 20_000, 400_000
LONGEST_DELAY_BYTES: Final = 512
"""As many bytes may be on their way while memory is short and a whole collection comes first; more are lost."""
SPEAKING_CYCLES: Final = 20_000_000
"""So long the board may go on with what it was saying."""
MOST_UNITS_OWED: Final = 1 << 20
"""Far above what the largest object of the workload costs: with more, no program runs before the collection's end."""


@dataclass
class Soak:
    """One board's run. `heard` answers what its console has said that it should not, `names` are the programs in the
    board's order; `violation` is empty as long as nothing was wrong, then names cycle and fault."""

    board: Board
    seed: int
    heard: Callable[[], str]
    names: Sequence[str] = ()
    audits: int = 0
    objects_audited: int = 0
    violation: str = ""
    usages: list[Usage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._awaited = bytearray()
        self.bytes_returned = 0
        self._collections_before = self._variable("cyclesCompleted")
        self._began = self.board.clock.cycles
        self._interrupts_before = self._interrupts()
        self.progress = Progress(self.names, self._began)

    @property
    def cycles(self) -> int:
        return self.board.clock.cycles - self._began

    @property
    def collections(self) -> int:
        return (self._variable("cyclesCompleted") - self._collections_before) & 0xFFFFFFFF

    @property
    def interrupts(self) -> int:
        return self._interrupts() - self._interrupts_before

    def _interrupts(self) -> int:
        return sum(line.entered for line in self.board.trace.lines.values())

    def run(self, cycles: int, audit_every: int, progress: Callable[["Soak"], None] = lambda _: None) -> None:
        """So many cycles, an audit at least every `audit_every`; ends at the first violation."""
        self.board.trace.is_kept = False
        self.board.trace.listen(self.progress.hear)
        self._schedule_byte()
        self.check()
        while self.cycles < cycles and not self.violation:
            self._run_to(min(self.board.clock.cycles + audit_every, self._began + cycles))
            if not self.violation:
                self.check()
            progress(self)
        self.board.trace.unlisten(self.progress.hear)

    def check(self) -> None:
        """Bring the board to a safepoint and look at everything."""
        try:
            settle(self.board)
            report = audit(self.board)
            found = usage(Machine.of_board(self.board), self.board.clock.cycles, with_live=True)
        except NotReadable as error:
            self._fail(str(error))
            return
        self.audits += 1
        self.objects_audited += report.objects
        if found is not None:
            self.usages.append(found)
        if not report.is_sound:
            self._fail(report.text())
            return
        self._compare_bytes()
        if text := self.heard():
            self.board.run(SPEAKING_CYCLES)
            self._fail(f"the console says:\n{text}{self.heard()}")
        if self.names and (text := self.progress.complaint(self.board.clock.cycles)):
            self._fail(text)

    def _run_to(self, end: int) -> None:
        while self.board.clock.cycles < end:
            stop = self.board.run(end - self.board.clock.cycles)
            if stop.reason is not StopReason.CYCLES:
                self._fail(f"the board stopped: {stop.reason} {stop.message}\n{self.board.fault_report()}")
                return

    def _schedule_byte(self) -> None:
        self.board.clock.after(self._random.randint(SHORTEST_GAP_CYCLES, LONGEST_GAP_CYCLES), self._send_byte)

    def _send_byte(self) -> None:
        """The pacing is looked at here, at random cycles: at a safepoint what was owed is paid."""
        owed = self._variable("unitsOwed")
        if MOST_UNITS_OWED < owed < 1 << 31:
            self._fail(f"the program owes the collector {owed:,} units of work")
        byte = self._random.randrange(256)
        self._awaited.append(byte)
        self.board.uart(PORT).send(bytes([byte]))
        self._schedule_byte()

    def _compare_bytes(self) -> None:
        returned = self.board.uart(PORT).take()
        awaited, self._awaited = self._awaited[: len(returned)], self._awaited[len(returned) :]
        self.bytes_returned += len(returned)
        if returned != awaited:
            self._fail("UART1 sent back other bytes than it was sent")
        elif len(self._awaited) > LONGEST_DELAY_BYTES:
            self._fail(f"UART1 owes {len(self._awaited):,} of the bytes it was sent")

    def _fail(self, text: str) -> None:
        self.violation = self.violation or f"cycle {self.board.clock.cycles:,}: {text}"

    def _variable(self, name: str) -> int:
        return self.board.ram.word(self.board.firmware.address_of(name))


def start_expression(seed: int, answers: Mapping[str, int]) -> str:
    """What starts the workload on the board: `answers` has each program's name and what it must answer."""
    table = " ".join(f"{name} {answer}" for name, answer in answers.items())
    return f"SoakWorkload startWithSeed: {seed} programs: #({table}). 0"
