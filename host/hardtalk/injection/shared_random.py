"""Interrupts at random cycles under every load, in both forms, shared over processes."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from hardtalk.bench import Bench, BootOptions, KeptBoard
from hardtalk.injection.random_interrupts import RandomInterrupts, Storm
from hardtalk.latency.activity import activity_at
from hardtalk.latency.laboratory import Laboratory, Schedule
from hardtalk.latency.loaded_board import boot_latency_bench, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import FORMS, SUBJECTS, subject_named
from hardtalk.report.figures import Report
from hardtalk.symbols.moments import watched_addresses
from hardtalk.tasks.side_by_side import CutShort, shared_in_order

SHORTEST_GAP_CYCLES, LONGEST_GAP_CYCLES = 500, 6_000


@dataclass(frozen=True)
class StormTask:
    """So many interrupts of one line in one form under one load."""

    line: str
    form: str
    load: Load
    count: int
    seed: int
    model: str

    @property
    def name(self) -> str:
        return f"{self.form}.{self.line}.{self.load.name}"


@dataclass
class StormRow:
    """What a task gave; `activity` is what ran when the worst one was raised."""

    task: StormTask
    firmware: str
    hertz: int
    storm: Storm
    activity: str


@lru_cache(maxsize=1)
def booted(model: str) -> tuple[Bench, KeptBoard]:
    bench = boot_latency_bench(BootOptions(model=model))
    return bench, bench.console.keep()


def run_task(task: StormTask) -> StormRow:
    """Raises CutShort with a row of the interrupts before Control-C."""
    bench, kept = booted(task.model)
    bench.console.put_back(kept)
    subject = subject_named(bench, task.line, task.form)
    start_load(bench, subject, task.load)
    schedule = Schedule(task.seed, SHORTEST_GAP_CYCLES, LONGEST_GAP_CYCLES)
    watched = watched_addresses(bench.source_map)
    laboratory = Laboratory(bench.board, subject.line(bench.board), subject.injector(bench.board), watched, schedule)
    try:
        return row_of(task, bench, RandomInterrupts(laboratory).run(task.count))
    except CutShort as cut:
        raise CutShort([row_of(task, bench, storm) for storm in cut.done]) from None


def row_of(task: StormTask, bench: Bench, storm: Storm) -> StormRow:
    activity = str(activity_at(bench.source_map, bench.board, storm.worst)) if storm.worst is not None else ""
    return StormRow(task, bench.firmware_hash, bench.board.chip.cpu_hertz, storm, activity)


def tasks_for(count: int, seed: int, model: str, loads: Sequence[Load]) -> list[StormTask]:
    """`count` interrupts in all, shared by every line, form and one of the loads: the same number each, rounded up."""
    rows = list(product(SUBJECTS, FORMS, loads))
    each = -(-count // len(rows))
    return [StormTask(line, form, load, each, seed + number, model) for number, (line, form, load) in enumerate(rows)]


def storm_all(
    executor: Executor, tasks: Sequence[StormTask], finished: Callable[[StormRow], None] = lambda _: None
) -> tuple[list[StormRow], float]:
    """The rows in the order of the tasks, and the seconds that they took. Raises CutShort, with those that there are,
    when Control-C comes; `finished` has heard of them."""
    return shared_in_order(executor, run_task, tasks, finished)


def add_storms(report: Report, rows: Sequence[StormRow]) -> None:
    report.load = ",".join(each for each in (report.load, "random") if each)
    for row in rows:
        report.firmware = row.firmware
        report.add(f"{row.task.name}.count", row.storm.count, "interrupts")
        report.add(f"{row.task.name}.max.cycles", max(row.storm.latencies, default=0), "cycles")
        report.add(f"{row.task.name}.entries", row.storm.entries, "interrupts")
        report.add(f"{row.task.name}.violations", int(bool(row.storm.violation)), "violations")
