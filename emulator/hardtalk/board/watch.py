"""Records when chosen blocks of the firmware are entered, by a compiled hook: no Python runs while the guest does.

Each record is an address and the cycle in which the block there begins. The guest neither sees the watch nor pays for
it. The board's own hook comes first at every block; when that stops the CPU before the block, the block is not entered
and not recorded. A block is recorded where control enters it: an address in its middle is not.
"""

import ctypes
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn.unicorn_py3.unicorn import uclib

from hardtalk.board import hook
from hardtalk.board.board import Board
from hardtalk.board.errors import BoardError
from hardtalk.board.hook import BLOCK_SIGNATURE, as_pointer, carray, compiled

(
    BOARD,  # address of the state of the board's own hook
    WATCHED,  # address of a word for each word of code from FIRST: not 0 where a block's entry is recorded
    FIRST,
    WATCHED_WORDS,
    RECORDS,  # address of pairs: block, cycle
    CAPACITY,
    COUNT,
    LOST,
    STATE_WORDS,
) = range(9)
DEFAULT_CAPACITY: Final = 1 << 18

Int64s = NDArray[np.int64]


def record_block(_engine: Any, address: Any, _size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    index = (address - state[FIRST]) >> 2
    if index < 0 or index >= state[WATCHED_WORDS]:
        return
    if carray(as_pointer(state[WATCHED] + (index << 3)), 1)[0] == 0:
        return
    board = carray(as_pointer(state[BOARD]), hook.STATE_WORDS)
    if board[hook.STOP] != 0:
        return
    count = state[COUNT]
    if count >= state[CAPACITY]:
        state[LOST] += 1
        return
    cost = carray(as_pointer(board[hook.TABLE] + ((address >> 2) << 3)), 1)[0] >> hook.COST_SHIFT
    record = carray(as_pointer(state[RECORDS] + (count << 4)), 2)
    record[0] = address
    record[1] = board[hook.CLOCK] - cost
    state[COUNT] = count + 1


class Watch:
    """A watch over the blocks at `addresses`, for as long as it is entered as a context.

    `take` must come at least once in `capacity` records; what did not fit is counted in `lost`.
    """

    def __init__(self, board: Board, addresses: Iterable[int], capacity: int = DEFAULT_CAPACITY) -> None:
        wanted = sorted(set(addresses))
        if not wanted:
            raise BoardError("there is no block to watch", "give the addresses of blocks")
        if any(address % 4 or not board.ram.contains(address, 4) for address in wanted):
            raise BoardError("a watched address is outside RAM or no instruction's", "give the addresses of blocks")
        self.board = board
        self._watched = np.zeros(((wanted[-1] - wanted[0]) >> 2) + 1, np.int64)
        self._watched[(np.array(wanted) - wanted[0]) >> 2] = 1
        self._records = np.zeros((capacity, 2), np.int64)
        self._state = np.zeros(STATE_WORDS, np.int64)
        self._state[BOARD] = board.cpu._state.ctypes.data
        self._state[WATCHED] = self._watched.ctypes.data
        self._state[FIRST] = wanted[0]
        self._state[WATCHED_WORDS] = len(self._watched)
        self._state[RECORDS] = self._records.ctypes.data
        self._state[CAPACITY] = capacity
        self._recorder = compiled(BLOCK_SIGNATURE, record_block)
        self._handle: ctypes.c_size_t | None = None

    @property
    def lost(self) -> int:
        """Entries that were not recorded because the records were full."""
        return int(self._state[LOST])

    def take(self) -> tuple[Int64s, Int64s]:
        """The addresses and cycles recorded since the last time, oldest first."""
        count = int(self._state[COUNT])
        self._state[COUNT] = 0
        return self._records[:count, 0].copy(), self._records[:count, 1].copy()

    def __enter__(self) -> "Watch":
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self.board.cpu.runner._uch, ctypes.byref(handle), unicorn.UC_HOOK_BLOCK,
            ctypes.c_void_p(self._recorder.address), ctypes.c_void_p(self._state.ctypes.data), ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )  # fmt: skip
        if status != unicorn.UC_ERR_OK:
            raise BoardError(f"the CPU engine refuses the watch's hook ({status})", "install unicorn 2.1.4")
        self._handle = handle
        self.board.cpu.forget_code()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            uclib.uc_hook_del(self.board.cpu.runner._uch, self._handle)
            self._handle = None
            self.board.cpu.forget_code()
