"""Windows of instructions to sweep: given by number, or by the routine that runs in them."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from hardtalk.bench import Bench, BootOptions, UnfitRequest
from hardtalk.board import Board, StopReason
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.laboratory import NotServed
from hardtalk.latency.loaded_board import NotMeasured, Unmeasured, boot_latency_bench, printed, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.rows import add_distribution
from hardtalk.latency.subjects import SMALLTALK, Subject, subject_named
from hardtalk.latency.sweep import Point, Prepared, Window, prepared_by, sweep, windows_of_routine
from hardtalk.report.figures import Report
from hardtalk.symbols.bytecode_routines import bytecode_routines
from hardtalk.symbols.moments import watched_addresses
from hardtalk.symbols.source_map import SourceMap
from hardtalk.tasks.side_by_side import CutShort

PATIENCE_CYCLES = 200_000_000
_NUMBERS = re.compile(r"(\d+):(\d+)")
_ROUTINE = re.compile(r"(?P<symbol>.+?)(?:\*(?P<passes>\d+))?")


@dataclass(frozen=True)
class BenchRecipe:
    """The options that make a board with a load running on it, the same in every process."""

    board: BootOptions
    line: str
    load: Load
    form: str = SMALLTALK

    def __call__(self) -> Prepared:
        bench, subject = self.bench()
        start_load(bench, subject, self.load)
        inject = subject.immediate_injector(bench.board) or self._withheld(bench.board, subject.line(bench.board))
        watched = watched_addresses(bench.source_map)
        return Prepared(bench.board, subject.line(bench.board), inject, watched, partial(printed, bench))

    def _withheld(self, board: Board, line: int) -> Callable[[], None]:
        """Run until the device would raise its line, which is kept from it; letting it through is what raises it."""
        device = board.device_set.of_line(line)
        assert device is not None
        board.run(PATIENCE_CYCLES, lambda: not device.line.level)  # what is being served already
        board.withhold_line(line)
        stop = board.run(PATIENCE_CYCLES, lambda: device.line.level)
        if stop.reason is not StopReason.UNTIL:
            raise UnfitRequest(
                f"--line {self.line}: its device did not raise it within {PATIENCE_CYCLES:,} cycles",
                "Give the device a method provoke, or its driver one that asks it for an interrupt.",
            )
        return partial(board.let_line_through, line)

    def bench(self) -> tuple[Bench, Subject]:
        bench = boot_latency_bench(self.board)
        return bench, subject_named(bench, self.line, self.form)


@dataclass(frozen=True)
class Swept:
    """All points of some windows under one load."""

    recipe: BenchRecipe
    windows: tuple[Window, ...]
    points: list[Point]
    bench: Bench
    form: str

    def with_window(self, window: Window, points: Sequence[Point]) -> "Swept":
        return replace(self, windows=(*self.windows, window), points=[*self.points, *points])

    @property
    def spread(self) -> Distribution:
        return Distribution.of(point.interrupt.latency for point in self.points)

    @property
    def worst(self) -> Point:
        return max(self.points, key=lambda point: (point.interrupt.latency, -point.instruction))


@dataclass(frozen=True)
class SweepPlan:
    """A window, as START:END in instructions since the load was started or as a routine by its symbol (SYMBOL or
    SYMBOL*PASSES), to sweep on each line, in each form, under each load."""

    window: str
    board: BootOptions
    lines: tuple[str, ...]
    forms: tuple[str, ...]
    loads: tuple[Load, ...]

    @property
    def recipes(self) -> list[BenchRecipe]:
        return [
            BenchRecipe(self.board, line, load, form)
            for line, form, load in product(self.lines, self.forms, self.loads)
        ]


def sweep_windows(
    plan: SweepPlan, executor: Executor, bar: Callable[[str, int], Callable[[int], None]]
) -> list[Swept | Unmeasured]:
    """Sweep all of them; a load that does not run is told of in its place. `bar` is told of each by name and number
    of points, and answers who hears of those done. Raises CutShort, with those before and the window's part that is
    done, for an interrupt from the keyboard."""
    bench, _ = plan.recipes[0].bench()
    swept: list[Swept | Unmeasured] = []
    for recipe in plan.recipes:
        form = subject_named(bench, recipe.line, recipe.form).form
        done = Swept(recipe, (), [], bench, form)
        try:
            windows = windows_of(plan.window, recipe, bench.source_map)
            progress = bar(f"{recipe.line} {recipe.load.name}", sum(map(len, windows)))
            for window in windows:
                done = done.with_window(window, sweep(recipe, window, executor, progress))
        except NotServed as error:
            swept.append(Unmeasured(recipe.board.model, recipe.load.name, f"load {recipe.load.name}: {error}"))
            continue
        except NotMeasured as error:
            swept.append(Unmeasured(recipe.board.model, recipe.load.name, str(error)))
            continue
        except KeyboardInterrupt as interrupt:
            if isinstance(interrupt, CutShort) and interrupt.done:
                done = done.with_window(Window(window.first, window.first + len(interrupt.done)), interrupt.done)
            raise CutShort([*swept, done] if done.points else swept) from None
        swept.append(done)
    return swept


def windows_of(text: str, recipe: BenchRecipe, source_map: SourceMap) -> list[Window]:
    """START:END, or the executions of a routine: SYMBOL, SYMBOL*3."""
    numbers = _NUMBERS.fullmatch(text)
    if numbers is not None:
        window = Window(int(numbers[1]), int(numbers[2]))
        if window.end <= window.first:
            raise UnfitRequest(f"{text}: the window is empty", "START:END with END above START.")
        return [window]
    routine = _ROUTINE.fullmatch(text)
    assert routine is not None
    address = source_map.address_of(routine["symbol"])
    if address is None or not source_map.is_code(address):
        near = [name for name in source_map.names if routine["symbol"].lower() in name.lower()][:5]
        raise UnfitRequest(
            f"{text}: the firmware has no routine {routine['symbol']}",
            f"Near it: {', '.join(near)}." if near else "hardtalk explain finds symbols.",
        )
    passes = int(routine["passes"] or 1)
    windows = windows_of_routine(prepared_by(recipe), address, bytecode_routines(source_map), passes, PATIENCE_CYCLES)
    if not windows:
        raise NotMeasured(f"load {recipe.load.name}: it does not run {text} within {PATIENCE_CYCLES:,} cycles")
    return windows


def sweep_report(swept: Sequence[Swept], deadline_cycles: int) -> Report:
    first = swept[0]
    loads = ",".join(each.recipe.load.name for each in swept)
    report = Report("latency", first.recipe.board.model, loads, 0, first.bench.firmware_hash)
    for each in swept:
        name = f"{each.form}.{each.recipe.line}.{each.recipe.load.name}.sweep"
        add_distribution(report, name, each.spread, deadline_cycles)
        report.add(f"{name}.points", len(each.points), "points")
        report.add(f"{name}.first", each.windows[0].first, "instructions")
        report.add(f"{name}.end", each.windows[-1].end, "instructions")
    return report
