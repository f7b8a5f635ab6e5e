"""`hardtalk inject --random`: interrupts at random cycles under every load, in both forms, shared over processes."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from rich.console import Console

from hardtalk.board import Snapshot
from hardtalk.cli.boards import Bench
from hardtalk.cli.latency_activity import activity_at
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_loads import Load, known_loads
from hardtalk.cli.latency_subjects import FORMS, SUBJECTS, subject_named
from hardtalk.cli.moments import watched_addresses
from hardtalk.injection.random_interrupts import RandomInterrupts, Storm
from hardtalk.latency.laboratory import Laboratory, Schedule
from hardtalk.report.durations import microseconds
from hardtalk.report.figures import Report

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
def booted(model: str) -> tuple[Bench, Snapshot]:
    bench = boot_latency_bench(model=model)
    return bench, bench.board.snapshot()


def run_task(task: StormTask) -> StormRow:
    bench, snapshot = booted(task.model)
    bench.board.restore(snapshot)
    bench.console.prompt.abandon()
    subject = subject_named(bench, task.line, task.form)
    start_load(bench, subject, task.load)
    schedule = Schedule(task.seed, SHORTEST_GAP_CYCLES, LONGEST_GAP_CYCLES)
    watched = watched_addresses(bench.source_map)
    laboratory = Laboratory(bench.board, subject.line(bench.board), subject.injector(bench.board), watched, schedule)
    storm = RandomInterrupts(laboratory).run(task.count)
    activity = str(activity_at(bench.source_map, bench.board, storm.worst)) if storm.worst is not None else ""
    return StormRow(task, bench.firmware_hash, bench.board.chip.cpu_hertz, storm, activity)


def tasks_for(count: int, seed: int, model: str, loads: Sequence[Load] | None = None) -> list[StormTask]:
    """`count` interrupts in all, shared by every line, form and load: the same number each, rounded up."""
    rows = list(product(SUBJECTS, FORMS, loads if loads is not None else known_loads().values()))
    each = -(-count // len(rows))
    return [StormTask(line, form, load, each, seed + number, model) for number, (line, form, load) in enumerate(rows)]


def storm_all(
    executor: Executor, tasks: Sequence[StormTask], finished: Callable[[StormRow], None] = lambda _: None
) -> tuple[list[StormRow], float]:
    """The rows in the order of the tasks, and the seconds that they took."""
    began = time.monotonic()
    futures = [executor.submit(run_task, task) for task in tasks]
    for future in as_completed(futures):
        finished(future.result())
    return [future.result() for future in futures], time.monotonic() - began


class StormLine:
    """A line for each row that is done."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __call__(self, row: StormRow) -> None:
        storm = row.storm
        worst = f"worst {max(storm.latencies):,} cycles" if storm.latencies else "none served"
        text = f"{row.task.name}: {storm.count:,} interrupts, {storm.entries:,} entries, {worst}"
        self.console.print(f"{text}: {storm.violation or 'all counted'}", highlight=False, soft_wrap=True, markup=False)


def storm_summary(rows: Sequence[StormRow], seconds: float) -> list[str]:
    """All together, and the worst of each form."""
    count = sum(row.storm.count for row in rows)
    wrong = sum(bool(row.storm.violation) for row in rows)
    lines = [
        f"random: {count:,} interrupts in {seconds:.0f} s ({count / max(seconds, 1e-9):,.0f} a second), "
        f"{sum(row.storm.entries for row in rows):,} entries, {wrong} of {len(rows)} rows with a violation"
    ]
    for form in FORMS:
        served = [row for row in rows if row.task.form == form and row.storm.latencies]
        if served:
            worst = max(served, key=lambda row: max(row.storm.latencies))
            cycles = max(worst.storm.latencies)
            where = f"{worst.task.line} under {worst.task.load.name}, was in: {worst.activity}"
            lines.append(f"  worst {form}: {cycles:,} cycles = {microseconds(cycles, worst.hertz)} on {where}")
    return lines


def add_storms(report: Report, rows: Sequence[StormRow]) -> None:
    report.load = ",".join(each for each in (report.load, "random") if each)
    for row in rows:
        report.firmware = row.firmware
        report.add(f"{row.task.name}.count", row.storm.count, "interrupts")
        report.add(f"{row.task.name}.max.cycles", max(row.storm.latencies, default=0), "cycles")
        report.add(f"{row.task.name}.entries", row.storm.entries, "interrupts")
        report.add(f"{row.task.name}.violations", int(bool(row.storm.violation)), "violations")
