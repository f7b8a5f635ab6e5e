"""A house around the panel: music in slot 0, a loudspeaker that hears slot 30, a door with a bell, a thermometer."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.mediawire import Kind, MediaWire, Message, Node, Ring, Sink, Source, identity_of

PANEL = identity_of(MediaWire.serial)
MUSIC, LOUDSPEAKER, DOOR, THERMOMETER = (identity_of(serial) for serial in (0x40, 0x41, 0x42, 0x43))
FRAMES_PER_SECOND = 48_000
BELLS = (1.2, 3.3)
"""When somebody rings, in seconds after the board has joined."""


class Thing(Node):
    """Says what it is when it is asked."""

    def __init__(self, identity: int, role: str) -> None:
        super().__init__(identity, name=role)
        self.role = role

    def arrived(self, message: Message) -> None:
        if message.kind == Kind.COMMAND and message.text.rstrip(b"\0") == b"what?":
            self.mail.send(told(message.sender, self.identity, f"is {self.role}"))


def told(receiver: int, sender: int, text: str) -> Message:
    return Message(Kind.COMMAND, receiver, sender, 0, text.encode("latin-1"))


class House(MediaWire):
    def peers(self) -> Sequence[Node]:
        return Source(MUSIC, (0,)), Sink(LOUDSPEAKER, (30,)), Thing(DOOR, "door"), Thing(THERMOMETER, "thermometer")

    def prepare(self, ring: Ring) -> None:
        for second in BELLS:
            ring.plan(round(second * FRAMES_PER_SECOND), "send", DOOR, told(PANEL, DOOR, "bell"))
        for tenth in range(5, 80, 5):
            words = told(PANEL, THERMOMETER, f"temp {20 + tenth % 3}")
            ring.plan(tenth * FRAMES_PER_SECOND // 10, "send", THERMOMETER, words)
