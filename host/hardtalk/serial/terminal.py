"""The raw serial line as a pseudo-terminal, for ordinary terminal programs.

The bridge moves bytes and interprets none. It never blocks: the board's clock is not the host's.
"""

from __future__ import annotations

import os
import pty
import tty
from types import TracebackType


class PseudoTerminal:
    """`name` is what a terminal program opens. `write` what the board sent, send the board what `read` answers."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        self._unwritten = b""

    def read(self) -> bytes:
        """What was typed since the last read; empty when nothing was."""
        try:
            return os.read(self._master, 65536)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """Pass bytes on; what the terminal program does not take yet is kept for the next time."""
        self._unwritten += data
        try:
            written = os.write(self._master, self._unwritten) if self._unwritten else 0
        except BlockingIOError:
            written = 0
        self._unwritten = self._unwritten[written:]

    @property
    def pending(self) -> int:
        """How many bytes wait to be taken by the terminal program."""
        return len(self._unwritten)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
