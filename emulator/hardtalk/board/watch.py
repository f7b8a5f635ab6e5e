"""Which chosen blocks of the firmware are entered, and when: noted by the board's own hook, with no Python in its path.

The guest neither sees the watch nor pays for it. When the hook stops the CPU before a block, the block is not entered
and not noted. A block is noted where control enters it: an address in its middle is not.
"""

from collections.abc import Callable, Iterable
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.board import Board
from hardtalk.board.errors import BoardError

Int64s = NDArray[np.int64]


class Watch:
    """A watch over the blocks at `addresses`, for as long as it is entered as a context.

    With a listener, that hears the address of each and the cycle in which the block is done, before any event of the
    board that came later. Without one, `take` answers them with the cycles in which they begin.
    """

    def __init__(
        self, board: Board, addresses: Iterable[int], listener: Callable[[int, int], None] | None = None
    ) -> None:
        self.addresses = frozenset(addresses)
        if any(address % 4 or not board.ram.contains(address, 4) for address in self.addresses):
            raise BoardError("a watched address is outside RAM or no instruction's", "give the addresses of blocks")
        self.board = board
        self._own = np.array(sorted(self.addresses), np.int64)
        self._listener = listener
        self._entries: list[Int64s] = []

    def take(self) -> tuple[Int64s, Int64s]:
        """The addresses entered since the last time and the cycles in which their blocks begin, oldest first."""
        self.board.tell_watchers()
        entries = np.concatenate([np.zeros((0, 3), np.int64), *self._entries])
        self._entries.clear()
        return entries[:, 0].copy(), entries[:, 1].copy()

    def _hear(self, entries: Int64s) -> None:
        if len(self.addresses) != self.board.watched_blocks:
            entries = entries[np.isin(entries[:, 0], self._own)]
        if self._listener is None:
            self._entries.append(entries)
            return
        for address, _, done in entries.tolist():
            self._listener(address, done)

    def __enter__(self) -> "Watch":
        self.board.watch(self._hear, self.addresses)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.board.watch(self._hear, ())
