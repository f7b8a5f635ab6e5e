"""A node's part in the messages that go round: sends its own, takes those for it, answers scans.

A node sends one message at a time: the next when that one has come back. One that does not come back, because the ring
was open meanwhile, is sent again; so it may arrive twice, and does not get lost.
"""

from collections.abc import Callable
from typing import Protocol

from hardtalk.mediawire.message import EVERYBODY, REFUSED, SEEN, TAKEN, TEXT_BYTES, Kind, Message
from hardtalk.mediawire.wire import MOST_NODES

PATIENCE_FRAMES = 4 * MOST_NODES
"""After so many frames a message is not under way any more."""


class Mailbox(Protocol):
    """The node behind: `has_room` for a message of which the head has come, which then arrives a frame later."""

    def has_room(self, head: Message) -> bool: ...

    def arrived(self, message: Message) -> None: ...

    def returned(self, message: Message) -> None: ...


class Mail:
    """One node's. `name` is the text of its answers to scans; `outbox` are messages to be sent, the first one of them
    perhaps under way.

    `_age` counts the frames since the first one went out, None while it has not. `_passing` is the head of the message
    that comes by, and `_second` what is to be done with its other half.
    """

    def __init__(self, identity: int, name: bytes, box: Mailbox) -> None:
        self.identity = identity
        self.name = name.ljust(TEXT_BYTES, b"\0")
        self.box = box
        self.outbox: list[Message] = []
        self._age: int | None = None
        self._passing: Message | None = None
        self._second: Callable[[Message, bytes], bytes | None] | None = None
        self._answered: dict[int, int] = {}

    @property
    def is_idle(self) -> bool:
        return not self.outbox and self._second is None

    def send(self, message: Message) -> None:
        self.outbox.append(message)

    def interrupted(self) -> None:
        """The frames have ended: what was under way is sent again."""
        self._age = self._second = self._passing = None

    def pass_on(self, number: int, command: bytes | None, is_master: bool) -> bytes | None:
        """The command part of the frame that goes out with that number, from that of the one that came in."""
        if number & 1:
            second, self._second = self._second, None
            if second is None or self._passing is None:
                return command
            return second(self._passing, command or bytes(TEXT_BYTES))
        if self._age is not None:
            self._age += 2
            if self._age > PATIENCE_FRAMES:
                self._age = None
        return self._begin() if command is None else self._first(Message.of_bytes(command), is_master)

    def _begin(self) -> bytes | None:
        """Nobody uses this frame and the next."""
        if self._age is not None or not self.outbox:
            return None
        self._age = 0
        self._passing, self._second = self.outbox[0], self._send_text
        return self._passing.head

    def _first(self, head: Message, is_master: bool) -> bytes | None:
        if head.sender == self.identity:
            self._passing, self._second = head, self._come_back
            return None
        if is_master and head.status & SEEN:
            self._passing, self._second = head, self._drop
            return None
        if is_master:
            head = head.with_status(SEEN)
        if head.kind == Kind.QUESTION:
            if self._answered.get(head.sender) != head.tag:
                self._answered[head.sender] = head.tag
                head = Message(Kind.ANSWER, head.sender, self.identity, head.tag)
                self._passing, self._second = head, self._send_name
        elif head.to in (self.identity, EVERYBODY):
            if self.box.has_room(head):
                head = head.with_status(TAKEN)
                self._passing, self._second = head, self._deliver
            else:
                head = head.with_status(REFUSED)
        return head.head

    # The other half

    def _send_text(self, head: Message, _text: bytes) -> bytes:
        return head.text

    def _send_name(self, _head: Message, _text: bytes) -> bytes:
        return self.name

    def _drop(self, _head: Message, _text: bytes) -> None:
        return None

    def _deliver(self, head: Message, text: bytes) -> bytes:
        if head.kind == Kind.ANSWER and self._is_under_way(Kind.QUESTION, head.tag):
            self._finish()  # the question has become the answer
        self.box.arrived(Message.of_bytes(head.head + text))
        return text

    def _come_back(self, head: Message, text: bytes) -> None:
        if head.kind == Kind.ANSWER and not head.status & TAKEN:
            self._answered.pop(head.to, None)  # who asked will ask again
        if self._is_under_way(head.kind, head.tag):
            self._finish()
            self.box.returned(Message.of_bytes(head.head + text))

    def _is_under_way(self, kind: int, tag: int) -> bool:
        return self._age is not None and (self.outbox[0].kind, self.outbox[0].tag) == (kind, tag)

    def _finish(self) -> None:
        del self.outbox[0]
        self._age = None
