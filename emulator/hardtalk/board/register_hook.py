"""What hooks have in common that look where a register points when the CPU comes to given places.

A virtual machine that keeps its program counter in a register shows so which of its instructions it carries out.

What is kept on disk of a compiled hook is compiled again only when its own file changes: whoever changes what stands
here, or the layout of the words of `hook.py`, counts LAYOUT up in those files.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from unicorn import arm_const

from hardtalk.board import hook
from hardtalk.board.block_watch import BlockWatch
from hardtalk.board.board import Board
from hardtalk.board.hook import as_pointer, call_register_read, carray, inlined

(
    BOARD,  # address of the state of the board's own hook
    PLACES,  # address of a word for each word of code from 0: whether it is a place
    CODE_WORDS,
    REGISTER,  # its number in Unicorn
    POINTER,  # the register as read
    OWN_WORDS,
) = range(6)
NO_PLACE = -1


@inlined
def pointer_at(engine: Any, address: Any, state: Any, user: Any) -> Any:
    """Where the register points before the block at `address`; NO_PLACE when that is none, or is not entered."""
    index = address >> 2
    if index >= state[CODE_WORDS] or carray(as_pointer(state[PLACES] + (index << 3)), 1)[0] == 0:
        return NO_PLACE
    board = carray(as_pointer(state[BOARD]), hook.STATE_WORDS)
    if board[hook.STOP] != 0:
        return NO_PLACE
    state[POINTER] = 0
    call_register_read(board[hook.REGISTER_READ_FUNCTION], engine, state[REGISTER], user + (POINTER << 3))
    return state[POINTER] & 0xFFFFFFFF


class RegisterHook(BlockWatch):
    """A hook over `places` and register `number` (0 to 12), whose state begins with the words named here."""

    def __init__(
        self, board: Board, note: Any, state_words: int, title: str, places: Iterable[int], number: int
    ) -> None:
        super().__init__(board, note, state_words, title)
        self._places = np.zeros(self.code_words, np.int64)
        self._places[[each >> 2 for each in places]] = 1
        self._state[PLACES] = self._places.ctypes.data
        self._state[CODE_WORDS] = len(self._places)
        self._state[REGISTER] = arm_const.UC_ARM_REG_R0 + number
