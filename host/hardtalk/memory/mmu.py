"""Minimum mutator utilisation (Cheng and Blelloch, 2001): the least share of any window that the program had.

Exact: the collector's time in a window changes with the window's place in straight lines whose corners are where an
edge of the window meets an edge of an interval, so one that begins with an interval, or ends with one, is worst.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

WINDOWS_MICROSECONDS: Final = (10, 100, 1_000, 5_000, 20_000)
"""The windows that figures are stated for."""


@dataclass(frozen=True)
class Utilisation:
    """For windows of `window_cycles`: the most of one that the collector had."""

    window_cycles: int
    collector_cycles: int

    @property
    def share(self) -> Fraction:
        return 1 - Fraction(self.collector_cycles, self.window_cycles)

    @property
    def percent(self) -> int:
        """Rounded down: never better than measured."""
        return int(self.share * 100)


def collected_before(intervals: Ints, moments: Ints) -> Ints:
    """Cycles of the collector before each moment. `intervals` are rows of start and end, in order, not overlapping."""
    starts, ends = intervals[:, 0], intervals[:, 1]
    sums = np.concatenate([[0], np.cumsum(ends - starts)])
    begun = np.searchsorted(starts, moments, side="right")
    last = np.maximum(begun - 1, 0)
    running = np.minimum(moments, ends[last]) - starts[last]
    return np.where(begun > 0, sums[last] + running, 0)


def minimum_utilisation(intervals: Ints, began: int, ended: int, window_cycles: int) -> Utilisation | None:
    """Over every window inside the measurement; None when that is shorter than the window."""
    if ended - began < window_cycles:
        return None
    if not len(intervals):
        return Utilisation(window_cycles, 0)
    last = ended - window_cycles
    starts = np.concatenate([intervals[:, 0], intervals[:, 1] - window_cycles])
    starts = np.clip(starts, began, last)
    had = collected_before(intervals, starts + window_cycles) - collected_before(intervals, starts)
    return Utilisation(window_cycles, int(had.max()))
