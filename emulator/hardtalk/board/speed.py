"""How fast the emulation is: the board with its clock beside the bare engine, on the same code from the same state.

The workload ends where the firmware writes PROBE.MARK: that stops both without a counter, which would slow the bare
engine down. It needs no interrupt on its way there, since the bare engine takes none.

Other programs on the host disturb such a measurement. So both ways are timed by turns, each by the processor time of
its own thread, and the fastest turn of each counts: a disturbance can only make a turn slower.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hardtalk.board.bare import BareEngine
from hardtalk.board.board import Board
from hardtalk.board.errors import BoardError
from hardtalk.board.events import Event, Mark
from hardtalk.board.stop import StopReason
from hardtalk.chip import Chip

ROUNDS = 15


class Speed(NamedTuple):
    """The workload's length, and the processor time of its fastest turn with the bare engine and on the board."""

    instructions: int
    plain_ns: int
    board_ns: int

    @property
    def plain(self) -> float:
        """Guest instructions in a second of the host's time."""
        return self.instructions * 1e9 / self.plain_ns

    @property
    def modelled(self) -> float:
        return self.instructions * 1e9 / self.board_ns

    @property
    def ratio(self) -> float:
        """The board's speed as a share of the bare engine's."""
        return self.plain_ns / self.board_ns


class MarkCounter:
    """Hears the marks of one board."""

    def __init__(self, board: Board) -> None:
        self.count = 0
        board.trace.listen(self.hear)

    def hear(self, event: Event) -> None:
        if isinstance(event, Mark):
            self.count += 1

    def more_than(self, count: int) -> Callable[[], bool]:
        """For `Board.run`: whether there have been more marks than that."""
        return lambda: self.count > count


def measure(
    elf: bytes,
    chip: Chip | None = None,
    model: str = "arm926",
    prepare: Callable[[Board], None] | None = None,
    rounds: int = ROUNDS,
) -> Speed:
    """Run a firmware from the prepared state to its next mark both ways.

    `prepare` brings a new board to just before the workload (default: reset).
    """
    board = Board(elf, chip, model=model)
    if prepare is not None:
        prepare(board)
    return compare(board, rounds)


def compare(board: Board, rounds: int = ROUNDS) -> Speed:
    """Run a board from where it is to its next mark both ways, `rounds` times by turns; then it is where it was."""
    *_, speed = turns_of(board, rounds)
    return speed


def turns_of(board: Board, rounds: int) -> Iterator[Speed]:
    """The same; answers after each turn what is the fastest so far.

    Both ways run once unmeasured, so that everything is translated.
    """
    marks = MarkCounter(board)
    engine = BareEngine(board)
    start = board.snapshot()
    plain = modelled = 0
    try:
        for measured in range(rounds + 1):
            board.restore(start)
            seen, first = marks.count, board.instructions
            began = time.thread_time_ns()
            stop = board.run(until=marks.more_than(seen))
            elapsed = time.thread_time_ns() - began
            if stop.reason is not StopReason.UNTIL:
                raise BoardError(
                    f"the workload ended ({stop.reason}) without a mark",
                    "write PROBE.MARK at its end; prepare() up to its start",
                )
            instructions = board.instructions - first
            board.restore(start)
            seen = marks.count
            bare = engine.run(marks.more_than(seen))
            if measured:
                modelled, plain = min(modelled or elapsed, elapsed), min(plain or bare, bare)
                yield Speed(instructions, plain, modelled)
    finally:
        board.restore(start)
        board.trace.unlisten(marks.hear)
