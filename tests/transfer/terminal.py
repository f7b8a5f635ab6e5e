"""A terminal program at the board's serial line: a process on a pseudo-terminal, and the line between them."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import tty
from collections.abc import Callable

from hardtalk.board import Board

SLICE_CYCLES = 1_000_000
WAITING_BYTES = 256
"""As many may be under way; a real line's driver holds a program up as well."""
PATIENCE_CYCLES = 60 * 200_000_000


class Terminal:
    """`send` runs a program until it ends. `spoil` changes what it sends on its way."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.line = board.uart(0)
        self.sent = 0
        self.heard = b""

    def send(self, *command: str, most: int | None = None, spoil: Callable[[bytes], bytes] = bytes) -> int | None:
        """Answers the program's exit code; None when it was killed, having sent `most` bytes."""
        near, far = pty.openpty()
        tty.setraw(near)
        tty.setraw(far)
        process = subprocess.Popen(command, stdin=far, stdout=far, stderr=subprocess.DEVNULL)
        os.close(far)
        self.sent, self.heard = 0, b""
        end = self.board.clock.cycles + PATIENCE_CYCLES
        try:
            while process.poll() is None and self.board.clock.cycles < end:
                if most is not None and self.sent >= most:
                    return None
                self._exchange(near, spoil)
            return process.returncode
        finally:
            process.kill()
            process.wait()
            os.close(near)

    def _exchange(self, near: int, spoil: Callable[[bytes], bytes]) -> None:
        """A hundredth of a second of what both say at most, less when the program has something to say."""
        data = self.listen()
        if data:
            os.write(near, data)
        if self.line.waiting > WAITING_BYTES:
            return
        ready, _, _ = select.select([near], [], [], 0.02 if data else 0.001)
        if not ready:
            return
        try:
            said = os.read(near, 512)
        except OSError:
            return  # the program has gone
        self.sent += len(said)
        self.line.send(spoil(said))

    def listen(self, cycles: int = SLICE_CYCLES) -> bytes:
        """Let the board go on; answers what it has said."""
        self.board.run(cycles)
        data = self.line.take()
        self.heard += data
        return data
