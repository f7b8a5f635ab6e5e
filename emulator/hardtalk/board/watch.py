"""Which chosen blocks of the firmware are entered, and when: noted by the board's own hook, with no Python in its path.

The guest neither sees the watch nor pays for it. When the hook stops the CPU before a block, the block is not entered
and not noted. A block is noted where control enters it: an address in its middle is not.
"""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol

import numpy as np

from hardtalk.board import hook
from hardtalk.board.block_table import BlockTable
from hardtalk.board.engine import Words
from hardtalk.board.errors import BoardError
from hardtalk.board.memory import Ram

NO_ENTRIES = np.zeros((0, 3), np.int64)


class Watches:
    """All watches of one board, and the log that the hook writes for them.

    Rows of the log: address, the cycle the block begins in, the cycle it is done in.
    """

    def __init__(self, words: Words, blocks: BlockTable) -> None:
        self._words = words
        self._blocks = blocks
        self._log = np.zeros((hook.WATCH_CAPACITY, hook.WATCH_WORDS), np.int64)
        self._open: tuple[Watch, ...] = ()
        words[hook.WATCH_LOG] = self._log.ctypes.data

    def open(self, watch: "Watch") -> None:
        self._set((*self._open, watch))

    def close(self, watch: "Watch") -> None:
        self._set(tuple(each for each in self._open if each is not watch))

    def tell(self) -> None:
        """Let all watches hear what was entered since the last time."""
        count = int(self._words[hook.WATCH_COUNT])
        if not count:
            return
        self._words[hook.WATCH_COUNT] = 0
        entries = self._log[:count, :3].copy()
        for watch in self._open:
            watch.hear(entries, len(self._blocks.watched))

    def _set(self, watches: "tuple[Watch, ...]") -> None:
        self.tell()
        self._open = watches
        self._blocks.watch(frozenset[int]().union(*(each.addresses for each in watches)))


class Watched(Protocol):
    """A board, as far as a watch knows it."""

    ram: Ram
    watches: Watches


class Watch:
    """A watch over the blocks at `addresses`, for as long as it is entered as a context.

    With a listener, that hears the address of each and the cycle in which the block is done, before any event of the
    board that came later. Without one, `take` answers them with the cycles in which they begin.
    """

    def __init__(
        self, board: Watched, addresses: Iterable[int], listener: Callable[[int, int], None] | None = None
    ) -> None:
        self.addresses = frozenset(addresses)
        if any(address % 4 or not board.ram.contains(address, 4) for address in self.addresses):
            raise BoardError("a watched address is outside RAM or no instruction's", "give the addresses of blocks")
        self._watches = board.watches
        self._own = np.array(sorted(self.addresses), np.int64)
        self._listener = listener
        self._entries: list[Words] = []

    def take(self) -> tuple[Words, Words]:
        """The addresses entered since the last time and the cycles in which their blocks begin, oldest first."""
        self._watches.tell()
        entries = np.concatenate([NO_ENTRIES, *self._entries])
        self._entries.clear()
        return entries[:, 0].copy(), entries[:, 1].copy()

    def hear(self, entries: Words, watched_by_all: int) -> None:
        """Rows of the log, of which some may be other watches' when all together watch more addresses than this one."""
        if len(self.addresses) != watched_by_all:
            entries = entries[np.isin(entries[:, 0], self._own)]
        if self._listener is None:
            self._entries.append(entries)
            return
        for address, _, done in entries.tolist():
            self._listener(address, done)

    def __enter__(self) -> "Watch":
        self._watches.open(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._watches.close(self)
