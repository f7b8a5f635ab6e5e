"""The firmware on an engine without any hook, to compare the board's speed with."""

import time
from collections.abc import Callable

from hardtalk.board.board import Board
from hardtalk.board.engine import Engine
from hardtalk.board.errors import BoardError


class BareEngine:
    """Runs a board's firmware from where the board is: no time passes, no interrupt comes.

    What it did to RAM and devices is to be undone by who runs it.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._engine = Engine(board.ram)
        self._is_done: Callable[[], bool] = bool
        for device in board.devices:
            peripheral = device.peripheral
            read, write = board.bus.reader(device), board.bus.writer(device)
            self._engine.map_device(peripheral.base, peripheral.size, read, self._asking(write))

    def run(self, is_done: Callable[[], bool]) -> int:
        """Run until a device write makes `is_done()` true; the nanoseconds of the host's processor that it took."""
        self._is_done = is_done
        self._engine.take_state_of(self._board.cpu.engine)
        pc = self._board.cpu.pc
        began = time.thread_time_ns()
        error = self._engine.start(pc)
        elapsed = time.thread_time_ns() - began
        if error is not None:
            raise BoardError(
                f"the engine without hooks failed with error {error} after {pc:#x}",
                "let the workload end with a mark, and take no exception on its way there",
            )
        return elapsed

    def _asking(self, write: Callable[[int, int, int], None]) -> Callable[[int, int, int], None]:
        def write_and_ask(offset: int, size: int, value: int) -> None:
            write(offset, size, value)
            if self._is_done():
                self._engine.uc.emu_stop()

        return write_and_ask
