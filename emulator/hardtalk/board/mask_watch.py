"""Watches the CPSR's I bit: where IRQs are masked and for how long, by a compiled hook that looks at every block.

A section begins with the first block that runs with the bit set. It ends with the first one that does not, or when the
CPU takes an IRQ: the next one begins at the vector then. Time asleep is not counted: a pending interrupt ends the
sleep, masked or not. The guest neither sees the watch nor pays for it; emulation is slower meanwhile.

The compiled hook reads the words and rows of `hook.py`, and what is kept of it on disk is compiled again only when this
file changes: whoever changes their layout there counts LAYOUT up here.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from hardtalk.board import hook
from hardtalk.board.block_watch import BlockWatch
from hardtalk.board.board import Board
from hardtalk.board.exceptions import GuestExceptionKind
from hardtalk.board.hook import as_pointer, call_register_read, carray, inlined
from hardtalk.board.stops import IRQ_MASK

(
    BOARD,  # address of the state of the board's own hook
    SECTIONS,  # address of a row for each word of code from 0
    CODE_WORDS,
    STATUS,  # the CPSR as read
    IS_MASKED,
    START,  # where the section under way began, and when
    START_CYCLE,
    START_SLEPT,
    STATE_WORDS,
) = range(9)
LAYOUT: Final = 2
COUNT, LONGEST, LONGEST_END, LONGEST_CYCLE, ROW_WORDS = range(5)
I_BIT: Final = IRQ_MASK
IRQ_VECTOR: Final = GuestExceptionKind.IRQ.vector


@dataclass(frozen=True)
class SeenSection:
    """All executions of the section whose first block is at `start`: how many, how long at most; where and when the
    longest ended."""

    start: int
    count: int
    longest_cycles: int
    end: int
    end_cycle: int


@inlined
def end_section(state: Any, address: Any, now: Any, slept: Any) -> None:
    index = state[START] >> 2
    if index < 0 or index >= state[CODE_WORDS]:
        return
    row = carray(as_pointer(state[SECTIONS] + ((index * ROW_WORDS) << 3)), ROW_WORDS)
    cycles = now - state[START_CYCLE] - (slept - state[START_SLEPT])
    row[COUNT] += 1
    if row[COUNT] == 1 or cycles > row[LONGEST]:
        row[LONGEST] = cycles
        row[LONGEST_END] = address
        row[LONGEST_CYCLE] = now


def note_mask(engine: Any, address: Any, _size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    board = carray(as_pointer(state[BOARD]), hook.STATE_WORDS)
    if board[hook.STOP] != 0:
        return
    call_register_read(board[hook.REGISTER_READ_FUNCTION], engine, board[hook.CPSR_NUMBER], user + (STATUS << 3))
    is_masked = state[STATUS] & I_BIT
    is_taken = address == IRQ_VECTOR
    if is_masked == state[IS_MASKED] and not is_taken:
        return
    cost = carray(as_pointer(board[hook.TABLE] + ((address >> 2) << 3)), 1)[0] >> hook.COST_SHIFT
    now = board[hook.CLOCK] - cost
    if state[IS_MASKED] != 0:
        end_section(state, address, board[hook.ENTERED_FROM] if is_taken else now, board[hook.SLEPT])
    if is_masked != 0:
        state[START] = address
        state[START_CYCLE] = now
        state[START_SLEPT] = board[hook.SLEPT]
    state[IS_MASKED] = is_masked


class MaskWatch(BlockWatch):
    """The sections seen while it is entered as a context. Restoring a snapshot ends the section under way unseen."""

    def __init__(self, board: Board) -> None:
        super().__init__(board, note_mask, STATE_WORDS, "the watch of masked sections")
        self._sections = np.zeros((self.code_words, ROW_WORDS), np.int64)
        self._state[SECTIONS] = self._sections.ctypes.data
        self._state[CODE_WORDS] = len(self._sections)

    @property
    def sections(self) -> list[SeenSection]:
        """By address."""
        return [
            SeenSection(int(index) << 2, *(int(word) for word in self._sections[index]))
            for index in np.flatnonzero(self._sections[:, COUNT])
        ]

    def __enter__(self) -> Self:
        """A section that is under way now is not counted."""
        self._state[IS_MASKED] = self.board.cpu.cpsr & I_BIT
        self._state[START] = -1
        return super().__enter__()
