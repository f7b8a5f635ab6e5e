"""The distribution of measured latencies: exact integers, percentiles by nearest rank.

Nearest rank answers a latency that was really seen; interpolation would answer one that never was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

MEDIAN, P99, P99_9 = Fraction(1, 2), Fraction(99, 100), Fraction(999, 1000)


@dataclass(frozen=True)
class Distribution:
    """`cycles` ascending, at least one."""

    cycles: tuple[int, ...]

    @classmethod
    def of(cls, cycles: Iterable[int]) -> "Distribution":
        ascending = tuple(sorted(cycles))
        if not ascending:
            raise ValueError("no interrupt was measured")
        return cls(ascending)

    def __len__(self) -> int:
        return len(self.cycles)

    @property
    def min(self) -> int:
        return self.cycles[0]

    @property
    def max(self) -> int:
        return self.cycles[-1]

    def percentile(self, share: Fraction) -> int:
        """The least latency such that at least `share` (0 < share <= 1) of all are no longer."""
        if not 0 < share <= 1:
            raise ValueError(f"a percentile's share is above 0 and at most 1, not {share}")
        rank = -(-share.numerator * len(self.cycles) // share.denominator)
        return self.cycles[rank - 1]

    @property
    def median(self) -> int:
        return self.percentile(MEDIAN)

    def misses(self, deadline_cycles: int) -> int:
        """How many took longer than the deadline."""
        return sum(1 for cycles in self.cycles if cycles > deadline_cycles)

    @cached_property
    def _counts(self) -> Counter[int]:
        return Counter(self.cycles)

    def histogram(self, bin_cycles: int) -> list[int]:
        """How many fall in each bin from cycle 0 on: bin n holds n * bin_cycles up to (n + 1) * bin_cycles - 1."""
        bins = [0] * (self.max // bin_cycles + 1)
        for cycles, count in self._counts.items():
            bins[cycles // bin_cycles] += count
        return bins
