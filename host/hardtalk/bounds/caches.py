"""What caches that hold nothing but what is locked in them add to the cycles of blocks.

Each line that is not certainly loaded before is filled, which a way waits for; each word that is stored to a line not
certainly loaded keeps the next fill waiting for a word of the bus (`hardtalk.bounds.cache_flow`). With caches that hold
what others have left, each fill of a line of data may have to wait for one that was written before and goes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hardtalk.bounds.blocks import Block
from hardtalk.bounds.cache_flow import CacheFlow
from hardtalk.bounds.costs import Cost, Model
from hardtalk.chip import Chip
from hardtalk.vm.facts import Facts


class CachedModel:
    """`inner`, with the misses of the graph that `flow` has followed. `fetches`: whether lines of code are missed, too;
    `writes_back`: whether the caches hold lines that others have written."""

    def __init__(
        self,
        name: str,
        inner: Model,
        flow: CacheFlow,
        facts: Facts,
        chip: Chip,
        *,
        fetches: bool = True,
        writes_back: bool = False,
    ) -> None:
        self.name = name
        self._inner = inner
        self._flow = flow
        self._cache = chip.instruction_cache
        self._open_ways = chip.instruction_cache.ways - facts.sizes["locked ways"]
        self._word = chip.bus.critical_word_cycles
        self._fill = chip.bus.line_fill_cycles
        self._data_fill = (2 if writes_back else 1) * chip.bus.line_fill_cycles
        self._fetch = chip.bus.line_fill_cycles if fetches else 0

    def cost(self, block: Block) -> Cost:
        inner, misses = self._inner.cost(block), self._flow.misses[block.address]
        more = self._fetch * misses.fetches + self._data_fill * misses.fills + self._word * misses.stores
        return Cost(inner.skipped + more, inner.executed + more)

    def seam(self, block: Block) -> int:
        return self._inner.seam(block)

    def known(self, block: Block, callee: int) -> int:
        found = self._flow.known_at_call(block.address, callee)
        return self._fetch * found.code + self._data_fill * found.data

    def assumed(self, address: int, freed_words: int) -> int:
        """What a way costs more that begins at a block, where what is taken for loaded is not. `freed_words`: stored on
        it, at most, to lines of data that are taken for loaded."""
        found = self._flow.known_at(address)
        stores = self._word * freed_words if found.data else 0
        return self._fetch * found.code + self._data_fill * found.data + stores

    # Loops

    def lines(self, block: Block) -> frozenset[int]:
        """The numbers of the block's lines of code that can be missed."""
        return self._flow.code_lines(block)

    def fetch_cycles(self, lines: Iterable[int]) -> int:
        return sum(1 for _ in lines) * self._fill

    def crowded(self, lines: Iterable[int]) -> int:
        """Cycles to fetch again, in each turn of a loop, the lines that do not all find a place."""
        sets = self._cache.size // (self._cache.ways * self._cache.line)
        count = Counter(line % sets for line in lines)
        return sum(number for number in count.values() if number > self._open_ways) * self._fill


class FreedModel(Model):
    """Counts words stored to lines that are taken for loaded."""

    name = "freed words"

    def __init__(self, flow: CacheFlow) -> None:
        self._flow = flow

    def cost(self, block: Block) -> Cost:
        freed = self._flow.misses[block.address].freed
        return Cost(freed, freed)

    def seam(self, _block: Block) -> int:
        return 0
