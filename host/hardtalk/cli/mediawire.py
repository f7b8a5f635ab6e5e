"""`hardtalk mediawire`: streams in and out of a ring while loads run, and what the controller counts."""

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
from hardtalk.cli.latency_table import FORM_NAMES, circumstances_of
from hardtalk.cli.options import ARM926, Drivers, Form, Json, Loads, Models, Workers, driver_options
from hardtalk.cli.progress import measured_so_far
from hardtalk.cli.unmeasured import print_unmeasured, told_apart
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.models import models_of
from hardtalk.latency.subjects import SMALLTALK, chosen_forms
from hardtalk.report.durations import microseconds
from hardtalk.streams.relay import Relaying, RelayResult, relay_all, relay_report, with_relay

COLUMNS = (
    "model", "load", "form", "ms", "served", "longest, µs", "late", "overruns", "underruns", "frames out", "wrong",
)  # fmt: skip
LEFT = ("model", "load", "form")


def mediawire(
    *,
    load: Loads = None,
    milliseconds: Annotated[int, Parameter(help="Of the board's time, under each load.")] = 1_000,
    form: Form = SMALLTALK,
    workers: Workers = 2,
    driver: Drivers = None,
    json: Json = None,
    model: Models = ARM926,
) -> int:
    """Relay stereo and video streams under each load; exit with 1 when a word is lost or an interrupt served late.

    From 10,000 milliseconds on it says how far each load is, and how long it will take. Control-C shows what is
    measured by then.
    """
    if milliseconds < 1:
        raise UserError(f"--milliseconds {milliseconds}: at least one is needed")
    names = load or ["mixed"]
    loads = chosen_loads(names, known_loads(driver or []))
    boards = [with_relay(driver_options(driver, each)) for each in models_of(model)]
    forms = chosen_forms(form)
    tasks = [Relaying(board, each, milliseconds, form) for board in boards for form in forms for each in loads]
    console = output.console()
    firmware = firmware_hash(build_latency_firmware(boards[0]).elf)
    found, is_whole = measured_so_far(partial(relay_all, tasks), tasks, workers, console)
    hertz = default_chip().cpu_hertz
    results, without = told_apart(found)
    console.print(relay_table(results, hertz))
    print_unmeasured(without, console)
    console.print(Text(f"{milliseconds:,} ms of stereo and video in and out, under each load"))
    for each in models_of(model):
        console.print(Text(circumstances_of(each, hertz)))
    if json is not None:
        relay_report(results, model, ",".join(names), firmware).write(json)
    return int(bool(without) or not all(each.is_good for each in results)) if is_whole else INTERRUPTED


def relay_table(results: Sequence[RelayResult], hertz: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in LEFT else "right", no_wrap=True)
    for each in results:
        counts = (each.late, each.overruns, each.underruns, each.words, each.wrong)
        longest = microseconds(each.worst_cycles, hertz)
        table.add_row(
            each.model,
            each.load,
            FORM_NAMES[each.form],
            f"{each.milliseconds:,}",
            f"{each.services:,}",
            longest,
            *(f"{count:,}" for count in counts),
        )
    return table
