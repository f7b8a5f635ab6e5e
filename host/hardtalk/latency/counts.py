"""What became of the interrupts of a run: the firmware's own counters, read from outside, beside the board's.

Nothing may be dropped in silence, so whatever is not an ordinary delivery has a counter (docs/interrupts.md), and a run
in which one of them moved is shown with it.
"""

from dataclasses import dataclass, fields

from hardtalk.bench import Bench
from hardtalk.board import Board
from hardtalk.latency.floods import end_floods
from hardtalk.vm.native import INTERRUPT_LINES, LINE_FIELDS, LINE_RECORD_BYTES
from hardtalk.vm.object_format import WORD_BYTES

LINE_TABLE = "nativeLineTable"
COUNT_IN_LINE = WORD_BYTES * LINE_FIELDS.index("Count")
MODULUS = 1 << 32
DEVICE_STORMS = "LatencyLaboratory storms"


@dataclass(frozen=True)
class Counts:
    """`raised` and `served` are the measured line's, seen by the board; the others are the firmware's, of all lines.

    `delivered`: interrupts taken, by Smalltalk lines and native handlers. `lost`: signals that had no place.
    `stray`: lines without a semaphore. `spurious`: without a line. `storms`: lines masked because they stayed raised.
    """

    raised: int = 0
    served: int = 0
    delivered: int = 0
    lost: int = 0
    stray: int = 0
    spurious: int = 0
    storms: int = 0

    @property
    def are_good(self) -> bool:
        """Whether every interrupt had its line and reached its handler, but for one that is under way."""
        return not (self.lost or self.stray or self.spurious or self.storms) and self.raised - self.served <= 1

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*((mine - theirs) % MODULUS for mine, theirs in zip(self.values, other.values, strict=True)))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(mine + theirs for mine, theirs in zip(self.values, other.values, strict=True)))

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in COUNT_NAMES)

    def __str__(self) -> str:
        return ", ".join(f"{value:,} {name}" for name, value in zip(COUNT_NAMES, self.values, strict=True))


COUNT_NAMES = tuple(field.name for field in fields(Counts))


def counts_of(bench: Bench, line: int) -> Counts:
    """All counters now, with the measured line's, but for the storms of Smalltalk lines: see `storms_of`."""
    board = bench.board
    seen = board.trace.lines.get(line)
    raised, served = (seen.raised, seen.served) if seen is not None else (0, 0)
    return Counts(
        raised,
        served,
        word(board, "interruptCount") + taken_natively(board),
        word(board, "lostSignals"),
        word(board, "strayInterrupts"),
        word(board, "spuriousInterrupts"),
        word(board, "nativeStorms"),
    )


def taken_natively(board: Board) -> int:
    """Interrupts that native handlers took, of all lines."""
    offsets = range(COUNT_IN_LINE, INTERRUPT_LINES * LINE_RECORD_BYTES, LINE_RECORD_BYTES)
    return sum(word(board, LINE_TABLE, offset) for offset in offsets)


def storms_of(bench: Bench) -> Counts:
    """The storms of Smalltalk lines since the drivers started. Ends the floods, and asks over the serial line."""
    end_floods(bench.board)
    return Counts(storms=int(bench.console.evaluate(DEVICE_STORMS)))


def word(board: Board, symbol: str, offset: int = 0) -> int:
    return board.ram.word(board.firmware.address_of(symbol) + offset)
