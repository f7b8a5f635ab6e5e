"""`hardtalk uart`: one Smalltalk interrupt a character at line rate, and the fastest rate that loses none."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from hardtalk.bench.firmware import firmware_hash
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.latency_table import circumstances_of
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json, driver_options
from hardtalk.cli.progress import measured_so_far
from hardtalk.cli.unmeasured import print_unmeasured, told_apart
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import ALL, chosen_loads, known_loads
from hardtalk.uart.reception import RATES, LoadResult, Reception, UartPlan, receive_all, uart_report


def uart(
    *,
    count: Annotated[int, Parameter(help="Characters at each rate under each load.")] = 1_000,
    load: Annotated[
        list[str] | None, Parameter(negative="", help="A load of hardtalk latency; all of them if none is given.")
    ] = None,
    rate: Annotated[
        list[int] | None,
        Parameter(name=("--rate", "--baud"), negative="", help="Bits a second; 9,600 to 921,600 if none is given."),
    ] = None,
    workers: Annotated[int, Parameter(help="Processes that share the rates and loads.")] = 2,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Find the fastest serial line that one interrupt a character keeps up with, under each load."""
    names = load or [ALL]
    loads = tuple(chosen_loads(names, known_loads(driver or [])))
    plan = UartPlan(driver_options(driver, model), loads, tuple(sorted(rate or RATES)), count)
    console = output.console()
    firmware = firmware_hash(build_latency_firmware(plan.board).elf)
    found, is_whole = measured_so_far(partial(receive_all, plan), plan.transmissions, workers, console)
    results, without = told_apart(found)
    console.print(uart_table(plan, results))
    for result in results:
        for each in result.receptions:
            if each.limit:
                console.print(Text(f"{result.load.name} at {each.baud:,}: {each.limit}"), soft_wrap=True)
    print_unmeasured(without, console)
    fastest = min((each.fastest for each in results), default=0)
    if all(each.is_whole for each in results):
        console.print(Text(f"the fastest rate without overrun under each of these loads: {fastest:,} baud"))
    circumstances = circumstances_of(model, default_chip().cpu_hertz)
    console.print(Text(f"{count:,} characters each, one-byte FIFO   {circumstances}"))
    if json is not None:
        uart_report(plan, results, ",".join(names), firmware).write(json)
    return int(not fastest or bool(without)) if is_whole else INTERRUPTED


def uart_table(plan: UartPlan, results: Sequence[LoadResult]) -> Table:
    """What was lost under each load at each rate, of how many where not all were sent."""
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("load")
    for baud in plan.rates:
        table.add_column(f"{baud:,}", justify="right")
    table.add_column("fastest without loss", justify="right")
    for result in results:
        fastest = f"{result.fastest:,}" if result.fastest else "none"
        cells = [cell_of(result.at(baud)) for baud in plan.rates]
        table.add_row(result.load.name, *cells, fastest if result.is_whole else f"{fastest} so far")
    return table


def cell_of(reception: Reception | None) -> str:
    if reception is None:
        return "-"
    lost = "none" if reception.is_good else f"{reception.sent - reception.received:,}"
    return f"{lost} lost" if reception.is_whole else f"{lost} of {reception.sent:,} lost"
