"""`hardtalk latency`: interrupts at random cycles under a Smalltalk load, and whether a deadline holds."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_baseline import compare_with_baseline, read_baseline
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_loads import Load, chosen_loads, known_loads
from hardtalk.cli.latency_page import latency_page
from hardtalk.cli.latency_rows import Row, latency_report, write_csv
from hardtalk.cli.latency_subjects import SMALLTALK, SUBJECTS, chosen_forms, subject_named
from hardtalk.cli.latency_sweep import WindowText, print_sweep, sweep_window
from hardtalk.cli.latency_table import histogram_lines, latency_table, worst_lines
from hardtalk.cli.moments import watched_addresses
from hardtalk.cli.options import ARM926, CycleModel, Device, Drivers, Json, Svds
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.report.durations import cycles_from


def latency(
    *,
    deadline: Annotated[str, Parameter(help="The greatest latency allowed: 100us, 0.1ms, 20000cycles.")] = "100us",
    count: Annotated[int, Parameter(help="Interrupts on each line under each load.")] = 10_000,
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1,
    load: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="A load by name, mixed if none is given; may be given again; all for each in turn. One of your own: a "
            "method in the protocol loads of a subclass or an extension of LatencyWorkload in a --driver folder.",
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        Parameter(negative="", help="TIMER, UART, or the peripheral of a device of your own; may be given again."),
    ] = None,
    form: Annotated[str, Parameter(help="The handlers' form: smalltalk, native or both.")] = SMALLTALK,
    sweep: Annotated[
        WindowText | None,
        Parameter(
            help="Raise the line at every instruction of a window instead: START:END, in instructions since the load "
            "was started, or a routine of the virtual machine by its symbol, up to the next bytecode."
        ),
    ] = None,
    workers: Annotated[int, Parameter(help="Processes that share a sweep.")] = 2,
    histogram: Annotated[bool, Parameter(negative="", help="Show a histogram of each row, in bins of 1 µs.")] = False,
    worst: Annotated[bool, Parameter(negative="", help="Show the worst ten of each row and what ran then.")] = False,
    baseline: Annotated[
        Path | None, Parameter(help="An earlier --json file: exit with 1 when a figure got worse.")
    ] = None,
    csv: Annotated[Path | None, Parameter(help="Write the table to this file, times in cycles.")] = None,
    html: Annotated[Path | None, Parameter(help="Write everything to this file, a page that needs no other.")] = None,
    driver: Drivers = None,
    svd: Svds = None,
    device: Device = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Measure how long interrupts wait for their handler; exit with 1 when a deadline is missed."""
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be measured")
    try:
        deadline_cycles = cycles_from(deadline, default_chip().cpu_hertz)
    except ValueError as error:
        raise UserError(f"--deadline {error}") from error
    loads = chosen_loads(load or ["mixed"], known_loads(driver or []))
    before = read_baseline(baseline) if baseline is not None else None
    lines = line or list(SUBJECTS)
    forms = chosen_forms(form)
    console = output.console()
    if sweep is not None:
        sweeps = sweep_window(driver or [], svd or [], device, model, lines, loads, sweep, workers, console, forms)
        return print_sweep(sweeps, deadline_cycles, json, console)
    bench = boot_latency_bench(driver or [], svd or [], device, model)
    rows = measure_all(bench, lines, loads, count, Schedule(seed), console, forms)
    for part in latency_table(rows, bench.source_map, bench.board, deadline_cycles, seed):
        console.print(part, soft_wrap=True)
    if histogram:
        for text in histogram_lines(rows, bench.board):
            console.print(text, soft_wrap=True)
    if worst:
        for text in worst_lines(rows, bench.source_map, bench.board):
            console.print(text, soft_wrap=True)
    names = ",".join(load or ["mixed"])
    report = latency_report(rows, bench.board.model, names, seed, bench.firmware_hash, deadline_cycles)
    if json is not None:
        report.write(json)
    if csv is not None:
        write_csv(rows, deadline_cycles, csv)
    if html is not None:
        latency_page(rows, bench, deadline_cycles, seed).write(html)
    is_worse = before is not None and compare_with_baseline(before, report, console)
    return 1 if is_worse or any(row.distribution.misses(deadline_cycles) for row in rows) else 0


def measure_all(
    bench: Bench,
    lines: Sequence[str],
    loads: Sequence[Load],
    count: int,
    schedule: Schedule,
    console: Console,
    forms: Sequence[str] = (SMALLTALK,),
) -> list[Row]:
    """A row for each line, form and load, each from the same state of the board: none depends on those before it."""
    watched = watched_addresses(bench.source_map)
    booted = bench.board.snapshot()
    rows = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name, form in product(lines, forms):
            subject = subject_named(bench, name, form)
            for load in loads:
                task = progress.add_task(f"{name} {load.name}", total=count)
                bench.board.restore(booted)
                start_load(bench, subject, load)
                laboratory = Laboratory(
                    bench.board, subject.line(bench.board), subject.injector(bench.board), watched, schedule
                )
                try:
                    interrupts = laboratory.measure(count, partial(progress.advance, task))
                except NotServed as error:
                    raise UserError(
                        f"{name} under {load.name}: {error}\n{bench.board.fault_report()}", exit_code=1
                    ) from error
                rows.append(Row(name, subject.form, load.name, interrupts))
    bench.board.restore(booted)
    return rows
