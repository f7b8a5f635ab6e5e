"""What is to be interrupted, as one plan: collections, forms of interrupts, random cycles, processes; and all found."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from hardtalk.bench.errors import UnfitRequest
from hardtalk.injection.forms import HANDLERS, Window
from hardtalk.injection.shared_collection import (
    CollectionRecipe,
    CollectionResult,
    add_collection,
    interrupt_collection,
)
from hardtalk.injection.shared_forms import FormRow, add_forms, interrupt_forms
from hardtalk.injection.shared_moments import SweepResult, SweepTask, add_sweeps, sweep_all, tasks_of
from hardtalk.injection.shared_random import StormRow, StormTask, add_storms, storm_all, tasks_for
from hardtalk.latency.loads import ALL, chosen_loads, known_loads
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort

Result = TypeVar("Result")


@dataclass(frozen=True)
class InjectionPlan:
    """The programs whose collection is interrupted at every instruction, the windows that are, so many interrupts at
    random cycles under the loads of these names, so many moments of each sweep of processes. Of a collection in a heap
    of `heap_bytes` and of each window only `count` instructions from `first` on; None for all. `seed` is that of the
    first random row. In what collections and sweeps interrupt the methods of the classes `compiled` are machine code.

    Raises UnfitRequest when there is nothing to interrupt, or a number is below zero.
    """

    model: str
    programs: tuple[str, ...] = ()
    heap_bytes: int = 2 << 20
    windows: tuple[Window, ...] = ()
    first: int = 0
    count: int | None = None
    interrupts: int = 0
    seed: int = 1
    moments: int = 0
    loads: tuple[str, ...] = (ALL,)
    sweeps_named: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.programs or self.windows or self.interrupts or self.moments):
            raise UnfitRequest(
                "nothing is to be interrupted", "Give --collection, --forms, --drivers, --random or --processes."
            )
        if min(self.first, self.count or 0, self.interrupts, self.seed, self.moments) < 0:
            raise UnfitRequest("instructions, interrupts, moments and seeds are numbers from 0 on")

    @property
    def collections(self) -> list[CollectionRecipe]:
        return [
            CollectionRecipe(program, self.heap_bytes, self.model, compiled=self.compiled) for program in self.programs
        ]

    @property
    def storms(self) -> list[StormTask]:
        loads = chosen_loads(self.loads, known_loads())
        return tasks_for(self.interrupts, self.seed, self.model, loads) if self.interrupts else []

    @property
    def sweeps(self) -> list[SweepTask]:
        return tasks_of(self.moments, self.model, self.sweeps_named, self.compiled) if self.moments else []


class Listener(Protocol):
    """Hears of results as soon as they are there."""

    def points_done(self, program: str, done: int, total: int) -> None: ...

    def collection_done(self, result: CollectionResult) -> None: ...

    def window_done(self, row: FormRow) -> None: ...

    def windows_done(self, rows: Sequence[FormRow], seconds: float) -> None: ...

    def storm_done(self, row: StormRow) -> None: ...

    def storms_done(self, rows: Sequence[StormRow], seconds: float) -> None: ...

    def sweep_done(self, result: SweepResult) -> None: ...

    def sweeps_done(self, results: Sequence[SweepResult], seconds: float) -> None: ...


@dataclass
class Injected:
    """All that was found."""

    collections: list[CollectionResult] = field(default_factory=list)
    forms: list[FormRow] = field(default_factory=list)
    storms: list[StormRow] = field(default_factory=list)
    sweeps: list[SweepResult] = field(default_factory=list)

    @property
    def violations(self) -> int:
        told = [each.found.violation for each in self.collections]
        told += [row.found.violation for row in self.forms]
        told += [row.storm.violation for row in self.storms]
        told += [each.together.violation for each in self.sweeps]
        return sum(map(bool, told))


def inject(plan: InjectionPlan, executor: Executor, listener: Listener, injected: Injected) -> None:
    """Carry out the plan over any executor of `concurrent.futures`, each part into `injected`. Raises KeyboardInterrupt
    when Control-C comes; then the part that was under way is there, too, as far as it was done."""
    for recipe in plan.collections:
        try:
            result = interrupt_collection(recipe, plan.first, plan.count, executor, listener.points_done)
        except CutShort as cut:
            for result in cut.done:
                injected.collections.append(result)
                listener.collection_done(result)
            raise
        injected.collections.append(result)
        listener.collection_done(result)
    if plan.windows:

        def forms() -> tuple[list[FormRow], float]:
            window_done, handlers = listener.window_done, HANDLERS
            return interrupt_forms(executor, plan.model, plan.windows, handlers, plan.first, plan.count, window_done)

        carry_out(forms, injected.forms, listener.windows_done)
    if plan.interrupts:
        carry_out(lambda: storm_all(executor, plan.storms, listener.storm_done), injected.storms, listener.storms_done)
    if plan.moments:
        carry_out(lambda: sweep_all(executor, plan.sweeps, listener.sweep_done), injected.sweeps, listener.sweeps_done)


def carry_out(
    work: Callable[[], tuple[list[Result], float]],
    found: list[Result],
    done: Callable[[Sequence[Result], float], None],
) -> None:
    """What the work answers goes to `found`, also what there was of it when Control-C came; `done` hears of all of it,
    and of the seconds that it took."""
    began = time.monotonic()
    try:
        results, seconds = work()
    except CutShort as cut:
        found += cut.done
        if found:
            done(found, time.monotonic() - began)
        raise
    found += results
    done(found, seconds)


def injection_report(plan: InjectionPlan, injected: Injected) -> Report:
    """All figures."""
    report = Report("inject", plan.model, "", plan.seed, "")
    for result in injected.collections:
        add_collection(report, result)
    if plan.windows:
        add_forms(report, injected.forms)
    if plan.interrupts:
        add_storms(report, injected.storms)
    if plan.moments:
        add_sweeps(report, injected.sweeps)
    return report
