"""Random calls of every primitive, and random stores into what the virtual machine follows, on a board that is audited.

The board itself chooses and makes the calls (host/firmware/primitives), at full speed; each batch begins in the state
after booting, so a seed and the numbers of calls are all that is needed to have one again. After a batch the heap is
audited and the prompt asked for 3 + 4 and a delay. What goes wrong is made small: the fewest calls before the last that
still fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.console import BoardConsole
from hardtalk.bench.firmware import class_model, study_folder
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.safepoints import settle
from hardtalk.tasks.side_by_side import leaving
from hardtalk.vm.primitives import PRIMITIVES

HEAP_BYTES: Final = 8 << 20
BATCH_CALLS: Final = 1_000
PATIENCE_CYCLES: Final = 3_000_000_000
MOST_ARGUMENTS: Final = 4
"""What primitives that take any number are given at most."""
CHECKS: Final = (("3 + 4", "7"), ("(Delay forMilliseconds: 5) wait. 5", "5"))
"""What the prompt is asked after a batch, and its answers."""
COUNTS: Final = ("succeeded", "failed", "errors", "away")
RECORD_WORDS: Final = 4
SHOWN_CHARACTERS: Final = 600
BAUD: Final = 921_600
"""Traces of errors that nobody handles would else take most of the board's time to be sent."""


class Operation(Enum):
    """What a campaign does; the value is the message of PrimitiveCalls, where that does it."""

    CALLS = "callFrom:to:seed:"
    STORES = "storeFrom:to:seed:"
    MESSAGES = "messageFrom:to:seed:"
    ENTRIES = ""

    @property
    def batch(self) -> int:
        """How many have a seed of their own; each entry has a board of its own besides."""
        return BATCH_CALLS if self in (Operation.CALLS, Operation.STORES) else 100


@dataclass(frozen=True)
class Row:
    """A primitive with a number of arguments, or a way of storing; `counts` in the order of COUNTS."""

    name: str
    counts: tuple[int, ...]

    @property
    def tried(self) -> int:
        return sum(self.counts)

    @property
    def succeeded(self) -> int:
        return self.counts[COUNTS.index("succeeded")]

    @property
    def order(self) -> tuple[int, str]:
        """Primitives by number, then the stores."""
        digits = re.match(r"\d+", self.name)
        return (int(digits[0]) if digits else 1 << 16, self.name)


@dataclass(frozen=True)
class Fault:
    """What went wrong in the calls `first` to `last` of a seed; `call` is the operation of the last one."""

    operation: Operation
    seed: int
    first: int
    last: int
    call: str
    what: str

    def text(self) -> str:
        calls = f"call {self.last}" if self.first == self.last else f"calls {self.first} to {self.last}"
        return f"seed {self.seed}, {calls}: {self.call}\n{self.what}"


@dataclass
class Outcome:
    """The counts of a campaign and the faults, of each batch the first."""

    rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: int = 0

    def count(self, name: str, counts: NDArray[np.int64]) -> None:
        self.rows[name] = self.rows.get(name, np.zeros(len(COUNTS), np.int64)) + counts

    def add(self, other: Outcome) -> None:
        for name, counts in other.rows.items():
            self.count(name, counts)
        self.faults += other.faults
        self.calls += other.calls

    def table(self) -> list[Row]:
        return [Row(name, tuple(int(each) for each in counts)) for name, counts in self.rows.items()]


USERS: Final = {
    "a register's field of one bit": "RegisterView",
    "a peripheral's register without fields": "Registers",
    "a peripheral's register": "Registers",
}
"""Whose receivers those are that the table of primitives does not name as Class>>selector."""


@dataclass(frozen=True)
class CallRow:
    """A row of the table of primitives with a number of arguments, and the class whose methods have it."""

    first: int
    last: int
    arity: int
    user: str
    is_class_side: bool

    @property
    def name(self) -> str:
        """60/1 of a primitive with one argument, 700-763/0 of a range."""
        return f"{self.first}/{self.arity}" if self.first == self.last else f"{self.first}-{self.last}/{self.arity}"

    @property
    def literal(self) -> str:
        """As elements of a literal Array."""
        return f"{self.first} {self.last} {self.arity} #{self.user} {str(self.is_class_side).lower()}"


def rows_of_table() -> list[CallRow]:
    """All rows; each up to MOST_ARGUMENTS where any number will do."""
    return [
        CallRow(row.numbers[0], row.numbers[-1], arity, *user_of(row.used_by))
        for row in PRIMITIVES
        for arity in (range(MOST_ARGUMENTS + 1) if row.arity is None else (row.arity,))
    ]


def user_of(used_by: str) -> tuple[str, bool]:
    """The class in Class>>selector, and whether its class side is meant; Object for what anybody may use."""
    owner, separator, _ = used_by.partition(">>")
    if not separator:
        return USERS.get(used_by, "Object"), False
    return owner.removesuffix(" class"), owner.endswith(" class")


