"""The boards and processes that share the instructions of a collection."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from hardtalk.bench import BootOptions
from hardtalk.bench.errors import BenchError, UnfitRequest
from hardtalk.bench.firmware import firmware_hash, study_folder
from hardtalk.board import Board, Snapshot
from hardtalk.injection.beginning import collecting, instructions_of_collection
from hardtalk.injection.collection import CollectionSweep, Injection
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.machine import NotReadable
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort, shared_out
from hardtalk.vm.codes import PHASE_NAMES

POINTS_IN_A_TASK: Final = 10_000
PROGRAMS: Final = {"collecting": "startCollecting", "working": "startWorking"}
"""A program that asks for one collection after the other, and one that works while memory is collected."""


@dataclass(frozen=True)
class CollectionRecipe:
    """The options that make a board right before a collection, the same in every process. The methods of the classes
    `compiled` are machine code."""

    program: str
    heap_bytes: int
    model: str
    complete_every: int = 16
    compiled: tuple[str, ...] = ()

    def __call__(self) -> "Prepared":
        bench = boot_settled(injection_options(self.heap_bytes, self.model, self.compiled))
        counts = int(bench.console.evaluate(f"InjectionWorkload {PROGRAMS[self.program]}"))
        try:
            start = collecting(bench.board)
        except NotReadable as error:
            raise BenchError(f"hardtalk inject: {error}") from error
        instructions = instructions_of_collection(bench.board, start)
        return Prepared(bench.board, start, counts, instructions, firmware_hash(bench.firmware.elf))


@dataclass(frozen=True)
class Prepared:
    """A board at the instruction before a collection of so many; `counts` is the address of the workload's counts."""

    board: Board
    start: Snapshot
    counts: int
    instructions: int
    firmware: str


@dataclass
class CollectionResult:
    """Everything that was found in a range of a collection's instructions; `is_whole` unless Control-C came."""

    recipe: CollectionRecipe
    instructions: int
    firmware: str
    seconds: float = 0
    found: Injection = field(default_factory=Injection)
    is_whole: bool = True


def injection_options(heap_bytes: int, model: str, compiled: tuple[str, ...] = ()) -> BootOptions:
    """A board with the workloads that are interrupted."""
    return BootOptions((study_folder("injection"),), model=model, heap_bytes=heap_bytes, compiled=compiled)


@lru_cache(maxsize=1)
def prepared_by(recipe: CollectionRecipe) -> Prepared:
    return recipe()


def interrupt_part(recipe: CollectionRecipe, first: int, count: int) -> Injection:
    """In whatever process: `count` instructions from `first` on."""
    prepared = prepared_by(recipe)
    sweep = CollectionSweep(prepared.board, prepared.start, prepared.counts, recipe.complete_every)
    return sweep.run(first, count)


def interrupt_collection(
    recipe: CollectionRecipe,
    first: int,
    count: int | None,
    executor: Executor,
    progress: Callable[[str, int, int], None] = lambda program, done, total: None,
) -> CollectionResult:
    """Interrupt `count` instructions (None: all the rest) of a collection, the first one `first` after its start.
    Raises CutShort, with what was found before, when Control-C comes."""
    prepared = prepared_by(recipe)
    total = prepared.instructions - first
    if total <= 0:
        raise UnfitRequest(f"--first {first:,}: the collection has {prepared.instructions:,} instructions")
    total = total if count is None else min(count, total)
    result = CollectionResult(recipe, prepared.instructions, prepared.firmware)
    began = time.monotonic()

    def take(_number: int, found: Injection, is_whole: bool) -> None:
        result.found.add(found)
        if is_whole:
            progress(recipe.program, result.found.points, total)
        if result.found.violation:
            raise _Enough

    tasks = [(recipe, start, size) for start, size in parts(first, total)]
    try:
        shared_out(executor, interrupt_part, tasks, take)
    except _Enough:
        pass
    except CutShort:
        result.is_whole = False
        result.seconds = time.monotonic() - began
        raise CutShort([result] if result.found.points else ()) from None
    result.seconds = time.monotonic() - began
    return result


class _Enough(Exception):
    """The first violation ends it."""


def parts(first: int, count: int, size: int = POINTS_IN_A_TASK) -> Iterator[tuple[int, int]]:
    for start in range(first, first + count, size):
        yield start, min(size, first + count - start)


def chosen_programs(program: str) -> tuple[str, ...]:
    """Those that a name means: one, or both."""
    if program == "both":
        return tuple(PROGRAMS)
    if program not in PROGRAMS:
        remedy = f"Choose one of {', '.join(PROGRAMS)}, both."
        raise UnfitRequest(f"--program {program}: there is no such program", remedy)
    return (program,)


def add_collection(report: Report, result: CollectionResult) -> None:
    report.load = ",".join(each for each in (report.load, result.recipe.program) if each)
    report.firmware = result.firmware
    name, found = result.recipe.program, result.found
    report.add(f"{name}.instructions", result.instructions, "instructions")
    report.add(f"{name}.points", found.points, "points")
    for phase in PHASE_NAMES:
        report.add(f"{name}.points.{phase}", found.phases[phase], "points")
        report.add(f"{name}.audits.{phase}", found.audited[phase], "audits")
    report.add(f"{name}.outcomes", found.outcomes, "outcomes")
    report.add(f"{name}.completed", found.completed, "outcomes")
    report.add(f"{name}.violations", int(bool(found.violation)), "violations")
