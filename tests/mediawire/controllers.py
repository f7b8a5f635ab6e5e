"""A controller by itself, in a ring with scripted nodes, and what tests do with it."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.mediawire import Echo, MediaWire, Message, Node, Ring, Sink, Source, identity_of
from hardtalk.mediawire.channel import unpacked

ENABLE, MAYMASTER, LOOPBACK = 1, 2, 4
LOCKED, MASTER, BROKEN, SCANNING, OVERRUN, UNDERRUN, FAULT = (1 << bit for bit in range(7))
FRAME, COMMAND, SCAN, RING, THRESHOLD = (1 << bit for bit in range(5))
CPU, FRAME_HERTZ = 200_000_000, 48_000
DEADLINE = 20_000
SOURCE, ECHO, SINK = identity_of(0x20), identity_of(0x30), identity_of(0x10)
SETTLED = CPU // 1000 * 3
BUFFER, SPACING, LENGTH = 0x1000, 0x10000, 100


class Home(MediaWire):
    """A ring with a source in slot 0, an echo, and a sink in slot 1."""

    def peers(self) -> Sequence[Node]:
        return Source(SOURCE, (0,)), Echo(ECHO), Sink(SINK, (1,))


class Cut(Home):
    def prepare(self, ring: Ring) -> None:
        ring.plan(500, "cut", ECHO)
        ring.plan(700, "mend", ECHO)


def edge(number: int) -> int:
    """The first cycle of a frame."""
    return -(-number * CPU // FRAME_HERTZ)


def settled(kind: type[MediaWire] = Home, control: int = ENABLE | MAYMASTER) -> MediaWire:
    device = kind()
    device.write("CONTROL", control)
    device.clock.advance(SETTLED)
    device.write("INTSTATUS", 0x1F)
    return device


def channel(device: MediaWire, number: int, slot: str, threshold: int = 0, length: int = LENGTH) -> None:
    """Switch a channel on, in a slot such as RXSLOT0."""
    device.write(slot, number)
    device.write(f"CH{number}_BASE", BUFFER + SPACING * number)
    device.write(f"CH{number}_LENGTH", length)
    device.write(f"CH{number}_THRESHOLD", threshold)
    device.write(f"CH{number}_CONTROL", 1)


def to_the_line(device: MediaWire, most: int = CPU // 10) -> int:
    """Let time pass until the line rises; the cycle."""
    end = device.clock.cycles + most
    while not device.line.level:
        due = device.clock.next_due
        assert due is not None
        assert due <= end
        device.clock.advance(due - device.clock.cycles)
    return device.clock.cycles


def message(device: MediaWire) -> Message:
    return Message.of_bytes(b"".join(device.read(f"RX{place}").to_bytes(4, "little") for place in range(8)))


def send(device: MediaWire, sent: Message) -> None:
    for place, word in enumerate(unpacked(sent.bytes)):
        device.write(f"TX{place}", word)


def peer(device: MediaWire, identity: int) -> Node:
    return device.outside.named(identity)
