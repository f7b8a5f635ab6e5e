"""The caches in the CPU: the hooks that look them up, the guest's operations on them, and what was missed.

The host carries out a cache operation at its instruction, by a hook of that address alone.
"""

from typing import Any

import unicorn

from hardtalk.board import hook
from hardtalk.board.caches import Caches
from hardtalk.board.cycles import CacheOperation, cache_operation
from hardtalk.board.engine import LOADS, REGISTERS, STORES, Engine, Words
from hardtalk.board.memory import Ram


class CacheControl:
    """What a CPU does to its caches. `engines` are all that execute instructions."""

    def __init__(self, caches: Caches, ram: Ram, words: Words, engines: tuple[Engine, ...]) -> None:
        self._caches = caches
        self._ram = ram
        self._words = words
        self._engines = engines
        self._operations: set[int] = set()
        caches.connect(words, ram.base + ram.size)
        for engine in engines:
            engine.add_hook(LOADS | STORES, hook.access_hook(), words, "the caches")

    @property
    def misses(self) -> tuple[int, int]:
        """Of instruction and data lines since power-on."""
        return int(self._words[hook.INSTRUCTION_MISSES]), int(self._words[hook.DATA_MISSES])

    def reset(self) -> None:
        self._words[hook.INSTRUCTION_LOCKED] = self._words[hook.DATA_LOCKED] = 0
        self.flush()

    def flush(self) -> None:
        """Make both caches empty, as if everything was written back long ago and replaced that can be replaced.

        Lines in locked ways stay.
        """
        self._caches.flush(int(self._words[hook.INSTRUCTION_LOCKED]), int(self._words[hook.DATA_LOCKED]))
        self._words[hook.BUFFER_EMPTY] = 0

    def fetch(self, address: int, size: int) -> None:
        """Look up the lines of code that runs without the block hook."""
        hook.fetch_function()(self._words.ctypes.data, address, size)

    def hook_operations(self, address: int, size: int) -> None:
        """Carry out a new block's cache operations, each at its instruction."""
        for place in range(address, address + size, 4):
            if place in self._operations or cache_operation(self._word(place)) is None:
                continue
            self._operations.add(place)
            for engine in self._engines:
                engine.uc.hook_add(unicorn.UC_HOOK_CODE, self._operate, begin=place, end=place)
                engine.uc.ctl_remove_cache(address, address + size)

    def _operate(self, engine: Any, place: int, _size: int, _user: Any) -> None:
        word = self._word(place)
        operation = cache_operation(word)
        if operation is None:
            return
        value: int = engine.reg_read(REGISTERS[word >> 12 & 15])
        match operation:
            case CacheOperation.LOCK_INSTRUCTIONS:
                self._words[hook.INSTRUCTION_LOCKED] = value & (1 << self._caches.instruction.ways) - 1
            case CacheOperation.LOCK_DATA:
                self._words[hook.DATA_LOCKED] = value & (1 << self._caches.data.ways) - 1
            case CacheOperation.PREFETCH_INSTRUCTIONS:
                self.fetch(value, 4)
            case CacheOperation.INVALIDATE_INSTRUCTIONS:
                self._caches.flush_instructions()
            case CacheOperation.INVALIDATE_DATA:
                self._caches.flush_data()
            case CacheOperation.INVALIDATE_BOTH:
                self._caches.flush()

    def _word(self, address: int) -> int:
        return self._ram.word(address)

    def save(self) -> bytes:
        return self._caches.save()

    def restore(self, saved: bytes) -> None:
        self._caches.restore(saved)
