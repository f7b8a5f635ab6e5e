"""`hardtalk speed`: how fast the board emulates the interpreter, beside Unicorn alone, and how fast it files in."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.bench import boot
from hardtalk.bench.firmware import study_folder
from hardtalk.benchmarks.filing import FilingIn, fastest, filings, shipped_sources
from hardtalk.benchmarks.speed import time_both
from hardtalk.board.speed import ROUNDS, Speed
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.options import ARM926, CycleModel, Json, driver_options
from hardtalk.cli.progress import measured_in_turn
from hardtalk.report.figures import Report


def speed(
    *,
    rounds: Annotated[int, Parameter(help="How often the bench programs are run in a turn.")] = 1,
    turns: Annotated[int, Parameter(help="How many turns each way has; its fastest counts.")] = ROUNDS,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Measure emulated instructions a second with the cycle model, beside plain Unicorn; and filing in."""
    if rounds < 1 or turns < 1:
        raise UserError("--rounds and --turns must be at least 1")
    console = output.console()
    options = driver_options([study_folder("benchmarks")], model)
    bench = boot(options, console.out)
    found, is_whole = measured_in_turn(time_both(bench, rounds, turns), turns, console)
    timed = found[-1]
    print_speed(timed, model, len(found), console)
    report = Report("speed", model, "bench", 0, bench.firmware_hash)
    report.add("instructions", timed.instructions, "instructions")
    report.add("board.time", timed.board_ns, "ns")
    report.add("plain.time", timed.plain_ns, "ns")
    if is_whole:
        try:
            filed, is_whole = measured_in_turn(filings(options, shipped_sources(), turns), turns, console)
        except KeyboardInterrupt:
            filed, is_whole = [], False
        if filed:
            console.print(Text(wording_of(fastest(filed), bench.board.chip.cpu_hertz)), soft_wrap=True)
            fastest(filed).add_to(report)
    if json is not None:
        report.write(json)
    return 0 if is_whole else INTERRUPTED


def print_speed(timed: Speed, model: str, turns: int, console: Console) -> None:
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


def wording_of(filed: FilingIn, cpu_hertz: int) -> str:
    board_ns = filed.cycles * 10**9 // cpu_hertz
    return (
        f"filing in {filed.source_bytes / 1000:.1f} KB: {board_ns / 1e9:.2f} s of the board "
        f"({filed.rate(board_ns):.1f} KB/s), "
        f"{filed.host_ns / 1e9:.2f} s of the processor ({filed.rate(filed.host_ns):.1f} KB/s), "
        f"{filed.interrupts:,} interrupts"
    )
