"""Watches where a register points when the CPU comes to given places, by a compiled hook that looks at every block.

A virtual machine that keeps its program counter in a register shows so which of its instructions it carries out. The
guest neither sees the watch nor pays for it; emulation is slower meanwhile.

The compiled hook reads the words of `hook.py`: whoever changes their layout there counts LAYOUT up here.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from unicorn import arm_const

from hardtalk.board import hook
from hardtalk.board.block_watch import BlockWatch
from hardtalk.board.board import Board
from hardtalk.board.hook import as_pointer, call_register_read, carray

(
    BOARD,  # address of the state of the board's own hook
    PLACES,  # address of a word for each word of code from 0: whether it is a place
    CODE_WORDS,
    REGISTER,  # its number in Unicorn
    POINTER,  # the register as read
    START,  # of the memory that is watched
    MARKED_BYTES,
    MARKS,  # address of a word for each byte of it
    STATE_WORDS,
) = range(9)
LAYOUT: Final = 1


def note_pointer(engine: Any, address: Any, _size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    index = address >> 2
    if index >= state[CODE_WORDS] or carray(as_pointer(state[PLACES] + (index << 3)), 1)[0] == 0:
        return
    board = carray(as_pointer(state[BOARD]), hook.STATE_WORDS)
    if board[hook.STOP] != 0:
        return
    state[POINTER] = 0
    call_register_read(board[hook.REGISTER_READ_FUNCTION], engine, state[REGISTER], user + (POINTER << 3))
    offset = (state[POINTER] & 0xFFFFFFFF) - state[START]
    if offset >= 0 and offset < state[MARKED_BYTES]:
        carray(as_pointer(state[MARKS] + (offset << 3)), 1)[0] = 1


class PointerWatch(BlockWatch):
    """The addresses from `start` on, `size` bytes, to which register `number` (0 to 12) pointed at any of `places`
    while the watch was entered as a context."""

    def __init__(self, board: Board, places: Iterable[int], number: int, start: int, size: int) -> None:
        super().__init__(board, note_pointer, STATE_WORDS, "the watch of a register")
        self._start = start
        self._places = np.zeros(self.code_words, np.int64)
        self._places[[each >> 2 for each in places]] = 1
        self._marks = np.zeros(size, np.int64)
        self._state[PLACES] = self._places.ctypes.data
        self._state[CODE_WORDS] = len(self._places)
        self._state[REGISTER] = arm_const.UC_ARM_REG_R0 + number
        self._state[START] = start
        self._state[MARKED_BYTES] = size
        self._state[MARKS] = self._marks.ctypes.data

    @property
    def addresses(self) -> NDArray[np.int64]:
        """In order."""
        return np.flatnonzero(self._marks) + self._start
