"""From records of entered blocks to stretches without a safepoint and to the collector's share of time.

A Meter takes the records slice by slice, in order, and carries over what reaches from one slice into the next, so that
how a run is cut changes nothing. A stretch is the time from one safepoint to the next; it is the collector's when any
of the collector's code ran in it. Sleep is no stretch.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hardtalk.memory.code import COLLECTOR, NO_SAFEPOINT, SHARED, CodeMap

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """The longest of a group: its length, when it began, and the blocks with the safepoints around it."""

    cycles: int
    began: int
    first_block: int
    last_block: int


@dataclass
class Group:
    """All stretches of a kind: how many there were of each length, and the longest."""

    lengths: Counter[int] = field(default_factory=Counter)
    longest: Stretch | None = None

    def add(self, lengths: Ints, moments: Ints, first: Ints, last: Ints) -> None:
        if not len(lengths):
            return
        values, counts = np.unique(lengths, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self.lengths[value] += count
        top = int(np.argmax(lengths))
        if self.longest is None or lengths[top] > self.longest.cycles:
            self.longest = Stretch(int(lengths[top]), int(moments[top]), int(first[top]), int(last[top]))

    @property
    def count(self) -> int:
        return sum(self.lengths.values())

    def bands(self, bounds: tuple[int, ...]) -> list[int]:
        """How many stretches are at most each bound and above the one before; the last entry counts those above all."""
        counted = [0] * (len(bounds) + 1)
        for length, count in self.lengths.items():
            counted[int(np.searchsorted(bounds, length))] += count
        return counted


@dataclass
class Meter:
    """What was measured from `began` (the first record's cycle) to `ended`; intervals are [start, end) in cycles."""

    code: CodeMap
    collector: Group = field(default_factory=Group)
    program: Group = field(default_factory=Group)
    began: int | None = None
    ended: int = 0
    asleep_cycles: int = 0
    _intervals: list[tuple[int, int]] = field(default_factory=list)
    _collecting_since: int | None = None
    _moment: int | None = None
    _block: int = 0
    _is_asleep: bool = False
    _touched: bool = False

    def add(self, addresses: Ints, cycles: Ints) -> None:
        """The next records: blocks and the cycles in which they began."""
        if not len(addresses):
            return
        if self.began is None:
            self.began = int(cycles[0])
        self.ended = int(cycles[-1])
        words = (addresses - self.code.base) >> 2
        is_collecting = self._whose(self.code.owner[words])
        self._add_intervals(is_collecting, cycles)
        self._add_stretches(words, addresses, cycles, is_collecting)

    def _whose(self, owners: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each block is the collector's work; shared code is whoever's was before."""
        known = owners != SHARED
        last = np.maximum.accumulate(np.where(known, np.arange(len(owners)), -1))
        before = self._collecting_since is not None
        return np.where(last >= 0, owners[np.maximum(last, 0)] == COLLECTOR, before)

    def _add_intervals(self, is_collecting: NDArray[np.bool_], cycles: Ints) -> None:
        before = np.concatenate([[self._collecting_since is not None], is_collecting[:-1]])
        for position in np.flatnonzero(is_collecting != before).tolist():
            if is_collecting[position]:
                self._collecting_since = int(cycles[position])
            elif self._collecting_since is not None:
                self._intervals.append((self._collecting_since, int(cycles[position])))
                self._collecting_since = None

    def _add_stretches(self, words: Ints, addresses: Ints, cycles: Ints, is_collecting: NDArray[np.bool_]) -> None:
        offsets = self.code.safepoint[words]
        at = np.flatnonzero(offsets != NO_SAFEPOINT)
        touches = np.concatenate([[0], np.cumsum(is_collecting)])
        if not len(at):
            self._touched = self._touched or bool(touches[-1])
            return
        moments, blocks, sleeps = cycles[at] + offsets[at], addresses[at], self.code.sleeps[words[at]]
        # A block's work up to its poll is before the safepoint, the rest after: both stretches touch what it is.
        between = touches[at] - np.concatenate([[0], touches[at[:-1] + 1]])
        touched = (between > 0) | (is_collecting[at] & (offsets[at] > 0))
        touched[1:] |= is_collecting[at[:-1]]
        touched[0] |= self._touched
        starts = np.concatenate([[self._moment if self._moment is not None else moments[0]], moments[:-1]])
        firsts = np.concatenate([[self._block], blocks[:-1]])
        asleep = np.concatenate([[self._is_asleep], sleeps[:-1]])
        lengths = moments - starts
        counted = ~asleep
        if self._moment is None:
            counted[0] = False
        for group, chosen in ((self.collector, counted & touched), (self.program, counted & ~touched)):
            group.add(lengths[chosen], starts[chosen], firsts[chosen], blocks[chosen])
        self.asleep_cycles += int(lengths[asleep].sum())
        self._moment, self._block, self._is_asleep = int(moments[-1]), int(blocks[-1]), bool(sleeps[-1])
        last = int(at[-1])
        self._touched = bool(touches[-1] - touches[last + 1]) or bool(is_collecting[last])

    @property
    def intervals(self) -> Ints:
        """The collector's intervals, rows of start and end; one that has not ended ends with the measurement."""
        found = list(self._intervals)
        if self._collecting_since is not None and self.ended > self._collecting_since:
            found.append((self._collecting_since, self.ended))
        return np.array(found, np.int64).reshape(-1, 2)

    @property
    def collector_cycles(self) -> int:
        intervals = self.intervals
        return int((intervals[:, 1] - intervals[:, 0]).sum())

    @property
    def total_cycles(self) -> int:
        return 0 if self.began is None else self.ended - self.began
