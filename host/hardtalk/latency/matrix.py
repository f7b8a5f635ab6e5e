"""All combinations of model, line, form and load, measured side by side over any executor of `concurrent.futures`.

Each cell is measured from the same state of its board, freshly booted, so that none depends on those before it or on
which worker measures it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import product

from hardtalk.bench import Bench, BootOptions, KeptBoard, UnfitRequest
from hardtalk.board import BoardError, DeviceFailure
from hardtalk.latency.counts import counts_of, storms_of
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.latency.loaded_board import NotMeasured, boot_latency_bench, check_load, printed, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.rows import NOT_MEASURED, NOT_SERVED, Row, Trouble, worst_of
from hardtalk.latency.service import ServiceWatch
from hardtalk.latency.subjects import NATIVE, SMALLTALK, Subject, subject_named
from hardtalk.symbols.moments import watched_addresses
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, one_by_one, side_by_side


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


def measure_cell(cell: Cell, progress: Callable[[int], None] = tell) -> Row | Trouble:
    """A trouble when an interrupt is not served, or the load does not run. Raises BenchError when there is no such
    board, and CutShort with a row of those interrupts that were served before one came from the keyboard."""
    try:
        bench = booted(cell.options)
    except (BoardError, DeviceFailure) as error:  # which cannot come back from another process
        raise UnfitRequest(str(error)) from error
    subject = subject_named(bench, cell.line, cell.form)
    line = subject.line(bench.board)
    try:
        start_load(bench, subject, cell.load)
    except NotMeasured as error:
        return trouble(cell, subject, NOT_MEASURED, str(error))
    before = counts_of(bench, line)
    watch = ServiceWatch(bench.board, bench.source_map, line, subject.driver, subject.form == NATIVE)
    is_cut = False
    try:
        interrupts = measure_interrupts(bench, subject, cell, progress, watch)
    except CutShort as cut:
        interrupts, is_cut = cut.done, True
    except NotServed as error:
        reason = "\n".join([*bench.console.device_failures, *printed(bench), str(error)])
        return trouble(cell, subject, NOT_SERVED, reason, error.served)
    counts = counts_of(bench, line) - before
    try:
        check_load(bench, cell.load)
    except NotMeasured as error:
        return trouble(cell, subject, NOT_MEASURED, str(error), len(interrupts))
    counts += storms_of(bench)
    spread = Distribution.of(each.latency for each in interrupts)
    worst = worst_of(interrupts, bench.source_map, bench.board)
    row = Row(cell.options.model, cell.line, subject.form, cell.load.name, spread, worst, counts, subject.driver)
    row = replace(row, is_provoked=subject.raise_soon is not None, service=watch.service())
    if is_cut:
        raise CutShort([row])
    return row


def trouble(cell: Cell, subject: Subject, kind: str, reason: str, served: int = 0) -> Trouble:
    return Trouble(cell.options.model, cell.line, subject.form, cell.load.name, reason, served, kind)


def measure_interrupts(
    bench: Bench,
    subject: Subject,
    cell: Cell,
    progress: Callable[[int], None] = lambda _: None,
    service: ServiceWatch | None = None,
) -> list[Interrupt]:
    """With the load running already. Raises NotServed, and CutShort with the interrupts so far."""
    board = bench.board
    watched = watched_addresses(bench.source_map)
    laboratory = Laboratory(board, subject.line(board), subject.injector(board), watched, cell.schedule, service)
    return laboratory.measure(cell.count, progress)


def measure_cells(
    cells: Sequence[Cell], executor: Executor | None = None, progress: Callable[[int], None] = lambda _: None
) -> list[Row | Trouble]:
    """A row or a trouble for each cell, in order; without an executor one after the other, here. `progress` hears of
    interrupts. Raises CutShort for an interrupt from the keyboard."""
    if executor is None:
        return one_by_one(lambda cell: measure_cell(cell, progress), cells)
    return side_by_side(measure_cell, cells, executor, progress)
