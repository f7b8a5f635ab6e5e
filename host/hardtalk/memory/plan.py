"""Which heap is enough: the space that an incremental collector needs so that it ends before memory does.

With L bytes live and k units of work paid for each slot allocated, a collection has to trace L / 4 slots, during which
L / k bytes are allocated; what became garbage after the snapshot stays for one more collection. So H >= L(1 + 2/k).
Buddy blocks waste part of what they hold; the bound is stated in bytes of blocks, so L is the live objects' blocks.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hardtalk.vm import object_format as of
from hardtalk.vm.constants import slang_constants

PACE_BYTES: Final = 32
"""The collector's pace is in units for so many bytes allocated."""


def units_paid_per_slot() -> Fraction:
    """k of the firmware as it is built: units of the collector's work paid at least for each slot that is allocated."""
    return Fraction(slang_constants()["BasicPace"] * of.WORD_BYTES, PACE_BYTES)


@dataclass(frozen=True)
class Plan:
    """For `live_bytes` of blocks and `units_per_slot` k: the heap that suffices, and what it costs at that rate."""

    live_bytes: int
    rate_bytes_per_second: int
    units_per_slot: int | Fraction

    @property
    def heap_bytes(self) -> int:
        """H = L(1 + 2/k), rounded up."""
        return -int(-self.live_bytes * (1 + 2 / Fraction(self.units_per_slot)) // 1)

    @property
    def slack_bytes(self) -> int:
        return self.heap_bytes - self.live_bytes

    @property
    def units_per_second(self) -> int:
        """Units of work that the allocation pays for, in a second."""
        return int(self.rate_bytes_per_second * self.units_per_slot // of.WORD_BYTES)

    @property
    def collections_per_second(self) -> Fraction:
        """How often a collection goes through at this rate: it begins when half of the slack is left."""
        return Fraction(2 * self.rate_bytes_per_second, self.slack_bytes)

    def share(self, cycles_per_unit: Fraction, cycles_per_second: int) -> Fraction:
        """The part of the processor's time that the collector takes."""
        return cycles_per_unit * self.units_per_second / cycles_per_second
