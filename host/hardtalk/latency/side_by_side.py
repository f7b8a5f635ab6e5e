"""Tasks measured side by side over any executor of `concurrent.futures`, and what remains when Control-C comes."""

import signal
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed, wait
from typing import Any, Final, Protocol, TypeVar

from hardtalk.board.interruption import interrupts_handled

SECONDS_TO_STOP: Final = 1.5
"""For workers to hand over what they have, before they are ended."""


class Counted(Protocol):
    """Something to measure that has `count` interrupts."""

    @property
    def count(self) -> int: ...


Task = TypeVar("Task", bound=Counted)
Result = TypeVar("Result")


class CutShort(KeyboardInterrupt):
    """Control-C came. `done` is what was measured before, in the order of the tasks."""

    def __init__(self, done: Iterable[Any] = ()) -> None:
        super().__init__(list(done))

    @property
    def done(self) -> list[Any]:
        found: list[Any] = self.args[0]
        return found


def side_by_side(
    measure: Callable[[Task], Result], tasks: Sequence[Task], executor: Executor | None,
    progress: Callable[[int], None],
) -> list[Result]:  # fmt: skip
    """What `measure` answers for each task, in order. `progress` hears the interrupts of each that is done. Raises
    CutShort for an interrupt from the keyboard."""
    if executor is None:

        def counted(task: Task) -> Result:
            result = measure(task)
            progress(task.count)
            return result

        return one_by_one(counted, tasks)
    running: dict[Future[Result], Task] = {}
    try:
        running.update((executor.submit(in_worker, measure, task), task) for task in tasks)
        for future in as_completed(running):
            future.result()
            progress(running[future].count)
    except KeyboardInterrupt:
        raise CutShort(what_is_done(running)) from None
    finally:
        for future in running:
            future.cancel()
    return [future.result() for future in running]


def one_by_one(measure: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """What `measure` answers for each task. Raises CutShort, with what `measure` itself had so far."""
    results: list[Result] = []
    try:
        for task in tasks:
            results.append(measure(task))
    except CutShort as cut:
        raise CutShort([*results, *cut.done]) from None
    except KeyboardInterrupt:
        raise CutShort(results) from None
    return results


_is_interrupted = False


def in_worker(measure: Callable[[Task], Result], task: Task) -> Result:
    """What `measure` answers. A worker ignores Control-C but for here, so that it can tell what it has; afterwards it
    begins nothing more."""
    global _is_interrupted
    if _is_interrupted:
        raise CutShort
    try:
        with interrupts_handled(signal.default_int_handler):
            return measure(task)
    except KeyboardInterrupt as interrupt:
        _is_interrupted = True
        raise CutShort(interrupt.done if isinstance(interrupt, CutShort) else ()) from None


def what_is_done(futures: Collection["Future[Any]"]) -> list[Any]:
    """After Control-C: all results, and what the workers had so far."""
    begun = [each for each in futures if not each.cancel()]
    wait(begun, SECONDS_TO_STOP)
    done = []
    for each in begun:
        error = each.exception() if each.done() else None
        if isinstance(error, CutShort):
            done += error.done
        elif each.done() and error is None:
            done.append(each.result())
    return done
