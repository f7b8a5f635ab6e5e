"""Raises a line at every instruction of a window, from the same state each time: the maximum is exact for that window.

The points of a window do not depend on each other, so they are tried side by side over any executor of
`concurrent.futures`. A recipe makes the board anew wherever it is needed; it must be the same board every time.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from typing import Protocol

from hardtalk.board import Board, StopReason
from hardtalk.board.journal import Journal
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.symbols.moment import Moment
from hardtalk.tasks.side_by_side import CutShort, beginning_done, handing_over

POINTS_IN_A_TASK = 100
LONGEST_PASS_INSTRUCTIONS = 200_000


@dataclass(frozen=True)
class Window:
    """The instructions `first` up to but not including `end`, counted from where the recipe's board is."""

    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first

    def parts(self, size: int) -> Iterator["Window"]:
        for first in range(self.first, self.end, size):
            yield Window(first, min(first + size, self.end))


@dataclass(frozen=True)
class Prepared:
    """A board that runs its load, the line to raise and how, and what to watch (see Laboratory); `printed` answers what
    the board has said since."""

    board: Board
    line: int
    inject: Callable[[], None]
    watched: Mapping[Moment, Collection[int]]
    printed: Callable[[], list[str]] = list


class Recipe(Protocol):
    """Makes a board in the state from which windows are counted. Hashable, and picklable for other processes."""

    def __call__(self) -> Prepared: ...


@dataclass(frozen=True)
class Point:
    """The interrupt whose line was raised when `instruction` instructions of the window's count had been executed."""

    instruction: int
    interrupt: Interrupt


_made = threading.local()


def prepared_by(recipe: Recipe) -> Prepared:
    """The recipe's board, made once in each thread, as the recipe left it."""
    if getattr(_made, "recipe", None) != recipe:
        _made.prepared = recipe()
        _made.start = _made.prepared.board.snapshot()
        _made.recipe = recipe
    prepared: Prepared = _made.prepared
    prepared.board.restore(_made.start)
    return prepared


def sweep_part(recipe: Recipe, window: Window) -> list[Point]:
    """Try each point of a window, one after the other. Raises CutShort with those before Control-C."""
    points: list[Point] = []
    try:
        try_points(recipe, window, points)
    except KeyboardInterrupt:
        raise CutShort(points) from None
    return points


def try_points(recipe: Recipe, window: Window, points: list[Point]) -> None:
    """Each goes to `points`."""
    prepared = prepared_by(recipe)
    board = prepared.board
    board.trace.is_kept = False
    initial = board.snapshot()
    laboratory = laboratory_of(prepared)
    with Journal(board) as journal, laboratory.listening():
        start = journal.mark()
        origin = 0
        for number in range(window.first, window.end):
            # Stepping cuts a block in two, which may be charged otherwise: every partition cuts at the same places.
            if number // POINTS_IN_A_TASK * POINTS_IN_A_TASK != origin:
                origin = number // POINTS_IN_A_TASK * POINTS_IN_A_TASK
                journal.restore(initial)
                step_to(board, origin, origin)
                journal.forget()
                start = journal.mark()
            journal.back(start)
            step_to(board, number - origin, number)
            points.append(Point(number, served_now(prepared, laboratory)))


def served_now(prepared: Prepared, laboratory: Laboratory) -> Interrupt:
    """Raises NotServed, with what the board has said of it."""
    try:
        return laboratory.next_now(prepared.inject)
    except NotServed as error:
        raise NotServed("\n".join([*prepared.printed(), str(error)])) from None


def step_to(board: Board, count: int, number: int) -> None:
    stop = board.step(count) if count else None
    if stop is not None and stop.reason is not StopReason.INSTRUCTIONS:
        raise NotServed(f"the board stopped before instruction {number:,} of the window: {stop.reason}")


def one_interrupt(prepared: Prepared) -> Interrupt:
    """Raise the line now and run until it is served."""
    laboratory = laboratory_of(prepared)
    with laboratory.listening():
        return laboratory.next_now(prepared.inject)


def laboratory_of(prepared: Prepared) -> Laboratory:
    return Laboratory(prepared.board, prepared.line, None, prepared.watched, Schedule(0))


def sweep(
    recipe: Recipe, window: Window, executor: Executor, progress: Callable[[int], None] = lambda _: None
) -> list[Point]:
    """All points of a window in order, tried side by side. Raises CutShort for an interrupt from the keyboard, with
    the points before the first that is missing."""
    tasks = [executor.submit(handing_over, sweep_part, recipe, part) for part in window.parts(POINTS_IN_A_TASK)]
    try:
        for task in as_completed(tasks):
            progress(len(task.result()))
    except KeyboardInterrupt:
        raise CutShort(beginning_done(tasks)) from None
    finally:
        for task in tasks:
            task.cancel()
    return sorted((point for task in tasks for point in task.result()), key=lambda point: point.instruction)


def windows_of_routine(
    prepared: Prepared, address: int, ends: Collection[int], passes: int, patience_cycles: int
) -> list[Window]:
    """The first executions of the routine at `address`, each from its first instruction to before one at `ends`.

    Fewer than `passes` when the routine is not entered often enough within `patience_cycles`.
    """
    board = prepared.board
    origin = board.instructions
    windows = []
    for _ in range(passes):
        stop = board.run_to(address, patience_cycles)
        if stop.reason is not StopReason.REACHED:
            break
        first = board.instructions - origin
        for _ in range(LONGEST_PASS_INSTRUCTIONS):
            board.step()
            if board.cpu.pc in ends:
                break
        windows.append(Window(first, board.instructions - origin))
    return windows
