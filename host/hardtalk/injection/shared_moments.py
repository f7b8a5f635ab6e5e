"""The boards and processes that share the moments of all sweeps."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from hardtalk.bench import Bench, KeptBoard, boot
from hardtalk.injection.moments import (
    Moments,
    MomentSweep,
    Row,
    chosen_sweeps,
    moments_of,
    process_options,
    rows_of,
    sweep_names,
)
from hardtalk.report.figures import Report


@dataclass(frozen=True)
class SweepTask:
    """All rows of one sweep, `count` moments each. The methods of the classes `compiled` are machine code."""

    sweep: str
    count: int
    model: str
    compiled: tuple[str, ...] = ()


@dataclass
class SweepResult:
    """What each row gave, in order."""

    task: SweepTask
    firmware: str
    rows: list[tuple[Row, Moments]]

    @property
    def together(self) -> Moments:
        total = Moments()
        for _, found in self.rows:
            total.add(found)
        return total


@lru_cache(maxsize=1)
def booted(model: str, compiled: tuple[str, ...]) -> tuple[Bench, KeptBoard]:
    bench = boot(process_options(model, compiled=compiled))
    return bench, bench.console.keep()


def run_row(row: Row, moments: range, task: SweepTask) -> Moments:
    bench, kept = booted(task.model, task.compiled)
    return MomentSweep(bench, kept, row).run(moments)


def run_sweep(task: SweepTask) -> SweepResult:
    bench, kept = booted(task.model, task.compiled)
    bench.console.put_back(kept)
    rows = rows_of(bench, task.sweep)
    moments = moments_of(-(-task.count // len(rows)))
    return SweepResult(task, bench.firmware_hash, [(row, run_row(row, moments, task)) for row in rows])


def tasks_of(count: int, model: str, names: Sequence[str] = (), compiled: tuple[str, ...] = ()) -> list[SweepTask]:
    """`count` moments of each of these sweeps, of all if none is named, shared evenly by a sweep's rows, rounded up."""
    return [SweepTask(name, count, model, compiled) for name in chosen_sweeps(names, sweep_names())]


def sweep_all(
    executor: Executor, tasks: Sequence[SweepTask], finished: Callable[[SweepResult], None] = lambda _: None
) -> tuple[list[SweepResult], float]:
    """The sweeps in the order of the tasks, and the seconds that they took."""
    began = time.monotonic()
    futures = [executor.submit(run_sweep, task) for task in tasks]
    for future in as_completed(futures):
        finished(future.result())
    return [future.result() for future in futures], time.monotonic() - began


def by_action(result: SweepResult) -> dict[str, Moments]:
    """The rows of each action together."""
    found: dict[str, Moments] = {}
    for action, rows in groupby(result.rows, key=lambda each: each[0].action):
        total = found.setdefault(action, Moments())
        for _, moments in rows:
            total.add(moments)
    return found


def add_sweeps(report: Report, results: Sequence[SweepResult]) -> None:
    report.load = ",".join(each for each in (report.load, "processes") if each)
    for result in results:
        report.firmware = result.firmware
        for action, moments in by_action(result).items():
            report.add(f"{result.task.sweep}.{action}.moments", moments.tried, "moments")
            report.add(f"{result.task.sweep}.{action}.faults", len(moments.faults), "moments")
