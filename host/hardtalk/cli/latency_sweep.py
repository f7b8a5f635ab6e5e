"""`hardtalk latency --sweep`: the line raised at every instruction of a window, whose maximum is then exact."""

import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_activity import activity_at
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_loads import Load
from hardtalk.cli.latency_rows import add_distribution
from hardtalk.cli.latency_subjects import SMALLTALK, Subject, subject_named
from hardtalk.cli.latency_table import circumstances, sum_of_parts
from hardtalk.cli.moments import watched_addresses
from hardtalk.cli.source_map import SourceMap
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.laboratory import NotServed
from hardtalk.latency.sweep import Point, Prepared, Window, prepared_by, sweep, windows_of_routine
from hardtalk.report.durations import microseconds
from hardtalk.report.figures import Report

WindowText: TypeAlias = str
PATIENCE_CYCLES = 200_000_000
DISPATCH_TABLE, DISPATCH_ENTRIES, WORD_BYTES = "dispatchTable", 256, 4
_NUMBERS = re.compile(r"(\d+):(\d+)")
_ROUTINE = re.compile(r"(?P<symbol>.+?)(?:\*(?P<passes>\d+))?")


@dataclass(frozen=True)
class BenchRecipe:
    """The options that make a board with a load running on it, the same in every process."""

    drivers: tuple[Path, ...]
    svds: tuple[Path, ...]
    device: Path | None
    model: str
    line: str
    load: Load
    form: str = SMALLTALK

    def __call__(self) -> Prepared:
        bench, subject = self.bench()
        start_load(bench, subject, self.load)
        inject = subject.immediate_injector(bench.board)
        if inject is None:
            raise UserError(
                f"--line {self.line}: its device raises it when it wants to", "Sweep TIMER or UART with --line."
            )
        return Prepared(bench.board, subject.line(bench.board), inject, watched_addresses(bench.source_map))

    def bench(self) -> tuple[Bench, Subject]:
        bench = boot_latency_bench(self.drivers, self.svds, self.device, self.model)
        return bench, subject_named(bench, self.line, self.form)


@dataclass(frozen=True)
class Swept:
    """All points of some windows under one load."""

    recipe: BenchRecipe
    windows: tuple[Window, ...]
    points: list[Point]
    bench: Bench
    form: str

    @property
    def worst(self) -> Point:
        return max(self.points, key=lambda point: (point.interrupt.latency, -point.instruction))


