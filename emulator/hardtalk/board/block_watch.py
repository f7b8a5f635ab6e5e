"""What watches have in common that look at every block by a compiled hook: the guest neither sees them nor pays for
them; emulation is slower meanwhile."""

from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.board import Board
from hardtalk.board.engine import BLOCKS, Handle
from hardtalk.board.hook import BLOCK_SIGNATURE, compiled


class BlockWatch:
    """While it is entered as a context `note` is called for each block. Its state is an array of so many 64-bit words;
    the first is the address of that of the board's own hook. `title` is what the engine calls it."""

    def __init__(self, board: Board, note: Any, state_words: int, title: str) -> None:
        self.board = board
        self._state: NDArray[np.int64] = np.zeros(state_words, np.int64)
        self._state[0] = board.cpu.words.ctypes.data
        self._hook = compiled(BLOCK_SIGNATURE, note)
        self._title = title
        self._handle: Handle | None = None

    @property
    def code_words(self) -> int:
        """Of all that the firmware loads, from address 0 on."""
        return max(each.address + len(each.data) for each in self.board.firmware.segments) >> 2

    def __enter__(self) -> Self:
        self._handle = self.board.cpu.engine.add_hook(BLOCKS, self._hook, self._state, self._title)
        self.board.cpu.forget_code()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self.board.cpu.engine.remove_hook(self._handle)
            self._handle = None
            self.board.cpu.forget_code()
