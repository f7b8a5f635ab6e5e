"""Control-C where it cannot be a KeyboardInterrupt: it is ignored for a while, or raised later."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], object] | signal.Handlers


@contextmanager
def interrupts_handled(by: Handler) -> Iterator[None]:
    """Other threads than the main one get none, and cannot say what becomes of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, by)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """One that comes meanwhile is raised at the end: where C code calls Python back a KeyboardInterrupt is lost."""
    came: list[int] = []
    with interrupts_handled(lambda number, _frame: came.append(number)):
        yield
    if came:
        signal.raise_signal(signal.SIGINT)
