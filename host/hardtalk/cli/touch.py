"""`hardtalk touch`: from a press of the mouse's button to the redrawn button, while streams go on."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from hardtalk.bench.firmware import firmware_hash
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.latency_table import circumstances_of
from hardtalk.cli.options import ARM926, Drivers, Json, Loads, Models, Workers, driver_options
from hardtalk.cli.progress import measured_so_far
from hardtalk.cli.unmeasured import print_unmeasured, told_apart
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.models import models_of
from hardtalk.streams.touch import Touching, TouchResult, touch_all, touch_report, with_touch

COLUMNS = ("model", "load", "presses", "least, ms", "median, ms", "longest, ms", "late", "lost", "wrong")


def touch(
    *,
    load: Loads = None,
    count: Annotated[int, Parameter(help="How many presses, under each load.")] = 50,
    seed: Annotated[int, Parameter(help="Of the moments at which the hand presses.")] = 1,
    workers: Workers = 2,
    driver: Drivers = None,
    json: Json = None,
    model: Models = ARM926,
) -> int:
    """Measure from touch to redraw under streams and loads; exit with 1 when a stream loses a word or is late."""
    if count < 1:
        raise UserError(f"--count {count}: at least one is needed")
    names = load or ["mixed"]
    loads = chosen_loads(names, known_loads(driver or []))
    boards = [with_touch(driver_options(driver, each)) for each in models_of(model)]
    tasks = [Touching(board, each, count, seed) for board in boards for each in loads]
    console = output.console()
    firmware = firmware_hash(build_latency_firmware(boards[0]).elf)
    found, is_whole = measured_so_far(partial(touch_all, tasks), tasks, workers, console)
    hertz = default_chip().cpu_hertz
    results, without = told_apart(found)
    console.print(touch_table(results, hertz))
    print_unmeasured(without, console)
    for each in models_of(model):
        console.print(Text(f"{circumstances_of(each, hertz)}   seed {seed}   firmware {firmware}"))
    if json is not None:
        touch_report(results, model, ",".join(names), seed, firmware).write(json)
    return int(bool(without) or not all(each.is_good for each in results)) if is_whole else INTERRUPTED


def touch_table(results: Sequence[TouchResult], hertz: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if index < 2 else "right", no_wrap=True)
    for each in results:
        streams = each.streams
        times = (f"{cycles * 1000 / hertz:.1f}" for cycles in (min(each.cycles), each.median, each.longest))
        counts = (streams.late, streams.overruns + streams.underruns, streams.wrong)
        begin = streams.model, streams.load, f"{len(each.cycles):,}"
        table.add_row(*begin, *times, *(f"{count:,}" for count in counts))
    return table
