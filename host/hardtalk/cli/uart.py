"""`hardtalk uart`: one Smalltalk interrupt a character at line rate, and the fastest rate that loses none.

The receiver's FIFO is off: there is room for one character, which is lost unless the handler has read it before the
next one is complete. What arrived is checked against what was sent, by number and sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board, StopReason
from hardtalk.cli import output
from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_bench import boot_latency_bench, run_load
from hardtalk.cli.latency_loads import ALL, Load, chosen_loads, known_loads
from hardtalk.cli.latency_table import circumstances
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json
from hardtalk.report.figures import Report

RATES = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
UART, DRIVER = 1, "LatencyCharacterPort"
SERVICE_CYCLES = 2_000_000
COUNT_MODULUS, SUM_MODULUS = 1 << 20, 1 << 16


@dataclass(frozen=True)
class Reception:
    """What became of `sent` characters that came one after the other."""

    baud: int
    sent: int
    received: int
    overruns: int
    interrupts: int
    is_intact: bool

    @property
    def is_good(self) -> bool:
        return self.is_intact and not self.overruns


def uart(
    *,
    count: Annotated[int, Parameter(help="Characters at each rate under each load.")] = 1_000,
    load: Annotated[
        list[str] | None, Parameter(negative="", help="A load of hardtalk latency; all of them if none is given.")
    ] = None,
    rate: Annotated[
        list[int] | None, Parameter(negative="", help="Bits a second; 9,600 to 921,600 if none is given.")
    ] = None,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Find the fastest serial line that one interrupt a character keeps up with, under each load."""
    if not 1 <= count < COUNT_MODULUS:
        raise UserError(f"--count {count}: between 1 and {COUNT_MODULUS - 1:,} characters")
    loads = chosen_loads(load or [ALL], known_loads(driver or []))
    rates = sorted(rate or RATES)
    console = output.console()
    bench = boot_latency_bench(driver or [], model=model)
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("load")
    for baud in rates:
        table.add_column(f"{baud:,}", justify="right")
    table.add_column("fastest without loss", justify="right")
    report = Report("uart", model, ",".join(load or [ALL]), 0, bench.firmware_hash)
    fastest = []
    for chosen, receptions in receive_all(bench, loads, rates, count, console):
        best = fastest_good(receptions)
        fastest.append(best)
        cells = ["none lost" if each.is_good else f"{each.sent - each.received:,} lost" for each in receptions]
        table.add_row(chosen.name, *cells, f"{best:,}" if best else "none")
        for each in receptions:
            report.add(f"{chosen.name}.{each.baud}.lost", each.sent - each.received, "characters")
            report.add(f"{chosen.name}.{each.baud}.interrupts", each.interrupts, "interrupts")
        report.add(f"{chosen.name}.fastest", best, "baud")
    console.print(table)
    report.add("fastest", min(fastest), "baud")
    console.print(Text(f"the fastest rate without overrun under each of these loads: {min(fastest):,} baud"))
    console.print(Text(f"{count:,} characters each, one-byte FIFO   {circumstances(bench.board)}"))
    if json is not None:
        report.write(json)
    return 0 if min(fastest) else 1


def fastest_good(receptions: Sequence[Reception]) -> int:
    """The fastest rate at which, and at all slower ones, nothing was lost; 0 when there is none."""
    best = 0
    for each in receptions:
        if not each.is_good:
            break
        best = each.baud
    return best


def receive_all(
    bench: Bench, loads: Sequence[Load], rates: Sequence[int], count: int, console: Console
) -> list[tuple[Load, list[Reception]]]:
    """Every rate under every load, each from the same state of the board."""
    booted = bench.board.snapshot()
    found = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("receiving", total=len(loads) * len(rates))
        for load in loads:
            receptions = []
            for baud in rates:
                bench.board.restore(booted)
                receptions.append(receive(bench, load, baud, count))
                progress.advance(task)
            found.append((load, receptions))
    bench.board.restore(booted)
    return found


def receive(bench: Bench, load: Load, baud: int, count: int) -> Reception:
    """Send characters without a pause while the load runs; then ask the driver what it got."""
    board = bench.board
    bench.console.evaluate(f"{DRIVER} startAt: {baud}")
    run_load(bench, load)
    line = board.chip.peripheral(f"UART{UART}").lines[0]
    before = board.trace.lines[line].raised if line in board.trace.lines else 0
    characters = bytes((7 * number + 13) & 0xFF for number in range(count))
    run_while_sending(board, characters)
    received = int(bench.console.evaluate(f"{DRIVER} current count"))
    total = int(bench.console.evaluate(f"{DRIVER} current sum"))
    device = board.uart(UART)
    is_intact = received == count and total == sum(characters) % SUM_MODULUS
    interrupts = board.trace.lines[line].raised - before
    return Reception(baud, count, received, device.overruns, interrupts, is_intact)


def run_while_sending(board: Board, characters: bytes) -> None:
    device = board.uart(UART)
    device.send(characters)
    cycles = len(characters) * device.character_cycles + SERVICE_CYCLES
    stop = board.run(cycles)
    if stop.reason is not StopReason.CYCLES:
        raise UserError(f"the board stopped: {stop.reason}: {stop.message}\n{board.fault_report()}", exit_code=1)
