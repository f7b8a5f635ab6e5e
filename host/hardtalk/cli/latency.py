"""`hardtalk latency`: interrupts at random cycles under a Smalltalk load, and whether a deadline holds."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.firmware import firmware_hash
from hardtalk.cli.latency_baseline import compare_with_baseline, read_baseline
from hardtalk.cli.latency_bench import build_latency_firmware
from hardtalk.cli.latency_loads import chosen_loads, known_loads
from hardtalk.cli.latency_masked import masked_report, masked_rows, print_masked
from hardtalk.cli.latency_matrix import BoardOptions, cells_of, measure_cells, workers_with_bar
from hardtalk.cli.latency_page import latency_page
from hardtalk.cli.latency_rows import latency_report, write_csv
from hardtalk.cli.latency_subjects import SMALLTALK, SUBJECTS, chosen_forms
from hardtalk.cli.latency_sweep import WindowText, print_sweep, sweep_window
from hardtalk.cli.latency_table import histogram_lines, latency_table, worst_lines
from hardtalk.cli.options import ALL_MODELS, ARM926, CACHED_MODELS, Device, Drivers, Json, Svds
from hardtalk.cli.source_map import SourceMap
from hardtalk.latency.laboratory import Schedule
from hardtalk.report.durations import cycles_from
from hardtalk.report.figures import Report


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
    masked: Annotated[
        bool,
        Parameter(
            negative="",
            help="Show every section in which interrupts are masked instead: its longest way by the code, and the "
            "longest that was seen meanwhile.",
        ),
    ] = False,
    workers: Annotated[int, Parameter(help="Processes that share a sweep, or the rows of a table.")] = 2,
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
    model: Annotated[
        str,
        Parameter(
            help="What instructions cost: arm926, arm926-warm, arm926-cold, instructions; all for the first three."
        ),
    ] = ARM926,
) -> int:
    """Measure how long interrupts wait for their handler; exit with 1 when a deadline is missed."""
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be measured")
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one is needed")
    hertz = default_chip().cpu_hertz
    try:
        deadline_cycles = cycles_from(deadline, hertz)
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
    models = (ARM926, *CACHED_MODELS) if model == ALL_MODELS else (model,)
    boards = [BoardOptions(tuple(driver or ()), tuple(svd or ()), device, name) for name in models]
    built = build_latency_firmware(driver or [], svd or [], device)
    firmware, names = firmware_hash(built.elf), ",".join(load or ["mixed"])
    cells = cells_of(boards, lines, forms, loads, count, Schedule(seed))
    with workers_with_bar(workers, cells, console) as (executor, progress):
        if masked:
            sections = masked_rows(cells, SourceMap(built.elf), executor, progress)
        else:
            rows = measure_cells(cells, executor, progress)
    if masked:
        print_masked(sections, models, hertz, console)
        report = masked_report(sections, Report("latency masked", model, names, seed, firmware))
        if json is not None:
            report.write(json)
        is_worse = before is not None and compare_with_baseline(before, report, console)
        return 1 if is_worse or not all(row.is_sound for row in sections) else 0
    for part in latency_table(rows, hertz, deadline_cycles, seed):
        console.print(part, soft_wrap=True)
    if histogram:
        for text in histogram_lines(rows, hertz):
            console.print(text, soft_wrap=True)
    if worst:
        for text in worst_lines(rows):
            console.print(text, soft_wrap=True)
    report = latency_report(rows, model, names, seed, firmware, deadline_cycles)
    if json is not None:
        report.write(json)
    if csv is not None:
        write_csv(rows, deadline_cycles, csv)
    if html is not None:
        latency_page(rows, hertz, firmware, deadline_cycles, seed).write(html)
    is_worse = before is not None and compare_with_baseline(before, report, console)
    is_missed = any(row.distribution.misses(deadline_cycles) for row in rows)
    return 1 if is_worse or is_missed or not all(row.counts.are_good for row in rows) else 0
