"""The boards and processes that share the moments of all sweeps."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
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
from hardtalk.tasks.side_by_side import CutShort, shared_in_order


@dataclass(frozen=True)
class SweepTask:
    """All rows of one sweep, `count` moments each. The methods of the classes `compiled` are machine code."""

    sweep: str
    count: int
    model: str
    compiled: tuple[str, ...] = ()


@dataclass
class SweepResult:
    """What each row gave, in order; `is_whole` unless Control-C came."""

    task: SweepTask
    firmware: str
    rows: list[tuple[Row, Moments]]
    is_whole: bool = True

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
    """Raises CutShort with the moments before Control-C."""
    bench, kept = booted(task.model, task.compiled)
    bench.console.put_back(kept)
    rows = rows_of(bench, task.sweep)
    moments = moments_of(-(-task.count // len(rows)))
    result = SweepResult(task, bench.firmware_hash, [])
    for row in rows:
        try:
            result.rows.append((row, run_row(row, moments, task)))
        except KeyboardInterrupt as interrupt:
            result.is_whole = False
            result.rows += [(row, each) for each in (interrupt.done if isinstance(interrupt, CutShort) else ())]
            raise CutShort([result] if result.rows else ()) from None
    return result


def tasks_of(count: int, model: str, names: Sequence[str] = (), compiled: tuple[str, ...] = ()) -> list[SweepTask]:
    """`count` moments of each of these sweeps, of all if none is named, shared evenly by a sweep's rows, rounded up."""
    return [SweepTask(name, count, model, compiled) for name in chosen_sweeps(names, sweep_names())]


def sweep_all(
    executor: Executor, tasks: Sequence[SweepTask], finished: Callable[[SweepResult], None] = lambda _: None
) -> tuple[list[SweepResult], float]:
    """The sweeps in the order of the tasks, and the seconds that they took. Raises CutShort, with those that there are,
    when Control-C comes; `finished` has heard of them."""
    return shared_in_order(executor, run_sweep, tasks, finished)


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
