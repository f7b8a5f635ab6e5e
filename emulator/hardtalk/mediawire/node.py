"""A node of a ring: how it gets in step with the others, and what it does to the frames that pass.

**The clock master** is elected by identity. A node without a master sends its own identity, and instead of it any
higher one that comes in; who gets its own back is the highest, and sends frames. Whoever is a master and meets frames
or a search of a higher identity gives way; frames of a lower one it drops. A node to which nothing comes in tells those
behind it with its search that the ring is open.

**The way round** is made a whole number of messages long: the master holds frames back by one when the ring is odd.
"""

from hardtalk.mediawire.mail import Mail
from hardtalk.mediawire.message import Message
from hardtalk.mediawire.wire import MOST_NODES, SEEN_BY_MASTER, Frame, Search, Signal

Condition = tuple[bool, bool, bool, int]

OUI = 0x003008
SERIAL_BITS = 24


def identity_of(serial: int) -> int:
    """The identity of a node of this make with that serial number."""
    return OUI << SERIAL_BITS | serial


class Node:
    """`is_locked`: frames of a clock master come in. `is_master`: they are its own. `is_broken`: the ring is known to
    be open. `master` is the identity of the clock master, 0 for none.

    Subclasses say what they do with slots (`take` and `give`) and messages.
    """

    def __init__(self, identity: int, may_be_master: bool = True, name: str = "") -> None:
        self.identity = identity
        self.may_be_master = may_be_master
        self.mail = Mail(identity, name.encode("latin-1"), self)
        self.switched_on()

    def switched_on(self) -> None:
        """Nothing is known of the ring."""
        self.is_locked = self.is_master = self.is_broken = False
        self.master = 0
        self._number = 0
        self._held: Frame | None = None
        self.mail.interrupted()

    @property
    def condition(self) -> Condition:
        return self.is_locked, self.is_master, self.is_broken, self.master

    @property
    def is_quiet(self) -> bool:
        """Whether it will do nothing but pass on frames and fill slots, as long as the others do nothing else."""
        return self.is_locked and self.mail.is_idle

    # What a subclass does

    def take(self, data: dict[int, int]) -> None:
        """A frame has come in."""

    def give(self, data: dict[int, int]) -> None:
        """Put words into the slots of the frame that goes out."""

    def missed(self) -> None:
        """No frame has come in when one should have."""

    def ring_changed(self) -> None:
        """The condition is another one."""

    def has_room(self, head: Message) -> bool:
        """Whether a message for this node can be taken."""
        return True

    def arrived(self, message: Message) -> None:
        """A message for this node."""

    def returned(self, message: Message) -> None:
        """A message of this node's has been round; its status says what became of it."""

    def claim(self) -> None:
        """Send frames as the clock master, whoever that is: what a faulty node does."""
        self._lose()
        self.is_master = True
        self.master = self.identity
        self._number = 0

    # One frame

    def step(self, signal: Signal) -> Signal:
        """What goes out, from what came in one frame ago."""
        if isinstance(signal, Frame) and self.is_in_step_with(signal):
            return self._send(signal) if self.is_master else self._pass(signal)
        before = self.condition
        if isinstance(signal, Frame):
            out = self._framed(signal)
        else:
            self.missed()
            out = self._without_signal() if signal is None else self._searching(signal)
        if self.condition != before:
            self.ring_changed()
        return out

    @property
    def _own(self) -> int:
        """The identity it searches with."""
        return self.identity if self.may_be_master else 0

    def _lose(self) -> None:
        self.is_locked = self.is_master = False
        self.master = 0
        self._held = None
        self.mail.interrupted()

    def _without_signal(self) -> Signal:
        self._lose()
        self.is_broken = True
        return Search(self._own, 0, self.identity, 1)

    def _searching(self, search: Search) -> Signal:
        if self.is_master and not self.is_locked and search.identity <= self.identity:
            return self._send(None)  # left over from the search that it has won
        self._lose()
        is_old = search.broken_at == self.identity or search.break_hops > MOST_NODES
        broken_at, break_hops = (0, 0) if is_old or not search.broken_at else (search.broken_at, search.break_hops + 1)
        self.is_broken = broken_at != 0
        own = self._own
        if own and search.identity == own and not search.is_broken:
            self.is_master = True
            self.master = own
            self._number = 0
            return self._send(None)
        if search.identity > own and search.hops < MOST_NODES:
            return Search(search.identity, search.hops + 1, broken_at, break_hops)
        return Search(own, 0, broken_at, break_hops)

    def is_in_step_with(self, frame: Frame) -> bool:
        """Whether it is a frame as the last one was: of the same master, which is still there."""
        return self.is_locked and frame.master == self.master and frame.hops < MOST_NODES

    def _framed(self, frame: Frame) -> Signal:
        """Frames of a master that this node did not have until now, or that are old."""
        if self.is_master and frame.master < self.identity:
            return self._send(None)
        if frame.hops >= MOST_NODES:
            return self._searching(Search(0))  # their master is gone
        if frame.master != self.master:
            self._lose()
            self.master = frame.master
        self.is_locked = True
        self.is_broken = False
        return self._send(frame) if self.is_master else self._pass(frame)

    def _pass(self, frame: Frame) -> Frame:
        frame.hops += 1
        self.take(frame.data)
        self.give(frame.data)
        if frame.command is not None or not self.mail.is_idle:
            frame.command = self.mail.pass_on(frame.number, frame.command, False)
        return frame

    def _send(self, came: Frame | None) -> Frame:
        """The master's next frame, with what came in with the last one."""
        number, self._number = self._number, self._number + 1
        if came is not None and (came.number ^ number) & 1:
            came, self._held = self._held, came
        data: dict[int, int] = {}
        command = None
        if came is not None:
            command = came.command
            self.take(came.data)
            data = {slot: word | SEEN_BY_MASTER for slot, word in came.data.items() if word < SEEN_BY_MASTER}
        self.give(data)
        return Frame(self.identity, number, self.mail.pass_on(number, command, True), data)
