"""Watches where a register points when the CPU comes to given places, by a compiled hook that looks at every block."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.board import Board
from hardtalk.board.hook import as_pointer, carray
from hardtalk.board.register_hook import NO_PLACE, OWN_WORDS, RegisterHook, pointer_at

(
    START,  # of the memory that is watched
    MARKED_BYTES,
    MARKS,  # address of a word for each byte of it
    STATE_WORDS,
) = range(OWN_WORDS, OWN_WORDS + 4)
LAYOUT: Final = 2


def note_pointer(engine: Any, address: Any, _size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    pointer = pointer_at(engine, address, state, user)
    if pointer == NO_PLACE:
        return
    offset = pointer - state[START]
    if offset >= 0 and offset < state[MARKED_BYTES]:
        carray(as_pointer(state[MARKS] + (offset << 3)), 1)[0] = 1


class PointerWatch(RegisterHook):
    """The addresses from `start` on, `size` bytes, to which register `number` (0 to 12) pointed at any of `places`
    while the watch was entered as a context."""

    def __init__(self, board: Board, places: Iterable[int], number: int, start: int, size: int) -> None:
        super().__init__(board, note_pointer, STATE_WORDS, "the watch of a register", places, number)
        self._start = start
        self._marks = np.zeros(size, np.int64)
        self._state[START] = start
        self._state[MARKED_BYTES] = size
        self._state[MARKS] = self._marks.ctypes.data

    @property
    def addresses(self) -> NDArray[np.int64]:
        """In order."""
        return np.flatnonzero(self._marks) + self._start