def sweep_window(
    drivers: Sequence[Path],
    svds: Sequence[Path],
    device: Path | None,
    model: str,
    lines: Sequence[str],
    loads: Sequence[Load],
    text: WindowText,
    workers: int,
    console: Console,
    forms: Sequence[str] = (SMALLTALK,),
) -> list[Swept]:
    """Sweep the window on each line, in each form, under each load."""
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one is needed")
    recipes = [
        BenchRecipe(tuple(drivers), tuple(svds), device, model, line, load, form)
        for line, form, load in product(lines, forms, loads)
    ]
    bench, _ = recipes[0].bench()
    swept = []
    with (
        ProcessPoolExecutor(workers, get_context("spawn")) as executor,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        for recipe in recipes:
            windows = windows_of(text, recipe, bench.source_map)
            task = progress.add_task(f"{recipe.line} {recipe.load.name}", total=sum(map(len, windows)))
            points: list[Point] = []
            for window in windows:
                try:
                    points += sweep(recipe, window, executor, lambda count, task=task: progress.advance(task, count))  # type: ignore[misc]
                except NotServed as error:
                    raise UserError(f"{recipe.line} under {recipe.load.name}: {error}", exit_code=1) from error
            swept.append(Swept(recipe, tuple(windows), points, bench, recipe.form))
    return swept


def windows_of(text: WindowText, recipe: BenchRecipe, source_map: SourceMap) -> list[Window]:
    """START:END, or the executions of a routine: SYMBOL, SYMBOL*3."""
    numbers = _NUMBERS.fullmatch(text)
    if numbers is not None:
        window = Window(int(numbers[1]), int(numbers[2]))
        if not len(window):
            raise UserError(f"--sweep {text}: the window is empty", "START:END with END above START.")
        return [window]
    routine = _ROUTINE.fullmatch(text)
    assert routine is not None
    address = source_map.address_of(routine["symbol"])
    if address is None or not source_map.is_code(address):
        near = [name for name in source_map.names if routine["symbol"].lower() in name.lower()][:5]
        raise UserError(
            f"--sweep {text}: the firmware has no routine {routine['symbol']}",
            f"Near it: {', '.join(near)}." if near else "hardtalk explain finds symbols.",
        )
    passes = int(routine["passes"] or 1)
    windows = windows_of_routine(prepared_by(recipe), address, bytecode_routines(source_map), passes, PATIENCE_CYCLES)
    if not windows:
        raise UserError(
            f"--sweep {text}: the load {recipe.load.name} does not run it within {PATIENCE_CYCLES:,} cycles",
            "Choose another --load.",
            exit_code=1,
        )
    return windows


@cache
def bytecode_routines(source_map: SourceMap) -> frozenset[int]:
    """Where the bytecodes' routines begin: a pass through a routine is over when the next bytecode starts."""
    table = source_map.address_of(DISPATCH_TABLE)
    if table is None:
        raise UserError(f"the firmware lacks {DISPATCH_TABLE}", "Build it with hardtalk build.")
    data = source_map.read(table, DISPATCH_ENTRIES * WORD_BYTES)
    return frozenset(int.from_bytes(data[at : at + WORD_BYTES], "little") for at in range(0, len(data), WORD_BYTES))


def print_sweep(swept: Sequence[Swept], deadline_cycles: int, json: Path | None, console: Console) -> int:
    hertz = swept[0].bench.board.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("line", "form", "load", "points", "min", "median", "max", "misses")):
        table.add_column(column, justify="left" if index < 3 else "right")
    first = swept[0].recipe
    report = Report("latency", first.model, ",".join(each.recipe.load.name for each in swept), 0,
                    swept[0].bench.firmware_hash)  # fmt: skip
    missed = 0
    for each in swept:
        spread = Distribution.of(point.interrupt.latency for point in each.points)
        misses = spread.misses(deadline_cycles)
        missed += misses
        times = (microseconds(cycles, hertz) for cycles in (spread.min, spread.median, spread.max))
        row = (each.recipe.line, each.form, each.recipe.load.name)
        table.add_row(*row, f"{len(spread):,}", *times, f"{misses:,}")
        name = f"{each.form}.{each.recipe.line}.{each.recipe.load.name}.sweep"
        add_distribution(report, name, spread, deadline_cycles)
        report.add(f"{name}.points", len(spread), "points")
        report.add(f"{name}.first", each.windows[0].first, "instructions")
        report.add(f"{name}.end", each.windows[-1].end, "instructions")
    console.print(table)
    for each in swept:
        print_worst(each, console)
    console.print(Text(f"{circumstances(swept[0].bench.board)}   a line raised at every instruction: exact for these"))
    if json is not None:
        report.write(json)
    return 1 if missed else 0


def print_worst(swept: Swept, console: Console) -> None:
    worst = swept.worst
    windows = ", ".join(f"{window.first:,} to {window.end - 1:,}" for window in swept.windows)
    title = f"{swept.recipe.line}, {swept.form} handler, under {swept.recipe.load.name}"
    interrupt = worst.interrupt
    console.print(Text(f"{title}: {len(swept.points):,} points, instructions {windows}"), soft_wrap=True)
    console.print(
        Text(f"worst: {interrupt.latency:,} cycles at instruction {worst.instruction:,} = {sum_of_parts(interrupt)}"),
        soft_wrap=True,
    )
    activity = activity_at(swept.bench.source_map, swept.bench.board, interrupt)
    console.print(Text(f"was in: {activity}"), soft_wrap=True)
