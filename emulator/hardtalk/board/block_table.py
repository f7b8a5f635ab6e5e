"""What each block of the firmware costs: a row for each address of RAM, which the block hook reads.

A row is entered when the hook meets a block for the first time, or in another size. Rows go when the host changes code.
"""

from collections.abc import Collection

import numpy as np

from hardtalk.board import hook
from hardtalk.board.cycles import BlockCost, Model
from hardtalk.board.engine import Engine, Words
from hardtalk.board.errors import BoardError
from hardtalk.board.memory import PAGE, Ram


class BlockTable:
    """The rows, and which pages of RAM the code in them lies in.

    `engines` keep translations of that code. `watched` are the addresses whose blocks the hook notes on entry.
    """

    def __init__(self, ram: Ram, model: Model, words: Words, engines: tuple[Engine, ...]) -> None:
        self.model = model
        self.watched: frozenset[int] = frozenset()
        self._ram = ram
        self._words = words
        self._engines = engines
        self._rows = np.zeros((ram.base + ram.size) >> 2, np.int64)
        self._stopped = np.zeros(0, np.int64)
        self._filled: set[int] = set()
        self._code_pages: set[int] = set()
        self._single_costs: dict[bytes, BlockCost] = {}
        words[hook.TABLE] = self._rows.ctypes.data
        words[hook.TABLE_WORDS] = len(self._rows)

    def learn(self, address: int, size: int) -> None:
        """Enter the cost of the block of `size` bytes at `address`."""
        if not self._ram.contains(address, size):
            raise BoardError(f"the firmware runs code at {address:#x}, outside RAM", "link all code into RAM")
        cost = self.cost(address, size)
        flags = hook.WATCHED if address in self.watched else 0
        flags |= hook.OPEN_SEAM if cost.is_cut else 0
        flags |= hook.STOPPED if address >> 2 in self._stopped else 0
        self._rows[address >> 2] = hook.table_entry(size, cost.cycles, cost.taken_extra, flags)
        self._filled.add(address >> 2)
        self._code_pages.update(range(address & -PAGE, address + size, PAGE))

    def close_seam(self, address: int, size: int, next_size: int) -> None:
        """The block there was entered last, was cut off, and control falls into one of `next_size` bytes after it."""
        apart = self.cost(address, size).cycles + self.cost(address + size, next_size).cycles
        waits = self.cost(address, size + next_size).cycles - apart
        entry = int(self._words[hook.LAST_ENTRY])
        self._words[hook.LAST_ENTRY] = hook.closed_seam(entry, waits)
        if self._rows[address >> 2] == entry:
            self._rows[address >> 2] = hook.closed_seam(entry, waits)

    def cost(self, address: int, size: int) -> BlockCost:
        """Of the code in RAM there."""
        return self.model.cost(self._ram.read(address, size), address)

    def cost_of_part(self, address: int, count: int) -> BlockCost:
        """Of `count` instructions, remembered for one."""
        if count > 1:
            return self.cost(address, 4 * count)
        code = self._ram.read(address, 4)
        found = self._single_costs.get(code)
        if found is None:
            found = self._single_costs[code] = self.model.cost(code, address)
        return found

    def is_longer(self, address: int, count: int) -> bool:
        """Whether the block there is known to have more than `count` instructions."""
        index = address >> 2
        return index < len(self._rows) and int(self._rows[index]) & hook.BYTES_MASK > 4 * count

    def watch(self, addresses: frozenset[int]) -> None:
        """From now on these are watched, instead of those before."""
        changed = np.fromiter(self.watched ^ addresses, np.int64)
        self._rows[changed >> 2] = 0
        self.watched = addresses

    def stop_before(self, addresses: Collection[int]) -> None:
        """From now on the hook stops the engine before these, and no longer before others."""
        self._rows[self._stopped] &= ~hook.STOPPED
        self._stopped = np.array([each >> 2 for each in addresses if self._ram.contains(each, 4)], np.int64)
        known = self._stopped[self._rows[self._stopped] != 0]
        self._rows[known] |= hook.STOPPED

    def forget(self, pages: list[int] | None = None) -> None:
        """Drop translations and costs when RAM was changed by the host: all, or if one of `pages` holds code."""
        if pages is not None and self._code_pages.isdisjoint(pages):
            return
        for index in self._filled:
            self._rows[index] = 0
        self._filled.clear()
        self._code_pages.clear()
        for engine in self._engines:
            engine.uc.ctl_flush_tb()

    def holds_code(self, address: int) -> bool:
        """Whether the page of `address` has code that was run."""
        return address & -PAGE in self._code_pages
