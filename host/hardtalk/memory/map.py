"""A map of the heap in address order: what most of each cell is, by the collector's colours, and its largest block."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.memory.heap import GRANULE_BYTES, Heap
from hardtalk.memory.rings import Rings
from hardtalk.vm import object_format as of

Ints = NDArray[np.int64]

CELLS_ACROSS: Final = 256
CELLS_DOWN: Final = 96

CATEGORIES: Final = ("free", "white", "black", "grey", "unlisted context", "the VM's own", "dead")
COLOURS: Final = ("#f2f0ea", "#8fb4d9", "#27323f", "#a0a0a0", "#e0a93b", "#7a5aa6", "#c8553d")


def categories_of(heap: Heap, rings: Rings) -> Ints:
    """Each block's category, as its place in CATEGORIES."""
    white, black = 2, of.COLOUR_ALLOCATED
    if rings.has_collector:
        white, black = heap.machine.variable("whiteColour"), heap.machine.variable("blackColour")
    found = np.zeros(len(heap), np.int64)
    for colour, name in (
        (white, "white"),
        (black, "black"),
        (of.COLOUR_GREY, "grey"),
        (of.COLOUR_UNLISTED, "unlisted context"),
    ):
        found[heap.colours == colour] = CATEGORIES.index(name)
    found[heap.is_taken & ~heap.is_object] = CATEGORIES.index("the VM's own")
    found[rings.members("deadRing")] = CATEGORIES.index("dead")
    return found


@dataclass(frozen=True)
class Grid:
    """Cells of `cell_bytes` in address order, row by row, over the heap from its start to its last block in use.

    The last row may reach beyond that block.
    """

    heap: Heap
    cell_bytes: int
    across: int
    rows: int

    @classmethod
    def over(cls, heap: Heap, across: int = CELLS_ACROSS, down: int = CELLS_DOWN) -> "Grid":
        """As fine as `across` times `down` cells can be."""
        taken = np.flatnonzero(heap.is_taken)
        end = int(heap.addresses[taken[-1]] + (1 << heap.orders[taken[-1]])) if len(taken) else heap.start
        used = max(end - heap.start, 1)
        cell_bytes = -(-used // (across * down * GRANULE_BYTES)) * GRANULE_BYTES
        return cls(heap, cell_bytes, across, -(-used // (cell_bytes * across)))

    def categories(self, categories: Ints) -> Ints:
        """The category that has most of each cell, free only where nothing else is; rows of `across`."""
        most = np.zeros(self._count, np.int64)
        shown = np.zeros(self._count, np.int64)
        for category in range(1, len(CATEGORIES)):
            inside = self._covered(categories == category).sum(axis=1)
            shown = np.where(inside > most, category, shown)
            most = np.maximum(most, inside)
        return shown.reshape(-1, self.across)

    def orders(self) -> Ints:
        """The order of the largest block in each cell; rows of `across`."""
        orders = np.zeros(self._count, np.int64)
        for order in range(of.SMALLEST_ORDER, of.LARGEST_ORDER + 1):
            orders[self._covered(self.heap.orders == order).any(axis=1)] = order
        return orders.reshape(-1, self.across)

    @property
    def _count(self) -> int:
        return self.across * self.rows

    def _covered(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The granules, a row for each cell, that the chosen blocks cover."""
        heap = self.heap
        first = (heap.addresses[chosen] - heap.start) // GRANULE_BYTES
        length = np.left_shift(1, heap.orders[chosen]) // GRANULE_BYTES
        per_cell = self.cell_bytes // GRANULE_BYTES
        return coverage(first, length, self._count * per_cell).reshape(self._count, per_cell)


def coverage(first: Ints, length: Ints, limit: int) -> NDArray[np.bool_]:
    """The granules below `limit` that the blocks beginning at `first` cover."""
    inside = first < limit
    edges = np.zeros(limit + 1, np.int64)
    np.add.at(edges, first[inside], 1)
    np.add.at(edges, np.minimum(first[inside] + length[inside], limit), -1)
    return np.cumsum(edges[:-1]) > 0
