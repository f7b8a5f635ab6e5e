"""The board's emulation of the interpreter, beside Unicorn alone doing the same work.

Both start from the same state of the machine, in the middle of the firmware, and end at the same store. The plain
engine has no hook and no clock; the work between the marks needs none.
"""

from collections.abc import Iterator

from hardtalk.bench import Bench
from hardtalk.bench.marks import START_MARK, run_to_mark
from hardtalk.board.speed import Speed, turns_of


def time_both(bench: Bench, rounds: int, turns: int) -> Iterator[Speed]:
    """After each turn, the fastest so far."""
    board = bench.board
    bench.console.prompt.enter(f"BenchRun runRounds: {rounds}")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    run_to_mark(board, START_MARK)
    return turns_of(board, turns)
