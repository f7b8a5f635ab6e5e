"""What a program took between the two marks that it makes at the board's probe."""

from dataclasses import dataclass

from hardtalk.bench.errors import BenchError
from hardtalk.board import Board, Mark, StopReason

START_MARK, STOP_MARK = 1, 2
PATIENCE_CYCLES = 1 << 40


@dataclass(frozen=True)
class Measured:
    """What a program took between its two marks."""

    program: str
    instructions: int
    cycles: int


def between_marks(board: Board, program: str) -> Measured:
    """Raises BenchError when the program has made no marks."""
    start, stop = marks_of(board, program)
    return Measured(program, stop.instructions - start.instructions, stop.cycle - start.cycle)


def marks_of(board: Board, program: str) -> tuple[Mark, Mark]:
    """The last mark of each kind. Raises BenchError when the program has made none."""
    marks = [event for event in board.trace if isinstance(event, Mark)]
    try:
        start = next(mark for mark in reversed(marks) if mark.value == START_MARK)
        stop = next(mark for mark in reversed(marks) if mark.value == STOP_MARK)
    except StopIteration:
        raise BenchError(f"{program} made no marks: the board has no probe block") from None
    return start, stop


def run_to_mark(board: Board, value: int) -> None:
    seen: list[Mark] = []

    def listen(event: object) -> None:
        if isinstance(event, Mark) and event.value == value:
            seen.append(event)

    board.trace.listen(listen)
    stop = board.run(PATIENCE_CYCLES, lambda: bool(seen))
    board.trace.unlisten(listen)
    if stop.reason is not StopReason.UNTIL:
        raise BenchError(f"the board stopped before mark {value}: {stop.reason}\n{board.fault_report()}")
