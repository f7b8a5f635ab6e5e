"""Stops the CPU when a register points to chosen addresses at given places, by a compiled hook that sees every block.

The CPU stops behind the block, and each such entry is noted with the number of instructions executed before it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from hardtalk.board import hook
from hardtalk.board.board import Board
from hardtalk.board.hook import as_pointer, carray
from hardtalk.board.register_hook import BOARD, NO_PLACE, OWN_WORDS, RegisterHook, pointer_at

(
    TABLE,  # address of a hash table of the chosen addresses: open addressing, 0 for nothing
    TABLE_MASK,
    LOG,  # address of a ring of triples: pointer, instructions executed before, the place
    COUNT,
    STATE_WORDS,
) = range(OWN_WORDS, OWN_WORDS + 5)
LAYOUT: Final = 2
TABLE_WORDS: Final = 1 << 17
CAPACITY: Final = 1 << 10


def note_pointer(engine: Any, address: Any, size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    pointer = pointer_at(engine, address, state, user)
    if pointer == NO_PLACE:
        return
    table = carray(as_pointer(state[TABLE]), 1)
    slot = pointer & state[TABLE_MASK]
    while table[slot] != 0 and table[slot] != pointer:
        slot = (slot + 1) & state[TABLE_MASK]
    if table[slot] == 0:
        return
    board = carray(as_pointer(state[BOARD]), hook.STATE_WORDS)
    count = state[COUNT]
    log = carray(as_pointer(state[LOG] + count % CAPACITY * 24), 3)
    log[0] = pointer
    log[1] = board[hook.INSTRUCTIONS] - (np.int64(size) >> 2)
    log[2] = address
    state[COUNT] = count + 1
    board[hook.ATTENTION] = 1
    board[hook.THRESHOLD] = -1


class PointerStop(RegisterHook):
    """Tells `listener` pointer, instructions executed before, and place of each entry to one of `places` at which
    register `number` (0 to 12) points to a chosen address."""

    def __init__(
        self, board: Board, places: Iterable[int], number: int, listener: Callable[[int, int, int], None]
    ) -> None:
        super().__init__(board, note_pointer, STATE_WORDS, "the stops at a register's values", places, number)
        self._listener = listener
        self._table = np.zeros(TABLE_WORDS, np.int64)
        self._log = np.zeros((CAPACITY, 3), np.int64)
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
