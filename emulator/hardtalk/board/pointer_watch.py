"""Watches where a register points when the CPU comes to given places, by a compiled hook that looks at every block.

A virtual machine that keeps its program counter in a register shows so which of its instructions it carries out. The
guest neither sees the watch nor pays for it; emulation is slower meanwhile.

The compiled hook reads the words of `hook.py`: whoever changes their layout there counts LAYOUT up here.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from unicorn import arm_const

from hardtalk.board import hook
from hardtalk.board.board import Board
from hardtalk.board.engine import BLOCKS, Handle
from hardtalk.board.hook import BLOCK_SIGNATURE, as_pointer, call_register_read, carray, compiled

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


class PointerWatch:
    """The addresses from `start` on, `size` bytes, to which register `number` (0 to 12) pointed at any of `places`
    while the watch was entered as a context."""

    def __init__(self, board: Board, places: Iterable[int], number: int, start: int, size: int) -> None:
        self.board = board
        self._start = start
        end = max(each.address + len(each.data) for each in board.firmware.segments)
        self._places = np.zeros(end >> 2, np.int64)
        self._places[[each >> 2 for each in places]] = 1
        self._marks = np.zeros(size, np.int64)
        self._state = np.zeros(STATE_WORDS, np.int64)
        self._state[BOARD] = board.cpu.words.ctypes.data
        self._state[PLACES] = self._places.ctypes.data
        self._state[CODE_WORDS] = len(self._places)
        self._state[REGISTER] = arm_const.UC_ARM_REG_R0 + number
        self._state[START] = start
        self._state[MARKED_BYTES] = size
        self._state[MARKS] = self._marks.ctypes.data
        self._hook = compiled(BLOCK_SIGNATURE, note_pointer)
        self._handle: Handle | None = None

    @property
    def addresses(self) -> NDArray[np.int64]:
        """In order."""
        return np.flatnonzero(self._marks) + self._start

    def __enter__(self) -> "PointerWatch":
        self._handle = self.board.cpu.engine.add_hook(BLOCKS, self._hook, self._state, "the watch of a register")
        self.board.cpu.forget_code()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self.board.cpu.engine.remove_hook(self._handle)
            self._handle = None
            self.board.cpu.forget_code()
