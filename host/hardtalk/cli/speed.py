"""`hardtalk speed`: how fast the board emulates the interpreter, beside Unicorn alone doing the same work.

Both start from the same state of the machine, in the middle of the firmware, and end at the same store. The plain
engine has no hook and no clock; the work between the marks needs none.
"""

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board, Mark, StopReason
from hardtalk.board.speed import ROUNDS, Speed, compare
from hardtalk.cli import output
from hardtalk.cli.bench import START_MARK
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, CycleModel, Json
from hardtalk.cli.sources import host_firmware
from hardtalk.report.figures import Report

PATIENCE_CYCLES = 1 << 40


def speed(
    *,
    rounds: Annotated[int, Parameter(help="How often the bench programs are run in a turn.")] = 1,
    turns: Annotated[int, Parameter(help="How many turns each way has; its fastest counts.")] = ROUNDS,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Measure emulated instructions a second with the cycle model, beside plain Unicorn."""
    if rounds < 1 or turns < 1:
        raise UserError("--rounds and --turns must be at least 1")
    console = output.console()
    bench = boot_bench([host_firmware("bench-firmware")], [], None, model, console.out)
    timed = time_both(bench, rounds, turns)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("engine", "instructions", "seconds", "million/s"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for name, duration_ns, rate in (
        (f"board, {model}", timed.board_ns, timed.modelled),
        ("plain Unicorn", timed.plain_ns, timed.plain),
    ):
        table.add_row(name, f"{timed.instructions:,}", f"{duration_ns / 1e9:.3f}", f"{rate / 1e6:.0f}")
    console.print(table)
    console.print(
        Text(
            f"the board's speed is {timed.ratio:.2f} of plain Unicorn's "
            f"(processor time, the fastest of {turns} turns of each)"
        )
    )
    if json is not None:
        report = Report("speed", model, "bench", 0, bench.firmware_hash)
        report.add("instructions", timed.instructions, "instructions")
        report.add("board.time", timed.board_ns, "ns")
        report.add("plain.time", timed.plain_ns, "ns")
        report.write(json)
    return 0


def time_both(bench: Bench, rounds: int, turns: int) -> Speed:
    board = bench.board
    bench.console.prompt.enter(f"BenchRun runRounds: {rounds}")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    run_to_mark(board, START_MARK)
    return compare(board, turns)


def run_to_mark(board: Board, value: int) -> None:
    seen: list[Mark] = []

    def listen(event: object) -> None:
        if isinstance(event, Mark) and event.value == value:
            seen.append(event)

    board.trace.listen(listen)
    stop = board.run(PATIENCE_CYCLES, lambda: bool(seen))
    board.trace.unlisten(listen)
    if stop.reason is not StopReason.UNTIL:
        raise UserError(f"the board stopped before mark {value}: {stop.reason}\n{board.fault_report()}", exit_code=1)
