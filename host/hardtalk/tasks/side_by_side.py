"""Tasks measured side by side over any executor of `concurrent.futures`, and what remains when Control-C comes."""

import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, as_completed, wait
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol, TypeVar

from hardtalk.board.interruption import interrupts_handled
from hardtalk.tasks.headway import done_by, told_in

SECONDS_BETWEEN_LOOKS: Final = 0.5
SECONDS_TO_STOP: Final = 1.5
"""For workers to hand over what they have, before they are ended."""


class Counted(Protocol):
    """Something to measure that has `count` interrupts."""

    @property
    def count(self) -> int: ...


Task = TypeVar("Task", bound=Counted)
Alone = TypeVar("Alone")
Result = TypeVar("Result")


class CutShort(KeyboardInterrupt):
    """Control-C came. `done` is what was measured before, in the order of the tasks."""

    def __init__(self, done: Iterable[Any] = ()) -> None:
        super().__init__(list(done))

    @property
    def done(self) -> list[Any]:
        found: list[Any] = self.args[0]
        return found


@contextmanager
def leaving(so_far: object, is_something: Callable[[], bool]) -> Iterator[None]:
    """When Control-C comes meanwhile it is a CutShort with what there is so far, if that is something."""
    try:
        yield
    except KeyboardInterrupt:
        raise CutShort([so_far] if is_something() else ()) from None


def side_by_side(
    measure: Callable[[Task], Result], tasks: Sequence[Task], executor: Executor | None,
    progress: Callable[[int], None],
) -> list[Result]:  # fmt: skip
    """What `measure` answers for each task, in order. `progress` hears the interrupts that are done, as `measure` tells
    of them (see headway) and of each task at its end. Raises CutShort for an interrupt from the keyboard."""
    if executor is None:

        def counted(task: Task) -> Result:
            result = measure(task)
            progress(task.count)
            return result

        return one_by_one(counted, tasks)
    running: dict[Future[Result], Task] = {}
    file_of: dict[Future[Result], Path] = {}
    try:
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            files = [Path(folder, str(number)) for number in range(len(tasks))]
            told = dict.fromkeys(files, 0)
            for task, file in zip(tasks, files, strict=True):
                future = executor.submit(in_worker, measure, task, str(file))
                running[future], file_of[future] = task, file
            pending = set(running)
            while pending:
                done, pending = wait(pending, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                for future in [*done, *pending]:
                    file, count = file_of[future], running[future].count
                    if future in done:
                        future.result()
                    else:
                        count = min(done_by(file), count)
                    if count > told[file]:
                        progress(count - told[file])
                        told[file] = count
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


def in_worker(measure: Callable[[Task], Result], task: Task, file: str) -> Result:
    """As `handing_over`; what is done meanwhile goes to the file."""
    with told_in(file):
        return handing_over(measure, task)


def handing_over(measure: Callable[..., Result], *given: Any) -> Result:
    """What `measure` answers. A worker ignores Control-C but for here, so that it can tell what it has; afterwards it
    begins nothing more."""
    global _is_interrupted
    if _is_interrupted:
        raise CutShort
    try:
        with interrupts_handled(signal.default_int_handler):
            return measure(*given)
    except KeyboardInterrupt as interrupt:
        _is_interrupted = parent_process() is not None
        raise CutShort(interrupt.done if isinstance(interrupt, CutShort) else ()) from None


def shared_out(
    executor: Executor,
    measure: Callable[..., Result],
    tasks: Sequence[tuple[Any, ...]],
    take: Callable[[int, Result, bool], None],
) -> None:
    """`measure` of the arguments of each task. `take` hears of each as soon as it is there: the task's number, what
    `measure` answered, whether that is everything. Raises CutShort for an interrupt from the keyboard, when `take` has
    heard what is done, and what the workers had of theirs so far."""
    futures = [executor.submit(handing_over, measure, *task) for task in tasks]
    number_of = {future: number for number, future in enumerate(futures)}
    try:
        for future in as_completed(futures):
            result = future.result()
            take(number_of.pop(future), result, True)
    except KeyboardInterrupt:
        left = dict(number_of)
        for number, (part, is_whole) in zip(left.values(), _handed_over(left), strict=True):
            for each in part:
                take(number, each, is_whole)
        raise CutShort from None
    finally:
        for future in futures:
            future.cancel()


def shared_in_order(
    executor: Executor,
    measure: Callable[[Alone], Result],
    tasks: Sequence[Alone],
    finished: Callable[[Result], None],
) -> tuple[list[Result], float]:
    """What `measure` answers for each task, in their order, and the seconds that it took. Raises CutShort, with what
    there is, when Control-C comes; `finished` has heard of it."""
    began, results = time.monotonic(), dict[int, Result]()

    def take(number: int, result: Result, _is_whole: bool) -> None:
        results[number] = result
        finished(result)

    try:
        shared_out(executor, measure, [(task,) for task in tasks], take)
    except CutShort:
        raise CutShort(results[number] for number in sorted(results)) from None
    return [results[number] for number in sorted(results)], time.monotonic() - began


def what_is_done(futures: Collection["Future[Any]"]) -> list[Any]:
    """After Control-C: all results, and what the workers had so far."""
    return [each for part, _ in _handed_over(futures) for each in part]


def beginning_done(futures: Collection["Future[Any]"]) -> list[Any]:
    """After Control-C: of tasks that answer lists, what they have up to the first that is not whole, its part too."""
    found: list[Any] = []
    for part, is_whole in _handed_over(futures):
        found += part[0] if is_whole else part
        if not is_whole:
            break
    return found


def _handed_over(futures: Collection["Future[Any]"]) -> Iterator[tuple[list[Any], bool]]:
    """Of each its result alone, or what it had so far; and whether it is the result."""
    begun = [each for each in futures if not each.cancel()]
    wait(begun, SECONDS_TO_STOP)
    for each in futures:
        error = each.exception() if each.done() and not each.cancelled() else None
        if isinstance(error, CutShort):
            yield error.done, False
        elif each.done() and not each.cancelled() and error is None:
            yield [each.result()], True
        else:
            yield [], False
