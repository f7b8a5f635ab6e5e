"""`hardtalk latency`: interrupts at random cycles under a Smalltalk load, and whether a deadline holds."""

import shlex
import sys
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from hardtalk.bench import chip_of
from hardtalk.bench.firmware import firmware_hash
from hardtalk.build.cache import BuildCache
from hardtalk.build.options import default_cache_folder
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.files import out_file
from hardtalk.cli.latency_baseline import compare_with_baseline
from hardtalk.cli.latency_masked import print_masked
from hardtalk.cli.latency_page import latency_page
from hardtalk.cli.latency_service import handler_lines, process_lines
from hardtalk.cli.latency_sweep import print_sweep
from hardtalk.cli.latency_table import (
    bound_lines,
    histogram_lines,
    latency_table,
    trouble_lines,
    worst_lines,
)
from hardtalk.cli.options import (
    ARM926,
    NO_PARTS,
    Baseline,
    CycleModel,
    Deadline,
    Form,
    Json,
    Lines,
    Loads,
    Models,
    Parts,
    Workers,
)
from hardtalk.cli.progress import interrupted, measured_so_far, workers_with_bars
from hardtalk.cli.unmeasured import print_unmeasured, told_apart
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import Load, all_loads, chosen_loads
from hardtalk.latency.masked import masked_report, masked_rows
from hardtalk.latency.matrix import LatencyPlan, measure_cells
from hardtalk.latency.models import models_of
from hardtalk.latency.proven import Proven, add_bounds, beside, proven
from hardtalk.latency.rows import Row, Trouble, latency_report, write_csv
from hardtalk.latency.subjects import SUBJECTS, chosen_forms
from hardtalk.latency.windows import SweepPlan, sweep_report, sweep_windows
from hardtalk.report.baseline import read_baseline
from hardtalk.report.durations import cycles_from
from hardtalk.report.figures import Report
from hardtalk.symbols.source_map import SourceMap
from hardtalk.tasks.side_by_side import CutShort

DEFAULT_DEADLINE: Final = "100us"


@Parameter(name="*")
@dataclass(frozen=True)
class Chosen:
    """Which lines are served in which form under which loads."""

    load: Loads = None
    line: Lines = None
    form: Form = None

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.line or SUBJECTS)

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(chosen_forms(self.form))

    @property
    def load_names(self) -> list[str]:
        return self.load or ["mixed"]

    def loads(self, parts: Parts) -> tuple[Load, ...]:
        return tuple(chosen_loads(self.load_names, all_loads(parts.folders)))


@Parameter(name="*")
@dataclass(frozen=True)
class Interrupts:
    """How many interrupts, and when."""

    count: Annotated[int, Parameter(help="Interrupts on each line under each load.")] = 10_000
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1

    def plan(self, chosen: Chosen, parts: Parts, model: str) -> LatencyPlan:
        if self.count < 1:
            raise UserError(f"--count {self.count}: at least one interrupt must be measured")
        boards = tuple(parts.boot_options(each) for each in models_of(model))
        return LatencyPlan(boards, chosen.lines, chosen.forms, chosen.loads(parts), self.count, Schedule(self.seed))


@Parameter(name="*")
@dataclass(frozen=True)
class Shown:
    """What is shown and written beside the table."""

    histogram: Annotated[bool, Parameter(negative="", help="Show a histogram of each row, in bins of 1 µs.")] = False
    worst: Annotated[bool, Parameter(negative="", help="Show the worst ten of each row and what ran then.")] = False
    handlers: Annotated[
        bool, Parameter(negative="", help="Show each handler's run time, share and jitter, and whether it keeps up.")
    ] = False
    processes: Annotated[bool, Parameter(negative="", help="Show who had the processor, for each row.")] = False
    csv: Annotated[Path | None, out_file("Write the table to this file, times in cycles.")] = None
    html: Annotated[
        Path | None,
        out_file("Write everything to this file, a page that needs no other."),
    ] = None


EVERYTHING, MANY, TABLE_ONLY = Chosen(), Interrupts(), Shown()

app = App(
    name="latency", help="Measure how long interrupts wait for their handler; exit with 1 when a deadline is missed."
)


