"""The controller of a board whose neighbours in the ring are other boards: time moves in windows, which who runs the
boards gives it.

In each window everything that comes in is known at its beginning. That takes a ring in which a frame is under way from
one board to the next for as long as a window.
"""

from collections.abc import Iterable

from hardtalk.mediawire.controller import MediaWire
from hardtalk.mediawire.ring import Ring
from hardtalk.mediawire.segment import Segment
from hardtalk.mediawire.wire import Signal


class LinkedMediaWire(MediaWire):
    """`segment` is the board's part of the ring, with its own node while that is enabled, and `peers` behind it."""

    segment: Segment

    def make_ring(self) -> Ring:
        self.segment = Segment(self.peers())
        return self.segment

    def begin_at(self, frame: int) -> None:
        """Up to that frame nobody has sent anything."""
        self.segment.frame = frame

    def begin_window(self, signals: Iterable[Signal]) -> None:
        """In the next frames that comes in."""
        self.segment.coming.extend(signals)
        self.set_alarm()

    def end_window(self, frame: int) -> list[Signal]:
        """What went out in the frames up to that one, which must have begun."""
        self.catch_up()
        self.segment.reach(frame)
        return self.segment.take_gone()

    def power_off(self) -> None:
        """The node is in the ring no more; everything passes by it."""
        self.leave()
