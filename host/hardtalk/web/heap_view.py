"""The heap as the page shows it: a map by the collector's colours, the collector's phase, how much is free.

The board is looked at where it stands: it is not brought to a safepoint for that, so it does the same with and without
a page. Where native code runs, or a block is just being made or freed, the heap cannot be read, and the map stays as
it was.
"""

from collections.abc import Mapping
from typing import Any, Final

from hardtalk.board import Board
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine, NotReadable
from hardtalk.memory.map import CATEGORIES, COLOURS, Grid, categories_of
from hardtalk.memory.rings import Rings

ACROSS: Final = 96
DOWN: Final = 48
FIRST_DIGIT: Final = ord("0")


def heap_state(board: Board) -> Mapping[str, Any] | None:
    """`cells` has a digit for each cell, row by row: the place of its category in `categories`. None for no heap."""
    try:
        machine = Machine.of_board(board)
    except NotReadable:
        return None
    heap = Heap(machine)
    if not heap.is_whole:
        return None
    rings = Rings(heap)
    grid = Grid.over(heap, ACROSS, DOWN)
    cells = grid.categories(categories_of(heap, rings))
    return {
        "categories": [{"name": name, "color": color} for name, color in zip(CATEGORIES, COLOURS, strict=True)],
        "across": ACROSS,
        "rows": grid.rows,
        "cell": grid.cell_bytes,
        "cells": (cells + FIRST_DIGIT).astype("u1").tobytes().decode("ascii"),
        "start": heap.start,
        "bytes": heap.end - heap.start,
        "free": machine.variable("bytesFree"),
        "objects": int(heap.is_object.sum()),
        "phase": rings.phase if rings.has_collector else "",
        "rings": {name.removesuffix("Ring"): count for name, count in rings.counts.items()},
    }
