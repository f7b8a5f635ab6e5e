"""Pictures of memory as PNG files: the MMU curve, and the heap by colour and by order of its blocks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hardtalk.memory.heap import GRANULE_BYTES, Heap
from hardtalk.memory.mmu import minimum_utilisation
from hardtalk.memory.rings import GREY, UNLISTED, Rings
from hardtalk.vm import object_format as of

Ints = NDArray[np.int64]

POINTS: Final = 80
CELLS_ACROSS: Final = 256
CELLS_DOWN: Final = 96
DOTS_PER_INCH: Final = 110
WITHOUT_DATE: Final = {"Software": None}
"""The same picture gives the same bytes."""

CATEGORIES: Final = ("free", "white", "black", "grey", "unlisted context", "the VM's own", "dead")
COLOURS: Final = ("#f2f0ea", "#8fb4d9", "#27323f", "#a0a0a0", "#e0a93b", "#7a5aa6", "#c8553d")


def mmu_picture(
    path: Path, intervals: Ints, began: int, ended: int, cycles_per_second: int, title: str, stated: Sequence[int]
) -> None:
    """The curve over windows from 1 µs to the measurement's length; the windows (in µs) that figures are stated for."""
    per_microsecond = cycles_per_second // 10**6
    longest = max((ended - began) // per_microsecond, 2)
    windows = np.unique(np.geomspace(1, longest, POINTS).astype(np.int64))
    shares = [minimum_utilisation(intervals, began, ended, int(each) * per_microsecond) for each in windows]
    curve = [
        (window, 100 * float(each.share)) for window, each in zip(windows, shares, strict=True) if each is not None
    ]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.semilogx([each[0] for each in curve], [each[1] for each in curve], color="#27323f")
    for window in stated:
        found = minimum_utilisation(intervals, began, ended, window * per_microsecond)
        if found is not None:
            axes.plot([window], [100 * float(found.share)], "o", color="#c8553d")
    axes.set(xlabel="window (µs)", ylabel="minimum mutator utilisation (%)", ylim=(-2, 102), title=title)
    axes.grid(True, alpha=0.3)
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=WITHOUT_DATE, format="png")


def categories_of(heap: Heap, rings: Rings) -> Ints:
    """Each block's category, as its place in CATEGORIES."""
    white, black = 2, of.COLOUR_ALLOCATED
    if rings.has_collector:
        white, black = heap.machine.variable("whiteColour"), heap.machine.variable("blackColour")
    found = np.zeros(len(heap), np.int64)
    for colour, name in ((white, "white"), (black, "black"), (GREY, "grey"), (UNLISTED, "unlisted context")):
        found[heap.colours == colour] = CATEGORIES.index(name)
    found[heap.is_taken & ~heap.is_object] = CATEGORIES.index("the VM's own")
    found[rings.members("deadRing")] = CATEGORIES.index("dead")
    return found


def cells(heap: Heap, categories: Ints) -> tuple[Ints, Ints, int]:
    """The heap up to its last block in use as a grid of cells in address order: the category that has most of each
    (free only where nothing else is), the largest order in it, and the bytes of a cell."""
    taken = np.flatnonzero(heap.is_taken)
    end = int(heap.addresses[taken[-1]] + (1 << heap.orders[taken[-1]])) if len(taken) else heap.start
    cell_bytes = -(-max(end - heap.start, 1) // (CELLS_ACROSS * CELLS_DOWN))
    cell_bytes = -(-cell_bytes // GRANULE_BYTES) * GRANULE_BYTES
    count = CELLS_ACROSS * CELLS_DOWN
    most = np.zeros(count, np.int64)
    shown = np.zeros(count, np.int64)
    granules = np.left_shift(1, heap.orders) // GRANULE_BYTES
    limit = count * cell_bytes // GRANULE_BYTES
    first = (heap.addresses - heap.start) // GRANULE_BYTES
    for category in range(1, len(CATEGORIES)):
        covered = coverage(first[categories == category], granules[categories == category], limit)
        inside = covered.reshape(count, -1).sum(axis=1)
        shown = np.where(inside > most, category, shown)
        most = np.maximum(most, inside)
    orders = np.zeros(count, np.int64)
    per_cell = cell_bytes // GRANULE_BYTES
    for order in range(of.SMALLEST_ORDER, of.LARGEST_ORDER + 1):
        chosen = heap.orders == order
        inside = coverage(first[chosen], granules[chosen], limit).reshape(count, per_cell).any(axis=1)
        orders[inside] = order
    return shown.reshape(CELLS_DOWN, CELLS_ACROSS), orders.reshape(CELLS_DOWN, CELLS_ACROSS), cell_bytes


def coverage(first: Ints, length: Ints, limit: int) -> NDArray[np.bool_]:
    """The granules below `limit` that the blocks beginning at `first` cover."""
    inside = first < limit
    edges = np.zeros(limit + 1, np.int64)
    np.add.at(edges, first[inside], 1)
    np.add.at(edges, np.minimum(first[inside] + length[inside], limit), -1)
    return np.cumsum(edges[:-1]) > 0


def heap_picture(path: Path, heap: Heap, rings: Rings, title: str) -> None:
    shown, orders, cell_bytes = cells(heap, categories_of(heap, rings))
    figure = Figure(figsize=(9, 8), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1)
    bounds = np.arange(len(CATEGORIES) + 1) - 0.5
    by_colour = above.imshow(
        shown, cmap=ListedColormap(COLOURS), norm=BoundaryNorm(bounds, len(CATEGORIES)), interpolation="nearest",
        aspect="auto",
    )  # fmt: skip
    scale = figure.colorbar(by_colour, ax=above, ticks=range(len(CATEGORIES)))
    scale.ax.set_yticklabels(CATEGORIES)
    by_order = below.imshow(
        orders, cmap="viridis", vmin=of.SMALLEST_ORDER, vmax=of.LARGEST_ORDER, interpolation="nearest", aspect="auto"
    )
    figure.colorbar(by_order, ax=below, label="order (log2 of bytes)")
    above.set(title=f"{title}: colours")
    below.set(title=f"largest block, in cells of {cell_bytes:,} bytes from {heap.start:#x} on")
    for axes in (above, below):
        axes.set_xticks([])
        axes.set_yticks([])
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=WITHOUT_DATE, format="png")
