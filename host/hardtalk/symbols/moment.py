"""The moments that an interrupt passes on its way to its handler."""

from enum import Enum


class Moment(Enum):
    """The moments after the raising of the line, in the order in which they must come."""

    ENTERED = "masked"
    RETURNED = "entry"
    SAFEPOINT = "to safepoint"
    SWITCHED = "switch"
    ACCESSED = "to first access"

    @property
    def part(self) -> str:
        """The name of the time that this moment ends."""
        return self.value