class Campaign:
    """A board on which calls are made."""

    rows: ClassVar[Sequence[CallRow]] = rows_of_table()
    """Primitives for which the board makes methods."""

    def __init__(self, model: str) -> None:
        self.bench: Bench = boot(BootOptions((study_folder("primitives"),), model=model, heap_bytes=HEAP_BYTES))
        console = self.bench.console
        console.set_baud(BAUD)
        rows = " ".join(row.literal for row in self.rows)
        self.record = int(console.evaluate(f"PrimitiveCalls rows: #({rows})"))
        stores = console.evaluate("' ' join: PrimitiveStores selectors").strip("'").split()
        self.names = [row.name for row in self.rows] + stores
        """Of the operations, in the order of the record."""
        self.model = class_model(self.bench.options)
        self.start = self.bench.board.states.save()

    def run(self, operation: Operation, count: int, seed: int, done: Callable[[int], None]) -> Outcome:
        """So many calls, in batches with a seed each, the first of which is `seed`. Raises CutShort, with the calls
        before, when Control-C comes: of the last batch nobody has looked what they left."""
        outcome = Outcome()
        with leaving(outcome, lambda: outcome.calls > 0):
            self._run(operation, count, seed, outcome, done)
        return outcome

    def _run(self, operation: Operation, count: int, seed: int, outcome: Outcome, done: Callable[[int], None]) -> None:
        for batch, first in enumerate(range(0, count, operation.batch)):
            calls = min(operation.batch, count - first)
            try:
                what, counts = self.batch(operation, seed + batch, 1, calls)
            except KeyboardInterrupt:
                self._add(outcome, self.counts(), min(self.call_reached(), calls))
                raise
            self._add(outcome, counts, calls)
            if what:
                outcome.faults.append(self.smallest(operation, seed + batch, what, calls))
            done(calls)

    def _add(self, outcome: Outcome, counts: NDArray[np.int64], calls: int) -> None:
        for name, row in zip(self.names, counts, strict=True):
            if row.any():
                outcome.count(name, row)
        outcome.calls += calls

    def batch(self, operation: Operation, seed: int, first: int, last: int) -> tuple[str, NDArray[np.int64]]:
        """Make these calls from the start; answer what is wrong then, and the counts."""
        what = self._wrong_after(operation, seed, first, last)
        return what, self.counts()

    def counts(self) -> NDArray[np.int64]:
        """What became of the calls since the start, by name."""
        size = 4 * len(COUNTS) * len(self.names)
        words = np.frombuffer(self.bench.board.ram.read(self.record + 4 * RECORD_WORDS, size), np.uint32)
        return words.reshape(-1, len(COUNTS)).astype(np.int64)

    def _wrong_after(self, operation: Operation, seed: int, first: int, last: int) -> str:
        board = self.bench.board
        board.restore(self.start)
        board.uart(0).take()
        console = BoardConsole(board, self.model)
        try:
            one, two, three = operation.value.split(":")[:3]
            console.evaluate(f"PrimitiveCalls current {one}: {first} {two}: {last} {three}: {seed}. 0", PATIENCE_CYCLES)
            for expression, expected in CHECKS:
                answer = console.evaluate(expression, PATIENCE_CYCLES)
                if answer != expected:
                    return f"{expression} is answered {answer}"[:SHOWN_CHARACTERS]
            settle(board)
            report = audit(board)
        except (BenchError, NotReadable) as error:
            return str(error)[:SHOWN_CHARACTERS]
        return "" if report.is_sound else report.text()

    def call_reached(self) -> int:
        """The number of the call that was made last."""
        return int.from_bytes(self.bench.board.ram.read(self.record, 4), "little")

    def smallest(self, operation: Operation, seed: int, what: str, calls: int) -> Fault:
        """The shortest stretch of calls found that goes wrong."""
        self._wrong_after(operation, seed, 1, calls)
        last = self.call_reached()
        low, high = 1, last
        while low < high:
            middle = (low + high) // 2
            if wrong := self._wrong_after(operation, seed, 1, middle):
                high, what = middle, wrong
            else:
                low = middle + 1
        last = high
        for first in backwards(last):
            if wrong := self._wrong_after(operation, seed, first, last):
                return Fault(operation, seed, first, last, self.last_operation(operation, seed), wrong)
        return Fault(operation, seed, 1, last, self.last_operation(operation, seed), what)

    def last_operation(self, operation: Operation, seed: int) -> str:
        """What the call that was made last is."""
        place = int.from_bytes(self.bench.board.ram.read(self.record + 4, 4), "little")
        return self.names[place - 1] if 0 < place <= len(self.names) else "no operation yet"


def backwards(last: int) -> Iterator[int]:
    """First calls to try, ever further before the last."""
    step = 1
    first = last
    while first > 1:
        yield first
        first = max(1, last - step)
        step *= 2
