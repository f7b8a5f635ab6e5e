"""Stops the CPU when a register points to chosen addresses at given places, by a compiled hook that sees every block.

As `pointer_watch.py`, for who wants to be told. The CPU stops behind the block, and each such entry is noted with the
number of instructions executed before it.

The compiled hook reads the words of `hook.py`: whoever changes their layout there counts LAYOUT up here.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
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
    TABLE,  # address of a hash table of the chosen addresses: open addressing, 0 for nothing
    TABLE_MASK,
    LOG,  # address of a ring of triples: pointer, instructions executed before, the place
    COUNT,
    STATE_WORDS,
) = range(10)
LAYOUT: Final = 1
TABLE_WORDS: Final = 1 << 17
CAPACITY: Final = 1 << 10


def note_pointer(engine: Any, address: Any, size: Any, user: Any) -> None:
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
    pointer = state[POINTER] & 0xFFFFFFFF
    table = carray(as_pointer(state[TABLE]), 1)
    slot = pointer & state[TABLE_MASK]
    while table[slot] != 0 and table[slot] != pointer:
        slot = (slot + 1) & state[TABLE_MASK]
    if table[slot] == 0:
        return
    count = state[COUNT]
    log = carray(as_pointer(state[LOG] + count % CAPACITY * 24), 3)
    log[0] = pointer
    log[1] = board[hook.INSTRUCTIONS] - (np.int64(size) >> 2)
    log[2] = address
    state[COUNT] = count + 1
    board[hook.ATTENTION] = 1
    board[hook.THRESHOLD] = -1


class PointerStop(BlockWatch):
    """Tells `listener` pointer, instructions executed before, and place of each entry to one of `places` at which
    register `number` (0 to 12) points to a chosen address."""

    def __init__(
        self, board: Board, places: Iterable[int], number: int, listener: Callable[[int, int, int], None]
    ) -> None:
        super().__init__(board, note_pointer, STATE_WORDS, "the stops at a register's values")
        self._listener = listener
        self._places = np.zeros(self.code_words, np.int64)
        self._places[[each >> 2 for each in places]] = 1
        self._table = np.zeros(TABLE_WORDS, np.int64)
        self._log = np.zeros((CAPACITY, 3), np.int64)
        self._state[PLACES] = self._places.ctypes.data
        self._state[CODE_WORDS] = len(self._places)
        self._state[REGISTER] = arm_const.UC_ARM_REG_R0 + number
        self._state[TABLE] = self._table.ctypes.data
        self._state[TABLE_MASK] = TABLE_WORDS - 1
        self._state[LOG] = self._log.ctypes.data
        self._is_open = False

    def watch(self, pointers: Iterable[int]) -> None:
        """From now on these addresses are looked for, instead of those before; none needs no hook."""
        self._table[:] = 0
        chosen = set(pointers)
        for pointer in chosen:
            slot = pointer & (TABLE_WORDS - 1)
            while self._table[slot]:
                slot = (slot + 1) & (TABLE_WORDS - 1)
            self._table[slot] = pointer
        if chosen and not self._is_open:
            self.__enter__()
        elif not chosen and self._is_open:
            self.__exit__(None, None, None)
        self._is_open = bool(chosen)

    def tell(self) -> None:
        """Let the listener hear what was noted since the last time, of more than the log holds the latest."""
        count, self._state[COUNT] = int(self._state[COUNT]), 0
        for index in range(max(count - CAPACITY, 0), count):
            self._listener(*self._log[index % CAPACITY].tolist())
