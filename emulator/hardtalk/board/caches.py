"""The contents of the instruction and data caches, which the compiled hooks look up and change.

Geometry and miss costs are the board file's. Both caches have the same length of line.
"""

import numpy as np
from numpy.typing import NDArray

from hardtalk.board import hook
from hardtalk.board.errors import BoardError
from hardtalk.chip import Bus, Cache

Words = NDArray[np.int64]


class Caches:
    """Two caches, empty at first, and the write buffer's speed."""

    def __init__(self, instruction: Cache, data: Cache, bus: Bus) -> None:
        if instruction.line != data.line:
            raise BoardError("the caches have different lengths of line", "give both the same in board.toml")
        for cache in (instruction, data):
            sets = cache.size // (cache.ways * cache.line)
            if cache.line.bit_count() != 1 or sets.bit_count() != 1:
                raise BoardError(
                    f"a cache has {sets} sets of lines of {cache.line} bytes", "make both powers of two in board.toml"
                )
        self.instruction = instruction
        self.data = data
        self.bus = bus
        self._arrays: list[Words] = []
        for cache in (instruction, data):
            lines = cache.size // cache.line
            self._arrays += [np.full(lines, hook.INVALID, np.int64), np.zeros(lines // cache.ways, np.int64)]

    def connect(self, state: Words, ram_end: int) -> None:
        """Tell the hooks where the caches are and what they cost."""
        instruction_lines, instruction_victims, data_lines, data_victims = self._arrays
        state[hook.RAM_END] = ram_end
        state[hook.LINE_SHIFT] = self.data.line.bit_length() - 1
        state[hook.INSTRUCTION_LINES] = instruction_lines.ctypes.data
        state[hook.INSTRUCTION_VICTIMS] = instruction_victims.ctypes.data
        state[hook.INSTRUCTION_SETS], state[hook.INSTRUCTION_WAYS] = len(instruction_victims), self.instruction.ways
        state[hook.DATA_LINES] = data_lines.ctypes.data
        state[hook.DATA_VICTIMS] = data_victims.ctypes.data
        state[hook.DATA_SETS], state[hook.DATA_WAYS] = len(data_victims), self.data.ways
        state[hook.LINE_FILL_CYCLES] = self.bus.line_fill_cycles
        state[hook.WORD_CYCLES] = self.bus.critical_word_cycles
        state[hook.BUFFER_CYCLES] = self.bus.write_buffer_words * self.bus.critical_word_cycles

    def flush(self, instruction_kept: int = 0, data_kept: int = 0) -> None:
        """Make both empty, but for the ways whose bits are set."""
        self.flush_instructions(instruction_kept)
        self.flush_data(data_kept)

    def flush_instructions(self, kept: int = 0) -> None:
        _empty(self._arrays[0], self._arrays[1], self.instruction.ways, kept)

    def flush_data(self, kept: int = 0) -> None:
        _empty(self._arrays[2], self._arrays[3], self.data.ways, kept)

    def save(self) -> bytes:
        return b"".join(array.tobytes() for array in self._arrays)

    def restore(self, saved: bytes) -> None:
        start = 0
        for array in self._arrays:
            array[:] = np.frombuffer(saved, np.int64, len(array), start)
            start += array.nbytes


def _empty(lines: Words, victims: Words, ways: int, kept: int) -> None:
    by_way = lines.reshape(-1, ways)
    for way in range(ways):
        if not kept >> way & 1:
            by_way[:, way] = hook.INVALID
    victims.fill(0)
