"""How far the tasks of other processes are: each writes what it has done into a file of its own, at most some times a
second, so that any executor will do. Where the file cannot be written, as on another machine, nothing is told until the
task is done."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

SECONDS_BETWEEN: Final = 0.2

_own = threading.local()


@contextmanager
def told_in(file: str) -> Iterator[None]:
    """What this thread tells meanwhile goes there."""
    _own.file, _own.count, _own.written = Path(file), 0, 0.0
    try:
        yield
    finally:
        _own.file = None


def tell(count: int) -> None:
    """So much more is done, of the task that this thread has."""
    file = getattr(_own, "file", None)
    if file is None:
        return
    _own.count += count
    now = time.monotonic()
    if now - _own.written >= SECONDS_BETWEEN:
        _own.written = now
        with suppress(OSError):
            file.write_text(str(_own.count), encoding="ascii")


def done_by(file: Path) -> int:
    """What was told there."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not yet, or just being written
        return 0
