"""How fast the emulation is: the board with its clock beside the bare engine, on the same code from the same state."""

import time
from collections.abc import Callable
from typing import NamedTuple

from hardtalk.board.board import Board, StopReason
from hardtalk.board.errors import BoardError
from hardtalk.chip import Chip

CHUNK_CYCLES = 1_000_000


class Speed(NamedTuple):
    """Guest instructions in a second of host time: the bare engine's and the board's."""

    plain: float
    modelled: float

    @property
    def ratio(self) -> float:
        return self.modelled / self.plain


def measure(
    elf: bytes,
    instructions: int = 50_000_000,
    chip: Chip | None = None,
    model: str = "arm926",
    prepare: Callable[[Board], None] | None = None,
    rounds: int = 3,
) -> Speed:
    """Run `instructions` of the firmware both ways and give the better of `rounds` for each, so that noise hurts neither.

    `prepare` brings a new board to the workload to be measured (default: the first instructions after reset). The
    workload must be busy: a firmware that waits for interrupts has no speed. The bare engine gets no interrupts.
    """
    board = Board(elf, chip, model=model)
    board.trace.is_kept = False
    if prepare is not None:
        prepare(board)
    start = board.snapshot()
    run_modelled(board, instructions)
    plain = modelled = 0.0
    for _ in range(rounds):
        board.restore(start)
        began = time.perf_counter()
        executed = run_modelled(board, instructions)
        modelled = max(modelled, executed / (time.perf_counter() - began))
        board.restore(start)
        plain = max(plain, board.cpu.run_bare(instructions))
    return Speed(plain, modelled)


def run_modelled(board: Board, instructions: int) -> int:
    """Run at least so many instructions; answers how many."""
    first = board.instructions
    while board.instructions - first < instructions:
        before = board.instructions
        stop = board.run(cycles=CHUNK_CYCLES)
        if stop.reason is not StopReason.CYCLES or board.instructions == before:
            raise BoardError(
                f"the workload ended ({stop.reason}) after {board.instructions - first} of {instructions} instructions",
                "measure fewer instructions, or prepare a longer workload",
            )
    return board.instructions - first
