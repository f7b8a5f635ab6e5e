"""Pictures of memory as PNG files: the MMU curve, stretches, use over time, the heap by colour and by order."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from hardtalk.memory.fragmentation import Usage
from hardtalk.memory.heap import Heap
from hardtalk.memory.map import CATEGORIES, CELLS_ACROSS, COLOURS, Grid, categories_of
from hardtalk.memory.mmu import minimum_utilisation
from hardtalk.memory.rings import Rings
from hardtalk.memory.stretches import Group
from hardtalk.vm import object_format as of

Ints = NDArray[np.int64]

POINTS: Final = 80
DOTS_PER_INCH: Final = 110
WITHOUT_DATE: Final = {"Software": None}
"""The same picture gives the same bytes."""

BINS: Final = 60
MEGABYTE: Final = 1 << 20


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


def heap_picture(path: Path, heap: Heap, rings: Rings, title: str) -> None:
    """Two maps in address order, row by row: what lies in each cell, and how large its largest block is."""
    grid = Grid.over(heap)
    shown, orders, cell_bytes = grid.categories(categories_of(heap, rings)), grid.orders(), grid.cell_bytes
    figure = Figure(figsize=(10, 8), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1)
    draw_cells(above, shown, COLOURS)
    labelled = zip(CATEGORIES, COLOURS, strict=True)
    above.legend(
        handles=[Patch(facecolor=colour, edgecolor="#888888", label=name) for name, colour in labelled],
        loc="center left", bbox_to_anchor=(1.01, 0.5), title="in a cell there is most of",
    )  # fmt: skip
    top = max(int(orders.max()), of.SMALLEST_ORDER)
    used = range(of.SMALLEST_ORDER, top + 1)
    shades = [colormaps["viridis"](place / max(len(used) - 1, 1)) for place in range(len(used))]
    draw_cells(below, np.maximum(orders - of.SMALLEST_ORDER, 0), shades)
    below.legend(
        handles=[Patch(facecolor=shades[order - used.start], label=size_name(1 << order)) for order in used],
        loc="center left", bbox_to_anchor=(1.01, 0.5), title="largest block", ncols=1 + len(used) // 14,
    )  # fmt: skip
    above.set(title=f"{title}: colours")
    below.set(title=f"orders; a cell is {size_name(cell_bytes)}, a row {size_name(cell_bytes * CELLS_ACROSS)}")
    for axes in (above, below):
        axes.set_xticks([])
        rows = range(0, len(shown), max(len(shown) // 6, 1))
        axes.set_yticks(rows, [f"{heap.start + row * CELLS_ACROSS * cell_bytes:#x}" for row in rows])
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=WITHOUT_DATE, format="png")


def draw_cells(axes: Axes, values: Ints, colours: Sequence[Any]) -> None:
    bounds = np.arange(len(colours) + 1) - 0.5
    axes.imshow(
        values, cmap=ListedColormap(list(colours)), norm=BoundaryNorm(bounds, len(colours)), interpolation="nearest",
        aspect="auto",
    )  # fmt: skip


def size_name(size: int) -> str:
    for unit, name in ((MEGABYTE, "MB"), (1 << 10, "KB")):
        if size >= unit:
            return f"{size // unit} {name}" if size % unit == 0 else f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def stretch_picture(path: Path, collector: Group, program: Group, title: str) -> None:
    """How many stretches without a safepoint there were of each length, both axes logarithmic."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    longest = max((max(group.lengths, default=1) for group in (collector, program)), default=1)
    bins = np.unique(np.geomspace(1, longest + 1, BINS).astype(np.int64)).tolist()
    groups = (("the collector's", collector, "#c8553d", 0.8), ("all others", program, "#27323f", 0.45))
    for label, group, colour, opacity in groups:
        if group.count:
            lengths, counts = np.array(list(group.lengths)), np.array(list(group.lengths.values()))
            text = f"{label}: {group.count:,}"
            axes.hist(lengths, bins=bins, weights=counts, color=colour, alpha=opacity, label=text)
            axes.axvline(max(group.lengths), color=colour, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="cycles without a safepoint", ylabel="stretches", title=title)
    axes.legend(title="dotted: the longest")
    axes.grid(True, alpha=0.3)
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=WITHOUT_DATE, format="png")


def fragmentation_picture(path: Path, usages: Sequence[Usage], cycles_per_second: int, title: str) -> None:
    """Above bytes in blocks and the largest free block over time, below the waste inside blocks and outside."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    seconds = [each.cycle / cycles_per_second for each in usages]
    above.plot(seconds, [each.block_bytes / MEGABYTE for each in usages], color="#27323f", label="in blocks of objects")
    above.plot(seconds, [each.free_bytes / MEGABYTE for each in usages], color="#8fb4d9", label="free")
    largest = [each.largest_free_bytes / MEGABYTE for each in usages]
    above.plot(seconds, largest, color="#c8553d", label="largest free block")
    below.plot(seconds, [each.internal_permille / 10 for each in usages], color="#27323f", label="inside blocks")
    below.plot(seconds, [each.external_permille / 10 for each in usages], color="#c8553d", label="outside")
    above.set(ylabel="MB", title=title)
    below.set(xlabel="seconds since reset", ylabel="waste (%)", ylim=(-2, 102))
    for axes in (above, below):
        axes.legend()
        axes.grid(True, alpha=0.3)
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=WITHOUT_DATE, format="png")