@app.default
def latency(
    *,
    deadline: Deadline = DEFAULT_DEADLINE,
    interrupts: Interrupts = MANY,
    chosen: Chosen = EVERYTHING,
    workers: Workers = 2,
    shown: Shown = TABLE_ONLY,
    baseline: Baseline = None,
    parts: Parts = NO_PARTS,
    json: Json = None,
    model: Models = ARM926,
) -> int:
    """Measure how long interrupts wait for their handler; exit with 1 when a deadline is missed."""
    deadline_cycles, hertz = deadline_of(deadline), default_chip().cpu_hertz
    plan = interrupts.plan(chosen, parts, model)
    before = read_baseline(baseline) if baseline is not None else None
    console, seed = output.console(), interrupts.seed
    elf = build_latency_firmware(plan.boards[0]).elf
    firmware = firmware_hash(elf)
    measured, is_whole = measured_so_far(partial(measure_cells, plan.cells), plan.cells, workers, console)
    troubles = [each for each in measured if isinstance(each, Trouble)]
    bounds = Proven({}, "the command was interrupted, and a proof takes a minute")
    if is_whole:
        chip = chip_of(parts.boot_options(ARM926))
        bounds = proven(elf, chip, models_of(model), BuildCache(default_cache_folder()))
    rows = beside([each for each in measured if isinstance(each, Row)], bounds)
    lines = [*latency_table(rows, hertz, deadline_cycles, seed, troubles), *trouble_lines(troubles)]
    lines += bound_lines(rows, bounds, hertz)
    lines += handler_lines(rows, hertz) if shown.handlers else ()
    lines += process_lines(rows, hertz) if shown.processes else ()
    lines += histogram_lines(rows, hertz) if shown.histogram else ()
    lines += worst_lines(rows) if shown.worst else ()
    for line in lines:
        console.print(line, soft_wrap=True)
    report = latency_report(rows, model, ",".join(chosen.load_names), seed, firmware, deadline_cycles, troubles)
    add_bounds(report, rows, bounds)
    if json is not None:
        report.write(json)
    if shown.csv is not None:
        write_csv(rows, deadline_cycles, shown.csv, troubles)
    if shown.html is not None:
        made = f"{command_line()}, {date.today():%-d %B %Y}"
        page = latency_page(rows, hertz, firmware, deadline_cycles, seed, made, troubles)
        page.write(shown.html)
    is_worse = before is not None and compare_with_baseline(before, report, console)
    is_missed = any(row.distribution.misses(deadline_cycles) or row.is_beyond_bound for row in rows)
    is_wrong = is_worse or is_missed or bool(troubles) or not all(row.counts.are_good for row in rows)
    return int(is_wrong) if is_whole else INTERRUPTED


@app.command
def sweep(
    window: Annotated[
        str,
        Parameter(
            help="START:END, in instructions since the load was started, or a routine of the virtual machine by its "
            "symbol, up to the next bytecode; SYMBOL*3 for three passes."
        ),
    ],
    *,
    deadline: Deadline = DEFAULT_DEADLINE,
    chosen: Chosen = EVERYTHING,
    workers: Workers = 2,
    parts: Parts = NO_PARTS,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Raise the line at every instruction of a window, whose maximum is then exact."""
    deadline_cycles = deadline_of(deadline)
    plan = SweepPlan(window, parts.boot_options(model), chosen.lines, chosen.forms, chosen.loads(parts))
    console = output.console()
    is_whole = True
    try:
        with workers_with_bars(workers, console) as (executor, bar):
            found = sweep_windows(plan, executor, bar)
    except CutShort as cut:
        found, is_whole = interrupted(cut, console), False
    swept, without = told_apart(found)
    if swept:
        print_sweep(swept, deadline_cycles, console)
    print_unmeasured(without, console)
    if json is not None and swept:
        sweep_report(swept, deadline_cycles).write(json)
    is_missed = any(each.spread.misses(deadline_cycles) for each in swept)
    return int(is_missed or bool(without)) if is_whole else INTERRUPTED


@app.command
def masked(
    *,
    interrupts: Interrupts = MANY,
    chosen: Chosen = EVERYTHING,
    workers: Workers = 2,
    baseline: Baseline = None,
    parts: Parts = NO_PARTS,
    json: Json = None,
    model: Models = ARM926,
) -> int:
    """Show every section in which interrupts are masked: its longest way by the code, and the longest that was seen."""
    plan = interrupts.plan(chosen, parts, model)
    before = read_baseline(baseline) if baseline is not None else None
    console = output.console()
    built = build_latency_firmware(plan.boards[0])
    measure = partial(masked_rows, plan.cells, SourceMap(built.elf))
    found, is_whole = measured_so_far(measure, plan.cells, workers, console)
    rows, without = told_apart(found)
    print_masked(rows, models_of(model), default_chip().cpu_hertz, console)
    names = ",".join(chosen.load_names)
    report = masked_report(rows, Report("latency masked", model, names, interrupts.seed, firmware_hash(built.elf)))
    if json is not None:
        report.write(json)
    is_worse = before is not None and compare_with_baseline(before, report, console)
    print_unmeasured(without, console)
    is_wrong = is_worse or bool(without) or not all(row.is_sound for row in rows)
    return int(is_wrong) if is_whole else INTERRUPTED


def command_line() -> str:
    """As it was typed, for who reads the page."""
    return shlex.join(["hardtalk", *sys.argv[1:]])


def deadline_of(text: str) -> int:
    """In cycles."""
    try:
        return cycles_from(text, default_chip().cpu_hertz)
    except ValueError as error:
        raise UserError(f"--deadline {error}") from error
