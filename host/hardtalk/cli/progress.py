"""Long work in the terminal: the processes that share it, and a bar while it lasts."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress

from hardtalk.cli.errors import UserError
from hardtalk.cli.waiting import shown_otherwise
from hardtalk.tasks.side_by_side import Counted, CutShort
from hardtalk.tasks.worker_pool import WorkerPool

MOST_WORKERS = 256
Result = TypeVar("Result")


def pool(workers: int, option: str = "--workers") -> WorkerPool:
    """So many processes that know nothing of this one."""
    check_workers(workers, option)
    return WorkerPool(workers)


def check_workers(workers: int, option: str) -> None:
    if not 1 <= workers <= MOST_WORKERS:
        limit = "at least one is needed" if workers < 1 else f"{MOST_WORKERS} are the most"
        raise UserError(f"{option} {workers}: {limit}", "Give about as many as there are processors.")


@contextmanager
def workers_with_bar(
    workers: int, tasks: Sequence[Counted], console: Console
) -> Iterator[tuple[Executor | None, Callable[[int], None]]]:
    """At most so many processes (None for one, which needs no other than this), and a bar that shows progress."""
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one is needed")
    with ExitStack() as stack:
        needed = min(workers, len(tasks))
        executor = stack.enter_context(pool(needed)) if needed > 1 else None
        bar = stack.enter_context(bar_on(console))
        interrupts = bar.add_task("interrupts", total=sum(task.count for task in tasks))
        yield executor, lambda count: bar.advance(interrupts, count)


def measured_so_far(
    measure: Callable[[Executor | None, Callable[[int], None]], Sequence[Result]],
    tasks: Sequence[Counted],
    workers: int,
    console: Console,
) -> tuple[Sequence[Result], bool]:
    """What `measure` answers when so many processes share the tasks, and whether it is everything: when Control-C comes
    it is what was measured before. Raises KeyboardInterrupt when that is nothing."""
    try:
        with workers_with_bar(workers, tasks, console) as (executor, progress):
            return measure(executor, progress), True
    except CutShort as cut:
        return interrupted(cut, console), False


def interrupted(cut: CutShort, console: Console) -> list[Any]:
    """What was measured before, which is told. Raises KeyboardInterrupt when that is nothing."""
    if not cut.done:
        raise KeyboardInterrupt from None
    console.print("interrupted: what was measured before")
    return cut.done


def measured_in_turn(steps: Iterator[Result], total: int, console: Console) -> tuple[list[Result], bool]:
    """What is measured one after the other, under a bar that shows the time left, and whether it is everything: when
    Control-C comes it is what was measured before, and what a step that raised CutShort had of its own. Raises
    KeyboardInterrupt when that is nothing."""
    done: list[Result] = []
    with bar_on(console) as bar:
        task = bar.add_task("measuring", total=total)
        try:
            for step in steps:
                done.append(step)
                bar.advance(task)
        except KeyboardInterrupt as interrupt:
            done += interrupt.done if isinstance(interrupt, CutShort) else ()
            if not done:
                raise KeyboardInterrupt from None
            bar.stop()
            console.print("interrupted: what was measured before")
            return done, False
    return done, True


@contextmanager
def bar_on(console: Console) -> Iterator[Progress]:
    """Gone at the end; none where nobody looks."""
    with shown_otherwise(), Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


@contextmanager
def workers_with_bars(
    workers: int, console: Console
) -> Iterator[tuple[Executor, Callable[[str, int], Callable[[int], None]]]]:
    """So many processes, and a function that makes a bar for something by its name and length."""
    with pool(workers) as executor, bar_on(console) as progress:

        def bar(name: str, total: int) -> Callable[[int], None]:
            task = progress.add_task(name, total=total)
            return lambda count: progress.advance(task, count)

        yield executor, bar
