"""Processes that share long work and leave Control-C to this one: when it comes they end at once, whatever they do."""

import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, TypeVar

from hardtalk.board.interruption import interrupts_handled

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
        with interrupts_handled(signal.SIG_IGN):  # the first task starts the processes
            return super().submit(function, *arguments, **options)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            for process in list((self._processes or {}).values()):
                process.kill()
        return super().__exit__(kind, error, trace)
