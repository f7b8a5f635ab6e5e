"""A ring of nodes, frame by frame, and what happens to it: cut, mended, nodes plugged in and pulled.

A node hears in a frame what the one before it sent in the last frame: each adds a delay of one frame, always.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hardtalk.mediawire.message import Message
from hardtalk.mediawire.node import Node
from hardtalk.mediawire.wire import Frame, Signal


@dataclass(frozen=True)
class Plan:
    """In `frame`, send the ring the message `action` with these arguments."""

    frame: int
    action: str
    arguments: tuple[object, ...]


class Ring:
    """`nodes` in the order in which frames pass them; `frame` counts the frames that have passed.

    What is planned for a frame happens before it. Plans are plain texts and numbers, so that a ring can be copied.
    """

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self.nodes: list[Node] = list(nodes)
        self.frame = 0
        self._signals: list[Signal] = [None] * len(self.nodes)
        self._cut: set[int] = set()
        self._plans: list[Plan] = []

    def step(self) -> None:
        """One frame."""
        self.do_what_is_planned()
        self.pass_through(self._signals[-1] if self._signals else None)

    def do_what_is_planned(self) -> None:
        """For this frame."""
        while self._plans and self._plans[0].frame <= self.frame:
            plan = self._plans.pop(0)
            getattr(self, plan.action)(*plan.arguments)

    def pass_through(self, came: Signal) -> None:
        """One frame: the first node hears what came, each other one what the node before it has sent."""
        heard, cut = [came, *self._signals], self._cut
        if cut:
            heard = [None if node.identity in cut else signal for node, signal in zip(self.nodes, heard, strict=False)]
        self._signals = [node.step(signal) for node, signal in zip(self.nodes, heard, strict=False)]
        self.frame += 1

    def reach(self, frame: int) -> None:
        """The board's node comes in in that frame, the latest one. Without it, time stands still for scripted nodes."""

    def run(self, frames: int) -> None:
        for _ in range(frames):
            self.step()

    def frames_until_event(self, most: int) -> int:
        """How many frames may pass, up to `most`, in which nothing but words in slots goes round."""
        if any(not node.is_quiet for node in self.nodes):
            return 1
        if any(not isinstance(each, Frame) or each.command is not None for each in self._signals):
            return 1
        if self._plans:
            return max(1, min(most, self._plans[0].frame - self.frame + 1))
        return most

    def named(self, identity: int) -> Node:
        for node in self.nodes:
            if node.identity == identity:
                return node
        raise KeyError(f"the ring has no node {identity:#014x}")

    # What happens to it

    def plan(self, frame: int, action: str, *arguments: object) -> None:
        """In that frame do `action`: cut, mend, insert, remove, send or claim, with its arguments."""
        getattr(self, action)
        self._plans.append(Plan(frame, action, arguments))
        self._plans.sort(key=lambda plan: plan.frame)

    def cut(self, identity: int) -> None:
        """Nothing comes in any more at that node."""
        self._cut.add(identity)

    def mend(self, identity: int) -> None:
        self._cut.discard(identity)

    def insert(self, place: int, node: Node) -> None:
        """Plug a node in before the one that is at `place`, or at the end."""
        node.switched_on()
        self.nodes.insert(place, node)
        self._signals.insert(place, None)

    def remove(self, identity: int) -> None:
        """Pull a node's plug: its neighbours are connected, after a frame in which nothing gets through."""
        place = self.nodes.index(self.named(identity))
        del self.nodes[place]
        del self._signals[place]
        if self._signals:
            self._signals[place - 1] = None

    def send(self, identity: int, message: Message) -> None:
        self.named(identity).mail.send(message)

    def claim(self, identity: int) -> None:
        """The node behaves as the clock master, which it is not."""
        self.named(identity).claim()
