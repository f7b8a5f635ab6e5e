"""Processes that share long work and leave Control-C to this one: when it comes they end at once, whatever they do."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, TypeVar

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class WorkerPool(ProcessPoolExecutor):
    """So many processes that know nothing of this one. They inherit that interrupts are ignored, so that none of them
    tells of one, not even while it starts."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, get_context("spawn"))

    def submit(
        self, function: Callable[Parameters, Result], /, *arguments: Parameters.args, **options: Parameters.kwargs
    ) -> Future[Result]:
        with interrupts_ignored():  # the first task starts the processes
            return super().submit(function, *arguments, **options)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            for process in list((self._processes or {}).values()):
                process.kill()
            self.shutdown(wait=False, cancel_futures=True)
        return super().__exit__(kind, error, trace)


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Only the main thread can say that; what other threads start is as it is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
