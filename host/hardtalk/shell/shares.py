"""How much of the processor each process gets, seen from outside: which one is active is read again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from hardtalk.board import Board
from hardtalk.symbols.process_names import ProcessNames
from hardtalk.symbols.source_map import SourceMap

SAMPLED_MILLISECONDS: Final = 50
SAMPLE_CYCLES: Final = 9_973
"""About 50 µs, and no multiple of any period of the board's."""


def shares(board: Board, source_map: SourceMap, let_pass: Callable[[int], object]) -> dict[str, float]:
    """Of each process that was active, `name (priority)`, the part of the samples. `let_pass` lets the board go on for
    so many cycles."""
    names = ProcessNames(board.ram, source_map)
    samples = SAMPLED_MILLISECONDS * board.chip.cpu_hertz // 1000 // SAMPLE_CYCLES
    seen: Counter[str] = Counter()
    for _ in range(samples):
        let_pass(SAMPLE_CYCLES)
        seen[names.name(board.ram.word(names.word))] += 1
    return {name: count / samples for name, count in seen.items()}
