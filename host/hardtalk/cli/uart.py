"""`hardtalk uart`: one Smalltalk interrupt a character at line rate, and the fastest rate that loses none."""

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from hardtalk.bench.firmware import firmware_hash
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_table import circumstances_of
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json, driver_options
from hardtalk.cli.progress import workers_with_bar
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import ALL, chosen_loads, known_loads
from hardtalk.latency.matrix import side_by_side
from hardtalk.report.figures import Report
from hardtalk.uart.reception import COUNT_MODULUS, RATES, Transmission, fastest_good, receive_fresh


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
    if not 1 <= count < COUNT_MODULUS:
        raise UserError(f"--count {count}: between 1 and {COUNT_MODULUS - 1:,} characters")
    loads = chosen_loads(load or [ALL], known_loads(driver or []))
    rates = sorted(rate or RATES)
    console = output.console()
    options = driver_options(driver, model)
    report = Report("uart", model, ",".join(load or [ALL]), 0, firmware_hash(build_latency_firmware(options).elf))
    transmissions = [Transmission(options, each, baud, count) for each in loads for baud in rates]
    with workers_with_bar(workers, transmissions, console) as (executor, progress):
        receptions = side_by_side(receive_fresh, transmissions, executor, progress)
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("load")
    for baud in rates:
        table.add_column(f"{baud:,}", justify="right")
    table.add_column("fastest without loss", justify="right")
    fastest = []
    for number, chosen in enumerate(loads):
        own = receptions[number * len(rates) : (number + 1) * len(rates)]
        best = fastest_good(own)
        fastest.append(best)
        cells = ["none lost" if each.is_good else f"{each.sent - each.received:,} lost" for each in own]
        table.add_row(chosen.name, *cells, f"{best:,}" if best else "none")
        for each in own:
            report.add(f"{chosen.name}.{each.baud}.lost", each.sent - each.received, "characters")
            report.add(f"{chosen.name}.{each.baud}.overruns", each.overruns, "characters")
            report.add(f"{chosen.name}.{each.baud}.interrupts", each.interrupts, "interrupts")
        report.add(f"{chosen.name}.fastest", best, "baud")
    console.print(table)
    for transmission, reception in zip(transmissions, receptions, strict=True):
        if reception.limit:
            title = f"{transmission.load.name} at {reception.baud:,}"
            console.print(Text(f"{title}: {reception.limit}"), soft_wrap=True)
    report.add("fastest", min(fastest), "baud")
    report.add("characters", count, "characters")
    console.print(Text(f"the fastest rate without overrun under each of these loads: {min(fastest):,} baud"))
    circumstances = circumstances_of(model, default_chip().cpu_hertz)
    console.print(Text(f"{count:,} characters each, one-byte FIFO   {circumstances}"))
    if json is not None:
        report.write(json)
    return 0 if min(fastest) else 1
