"""All combinations of model, line, form and load, measured side by side over any executor of `concurrent.futures`.

Each cell is measured from the same state of its board, freshly booted, so that none depends on those before it or on
which worker measures it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress

from hardtalk.board import BoardError, DeviceFailure, Snapshot
from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_counts import counts_of, storms_of
from hardtalk.cli.latency_loads import Load
from hardtalk.cli.latency_rows import Row, worst_of
from hardtalk.cli.latency_subjects import SMALLTALK, Subject, subject_named
from hardtalk.cli.moments import watched_addresses
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule

Result = TypeVar("Result")


@dataclass(frozen=True)
class BoardOptions:
    """What makes a board of the laboratory. Hashable, and picklable for other processes."""

    drivers: tuple[Path, ...] = ()
    svds: tuple[Path, ...] = ()
    device: Path | None = None
    model: str = "arm926"

    def boot(self) -> Bench:
        return boot_latency_bench(self.drivers, self.svds, self.device, self.model)


@dataclass(frozen=True)
class Cell:
    """One measurement: `count` interrupts on a line with a handler of that form, under a load."""

    options: BoardOptions
    line: str
    load: Load
    count: int
    schedule: Schedule
    form: str = SMALLTALK


def cells_of(
    boards: Iterable[BoardOptions], lines: Sequence[str], forms: Sequence[str], loads: Sequence[Load], count: int,
    schedule: Schedule,
) -> list[Cell]:  # fmt: skip
    """By model first: a worker boots each board once."""
    return [
        Cell(options, line, load, count, schedule, form)
        for options, line, form, load in product(boards, lines, forms, loads)
    ]


_booted = threading.local()


def booted(options: BoardOptions) -> Bench:
    """The board of these options as it was when it had booted, made once in each thread, the last one kept."""
    if getattr(_booted, "options", None) != options:
        _booted.options = None
        _booted.bench = options.boot()
        _booted.start = _booted.bench.board.snapshot()
        _booted.options = options
    bench: Bench = _booted.bench
    start: Snapshot = _booted.start
    bench.board.restore(start)
    bench.board.cold_line = None
    bench.console.prompt.abandon()
    return bench


def measure_cell(cell: Cell, progress: Callable[[int], None] = lambda _: None) -> Row:
    """Raises UserError when an interrupt is not served, or when there is no such board."""
    try:
        bench = booted(cell.options)
    except (BoardError, DeviceFailure) as error:  # which cannot come back from another process
        raise UserError(str(error)) from error
    subject = subject_named(bench, cell.line, cell.form)
    line = subject.line(bench.board)
    start_load(bench, subject, cell.load)
    before = counts_of(bench, line)
    interrupts = measure_interrupts(bench, subject, cell, progress)
    counts = counts_of(bench, line) - before + storms_of(bench)
    spread = Distribution.of(each.latency for each in interrupts)
    worst = worst_of(interrupts, bench.source_map, bench.board)
    return Row(cell.options.model, cell.line, subject.form, cell.load.name, spread, worst, counts)


def measure_interrupts(
    bench: Bench, subject: Subject, cell: Cell, progress: Callable[[int], None] = lambda _: None
) -> list[Interrupt]:
    """With the load running already."""
    board = bench.board
    watched = watched_addresses(bench.source_map)
    laboratory = Laboratory(board, subject.line(board), subject.injector(board), watched, cell.schedule)
    try:
        return laboratory.measure(cell.count, progress)
    except NotServed as error:
        raise UserError(f"{cell.line} under {cell.load.name}: {error}\n{board.fault_report()}", exit_code=1) from error


def measure_cells(
    cells: Sequence[Cell], executor: Executor | None = None, progress: Callable[[int], None] = lambda _: None
) -> list[Row]:
    """A row for each cell, in order; without an executor one after the other, here. `progress` hears interrupts."""
    if executor is None:
        return [measure_cell(cell, progress) for cell in cells]
    return side_by_side(measure_cell, cells, executor, progress)


class Counted(Protocol):
    """Something to measure that has `count` interrupts."""

    @property
    def count(self) -> int: ...


Task = TypeVar("Task", bound=Counted)


def side_by_side(
    measure: Callable[[Task], Result], tasks: Sequence[Task], executor: Executor | None,
    progress: Callable[[int], None],
) -> list[Result]:  # fmt: skip
    """What `measure` answers for each task, in order. `progress` hears the interrupts of each that is done."""
    if executor is None:
        results = []
        for task in tasks:
            results.append(measure(task))
            progress(task.count)
        return results
    running = {executor.submit(measure, task): task for task in tasks}
    try:
        for future in as_completed(running):
            future.result()
            progress(running[future].count)
    finally:
        for future in running:
            future.cancel()
    return [future.result() for future in running]


@contextmanager
def workers_with_bar(
    workers: int, tasks: Sequence[Counted], console: Console
) -> Iterator[tuple[Executor | None, Callable[[int], None]]]:
    """At most so many processes (None for one, which needs no other than this), and a bar that shows progress."""
    with ExitStack() as stack:
        executor = None
        if min(workers, len(tasks)) > 1:
            executor = stack.enter_context(ProcessPoolExecutor(min(workers, len(tasks)), get_context("spawn")))
        bar = stack.enter_context(Progress(console=console, transient=True, disable=not console.is_terminal))
        interrupts = bar.add_task("interrupts", total=sum(task.count for task in tasks))
        yield executor, lambda count: bar.advance(interrupts, count)
