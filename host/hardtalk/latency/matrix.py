"""All combinations of model, line, form and load, measured side by side over any executor of `concurrent.futures`.

Each cell is measured from the same state of its board, freshly booted, so that none depends on those before it or on
which worker measures it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from itertools import product
from typing import Protocol, TypeVar

from hardtalk.bench import Bench, BootOptions, KeptBoard, UnfitRequest
from hardtalk.board import BoardError, DeviceFailure
from hardtalk.latency.counts import counts_of, storms_of
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.latency.loaded_board import boot_latency_bench, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.rows import Row, Trouble, worst_of
from hardtalk.latency.service import ServiceWatch
from hardtalk.latency.subjects import NATIVE, SMALLTALK, Subject, subject_named
from hardtalk.symbols.moments import watched_addresses

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cell:
    """One measurement: `count` interrupts on a line with a handler of that form, under a load."""

    options: BootOptions
    line: str
    load: Load
    count: int
    schedule: Schedule
    form: str = SMALLTALK


@dataclass(frozen=True)
class LatencyPlan:
    """All combinations of boards (one for each model), lines, forms and loads."""

    boards: tuple[BootOptions, ...]
    lines: tuple[str, ...]
    forms: tuple[str, ...]
    loads: tuple[Load, ...]
    count: int
    schedule: Schedule

    @property
    def cells(self) -> list[Cell]:
        """By model first: a worker boots each board once."""
        return [
            Cell(options, line, load, self.count, self.schedule, form)
            for options, line, form, load in product(self.boards, self.lines, self.forms, self.loads)
        ]


_booted = threading.local()


def booted(options: BootOptions) -> Bench:
    """The board of these options as it was when it had booted, made once in each thread, the last one kept."""
    if getattr(_booted, "options", None) != options:
        _booted.options = None
        _booted.bench = boot_latency_bench(options)
        _booted.start = _booted.bench.console.keep()
        _booted.options = options
    bench: Bench = _booted.bench
    start: KeptBoard = _booted.start
    bench.console.put_back(start)
    bench.board.cold_line = None
    return bench


def measure_cell(cell: Cell, progress: Callable[[int], None] = lambda _: None) -> Row | Trouble:
    """A trouble when an interrupt is not served. Raises BenchError when there is no such board."""
    try:
        bench = booted(cell.options)
    except (BoardError, DeviceFailure) as error:  # which cannot come back from another process
        raise UnfitRequest(str(error)) from error
    subject = subject_named(bench, cell.line, cell.form)
    line = subject.line(bench.board)
    start_load(bench, subject, cell.load)
    before = counts_of(bench, line)
    watch = ServiceWatch(bench.board, bench.source_map, line, subject.driver, subject.form == NATIVE)
    try:
        interrupts = measure_interrupts(bench, subject, cell, progress, watch)
    except NotServed as error:
        reason = "\n".join([str(error), *bench.console.device_failures])
        return Trouble(cell.options.model, cell.line, subject.form, cell.load.name, reason, error.served)
    counts = counts_of(bench, line) - before + storms_of(bench)
    spread = Distribution.of(each.latency for each in interrupts)
    worst = worst_of(interrupts, bench.source_map, bench.board)
    row = Row(cell.options.model, cell.line, subject.form, cell.load.name, spread, worst, counts, subject.driver)
    return replace(row, is_provoked=subject.raise_soon is not None, service=watch.service())


def measure_interrupts(
    bench: Bench,
    subject: Subject,
    cell: Cell,
    progress: Callable[[int], None] = lambda _: None,
    service: ServiceWatch | None = None,
) -> list[Interrupt]:
    """With the load running already. Raises NotServed."""
    board = bench.board
    watched = watched_addresses(bench.source_map)
    laboratory = Laboratory(board, subject.line(board), subject.injector(board), watched, cell.schedule, service)
    return laboratory.measure(cell.count, progress)


def measure_cells(
    cells: Sequence[Cell], executor: Executor | None = None, progress: Callable[[int], None] = lambda _: None
) -> list[Row | Trouble]:
    """A row or a trouble for each cell, in order; without an executor one after the other, here. `progress` hears of
    interrupts."""
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
