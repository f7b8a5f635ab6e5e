"""Nodes that stand for other devices in a ring: a source, a sink, an echo. Their sounds are computed exactly."""

from collections.abc import Callable

from hardtalk.mediawire.message import Kind, Message
from hardtalk.mediawire.node import Node

Wave = Callable[[int], int]
"""The word, of 32 bits, that is sent the n-th time, from 0 on. A function of a module, so that boards can be copied."""

WORD_MASK = 0xFFFFFFFF
PLACES = 1 << 16
"""Where in a wave a sink looks for the first word."""
WRONG_KEPT = 100


LEFT_STEP, RIGHT_STEP = 601, 300
"""A sample's step: 440 and 220 times 65,536 in 48,000."""


def sawtooth(place: int) -> int:
    """Stereo, 16 bits: to the left a rising tone of some 440 Hz, to the right a falling one of 220 Hz."""
    place += 1
    left = place * LEFT_STEP & 0xFFFF
    right = -place * RIGHT_STEP & 0xFFFF
    return left | right << 16


class Source(Node):
    """Sends a wave in its slots, so many words a frame, whether somebody listens or the ring is open or not."""

    def __init__(
        self, identity: int, slots: tuple[int, ...], wave: Wave = sawtooth, may_be_master: bool = True
    ) -> None:
        super().__init__(identity, may_be_master, "source")
        self.slots = slots
        self.wave = wave
        self.sent = 0

    def give(self, data: dict[int, int]) -> None:
        wave, sent = self.wave, self.sent
        for slot in self.slots:
            data[slot] = wave(sent)
            sent += 1
        self.sent = sent

    def missed(self) -> None:
        self.sent += len(self.slots)


class Sink(Node):
    """Compares what comes in in its slots with a wave, word for word, from the place in it that the first word has.

    Silence before that is not counted. `heard` counts words; `wrong` are the first ones that were not expected, each
    with how many came before; `gaps` counts words that did not come.
    """

    def __init__(
        self, identity: int, slots: tuple[int, ...], wave: Wave = sawtooth, may_be_master: bool = True
    ) -> None:
        super().__init__(identity, may_be_master, "sink")
        self.slots = slots
        self.wave = wave
        self.start: int | None = None
        self.heard = 0
        self.gaps = 0
        self.wrong: list[tuple[int, int]] = []

    def take(self, data: dict[int, int]) -> None:
        for slot in self.slots:
            word = data.get(slot)
            if word is None:
                self.gaps += bool(self.heard)
            elif word & WORD_MASK or self.heard:
                self._compare(word & WORD_MASK)

    def missed(self) -> None:
        self.gaps += len(self.slots) * bool(self.heard)

    def _compare(self, word: int) -> None:
        if self.start is None:
            self.start = next((place for place in range(PLACES) if self.wave(place) == word), 0)
        if word != self.wave(self.start + self.heard) and len(self.wrong) < WRONG_KEPT:
            self.wrong.append((self.heard, word))
        self.heard += 1


class Echo(Node):
    """Sends each command back to who sent it, with the same tag."""

    def __init__(self, identity: int, may_be_master: bool = True) -> None:
        super().__init__(identity, may_be_master, "echo")

    def arrived(self, message: Message) -> None:
        if message.kind == Kind.COMMAND:
            self.mail.send(Message(Kind.COMMAND, message.sender, self.identity, message.tag, message.text))
