"""A part of a ring: nodes in a row, whose neighbours on both sides are somewhere else.

What comes in at its beginning must be there before time gets so far, and what goes out at its end is kept until it is
fetched. So a ring can be simulated in pieces, each of which is ahead of the others by no more than what a frame takes
from the one to the next.
"""

from collections import deque
from collections.abc import Sequence

from hardtalk.devices.errors import DeviceMistake
from hardtalk.mediawire.node import Node
from hardtalk.mediawire.ring import Ring
from hardtalk.mediawire.wire import Frame, Signal


class Segment(Ring):
    """`coming` is what comes in in the next frames, `gone` what went out in the frames up to `frame`, which are those
    of the board's time.

    Without nodes everything passes by in the frame in which it comes. When a node is plugged in or pulled, nothing gets
    through for a frame.
    """

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        super().__init__(nodes)
        self.coming: deque[Signal] = deque()
        self.gone: list[Signal] = []
        self._is_disturbed = False

    def step(self) -> None:
        if not self.coming:
            raise DeviceMistake(
                f"what comes in in frame {self.frame + 1:,} of the ring is not known yet: a block of the program took "
                "longer than a frame",
                "take the model arm926",
            )
        self.do_what_is_planned()
        came = self.coming.popleft()
        self.pass_through(came)
        self.gone.append(None if self._is_disturbed else self._signals[-1] if self._signals else came)
        self._is_disturbed = False

    def reach(self, frame: int) -> None:
        """Let the frames pass up to that one."""
        while self.frame < frame:
            self.step()

    def take_gone(self) -> list[Signal]:
        """What went out since this was asked last."""
        gone, self.gone = self.gone, []
        return gone

    def frames_until_event(self, most: int) -> int:
        """As for any ring, as far as it is known what comes."""
        most = super().frames_until_event(most)
        for ahead, signal in enumerate(self.coming, 1):
            if ahead >= most:
                break
            if not isinstance(signal, Frame) or signal.command is not None or not self._are_in_step_with(signal):
                return ahead
        return most

    def _are_in_step_with(self, frame: Frame) -> bool:
        return all(node.is_in_step_with(frame) for node in self.nodes)

    def insert(self, place: int, node: Node) -> None:
        super().insert(place, node)
        self._is_disturbed = True

    def remove(self, identity: int) -> None:
        super().remove(identity)
        self._is_disturbed = True
