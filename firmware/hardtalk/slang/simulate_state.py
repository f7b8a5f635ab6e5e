"""The VM state of a simulation: its variables by name, in memory and in pinned registers."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from hardtalk.slang.program import Program
from hardtalk.slang.types import WORD_MASK, Type, signed


class StateView(MutableMapping[str, int]):
    """The VM variables by name, read with their declared signedness."""

    def __init__(self, program: Program, words: memoryview, registers: list[int]) -> None:
        self._program = program
        self._words = words
        self._registers = registers

    def __getitem__(self, name: str) -> int:
        if name in self._program.pinned:
            word = self._registers[self._program.pinned[name]]
        else:
            word = self._words[self._program.state[name] >> 2]
        return word if self._program.state_types.get(name, Type.INT32).is_unsigned else signed(word)

    def __setitem__(self, name: str, value: int) -> None:
        if name in self._program.pinned:
            self._registers[self._program.pinned[name]] = value & WORD_MASK
        else:
            self._words[self._program.state[name] >> 2] = value & WORD_MASK

    def __delitem__(self, name: str) -> None:
        raise TypeError("VM variables cannot be removed")

    def __iter__(self) -> Iterator[str]:
        yield from self._program.pinned
        yield from self._program.state

    def __len__(self) -> int:
        return len(self._program.pinned) + len(self._program.state)
