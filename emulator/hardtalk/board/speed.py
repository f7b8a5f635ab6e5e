"""How fast the emulation is: the board with its clock beside the bare engine, on the same code from the same state.

The workload ends where the firmware writes PROBE.MARK: that stops both without a counter, which would slow the bare
engine down. It needs no interrupt on its way there, since the bare engine takes none.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from hardtalk.board.board import Board, StopReason
from hardtalk.board.errors import BoardError
from hardtalk.board.events import Event, Mark
from hardtalk.chip import Chip


class Speed(NamedTuple):
    """Guest instructions in a second of host time: the bare engine's and the board's; the workload's length."""

    plain: float
    modelled: float
    instructions: int

    @property
    def ratio(self) -> float:
        return self.modelled / self.plain


class MarkCounter:
    """Hears the marks of one board."""

    def __init__(self, board: Board) -> None:
        self.count = 0
        board.trace.listen(self.hear)

    def hear(self, event: Event) -> None:
        if isinstance(event, Mark):
            self.count += 1


def measure(
    elf: bytes,
    chip: Chip | None = None,
    model: str = "arm926",
    prepare: Callable[[Board], None] | None = None,
    rounds: int = 3,
) -> Speed:
    """Run the firmware from the prepared state to its next mark both ways; the better of `rounds` for each.

    `prepare` brings a new board to just before the workload (default: reset). Both ways run once unmeasured, so that
    everything is translated.
    """
    board = Board(elf, chip, model=model)
    marks = MarkCounter(board)
    if prepare is not None:
        prepare(board)
    start = board.snapshot()
    instructions = 0
    plain = modelled = float("inf")
    for measured in range(rounds + 1):
        board.restore(start)
        seen, first = marks.count, board.instructions
        began = time.perf_counter()
        stop = board.run(until=lambda seen=seen: marks.count > seen)  # type: ignore[misc]
        elapsed = time.perf_counter() - began
        if stop.reason is not StopReason.UNTIL:
            raise BoardError(
                f"the workload ended ({stop.reason}) without a mark",
                "write PROBE.MARK at its end; prepare() up to its start",
            )
        instructions = board.instructions - first
        board.restore(start)
        seen = marks.count
        bare = board.cpu.run_bare(lambda seen=seen: marks.count > seen)  # type: ignore[misc]
        if measured:
            modelled, plain = min(modelled, elapsed), min(plain, bare)
    board.restore(start)
    return Speed(instructions / plain, instructions / modelled, instructions)
