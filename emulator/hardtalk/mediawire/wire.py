"""What is on the wire between two nodes of a MediaWire ring in one frame.

A ring is a ring of bits at 98.304 Mbit/s: 48,000 frames a second of 256 bytes, 16 of them a part of a message of
commands, 240 of them 60 slots of four bytes. Each node passes on what came in one frame later. While there is no clock
master, nodes send searches instead; on a wire that is cut there is nothing.
"""

from dataclasses import dataclass

FRAME_HERTZ = 48_000
SLOTS = 60
COMMAND_BYTES = 16
MOST_NODES = 64
"""In one ring. What has passed more nodes than that has no sender any more."""

SEEN_BY_MASTER = 1 << 32
"""Marks a slot's word that has passed the clock master. It takes out what comes by it a second time."""


@dataclass(slots=True)
class Frame:
    """A frame of the clock master `master`, numbered by it. It belongs to the node that it goes to.

    `command` is half a message, the first in frames of even numbers; None when nobody sends one. `data` are the words
    of the slots in use, by slot. `hops` is how many nodes it has passed.
    """

    master: int
    number: int
    command: bytes | None
    data: dict[int, int]
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a clock master: the highest identity that was met, 0 for none, and how many nodes it has passed.

    `break_hops` is how many nodes ago the ring was open; 0 when it is not known to be.
    """

    identity: int
    hops: int = 0
    broken_at: int = 0
    break_hops: int = 0

    @property
    def is_broken(self) -> bool:
        return self.broken_at != 0


Signal = Frame | Search | None
"""None: the wire is cut, or its other end is switched off."""
