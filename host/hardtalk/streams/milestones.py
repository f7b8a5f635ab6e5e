"""How far a long measurement is, and how long it will take: told at each tenth of it, by whoever does it."""

from dataclasses import dataclass
from typing import Final

PARTS: Final = 10
LEAST_COUNT: Final = 10_000
"""Of milliseconds; what is shorter says nothing."""


@dataclass
class Milestones:
    """`name` is of what is measured, `count` of what it has in all, `began` when, in seconds of the host."""

    name: str
    count: int
    began: float

    def is_due(self, done: int) -> bool:
        """Whether a tenth more is done."""
        parts = done * PARTS // self.count
        return self.count >= LEAST_COUNT and parts > (done - 1) * PARTS // self.count and done < self.count

    def told(self, done: int, now: float, troubles: int) -> str:
        left = (now - self.began) * (self.count - done) / done
        return (
            f"{self.name}: {done:,} of {self.count:,} ms, {troubles:,} late, lost or wrong, {left / 60:,.0f} min left"
        )
