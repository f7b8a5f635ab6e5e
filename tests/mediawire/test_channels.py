"""The channels of MediaWire's controller: words into and out of rings in memory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hardtalk.mediawire import MediaWire, Node, Sink, Source
from hardtalk.mediawire.channel import Channel, packed, unpacked

from .controllers import (
    BUFFER,
    ENABLE,
    FAULT,
    LENGTH,
    LOCKED,
    LOOPBACK,
    MAYMASTER,
    OVERRUN,
    SINK,
    SOURCE,
    SPACING,
    THRESHOLD,
    UNDERRUN,
    channel,
    edge,
    peer,
    settled,
    to_the_line,
)


def test_a_channel_receives_into_its_ring_and_says_when_its_threshold_is_reached() -> None:
    device = settled()
    device.write("INTENABLE", THRESHOLD)
    channel(device, 3, "RXSLOT0", threshold=40)
    begin = device.clock.cycles * 3 // 12_500
    assert to_the_line(device) == edge(begin + 40)
    assert device.read("CH3_WRITE") == 40
    device.write("INTSTATUS", THRESHOLD)
    assert (device.read("REACHED"), device.read("REACHED")) == (3, 63)
    device.write("CH3_READ", 30)
    assert to_the_line(device) == edge(begin + 70)
    device.write("CH3_READ", 70)
    device.write("INTSTATUS", THRESHOLD)
    device.clock.advance(edge(39))
    assert device.read("CH3_WRITE") == (70 + 39) % LENGTH
    source = peer(device, SOURCE)
    assert isinstance(source, Source)
    words = unpacked(device.memory.read(BUFFER + 3 * SPACING, 4 * LENGTH))
    begin = next(place for place in range(1 << 16) if source.wave(place) == words[70])
    assert [*words[70:], *words[:9]] == [source.wave(begin + place) for place in range(39)]


def test_a_full_ring_overruns_and_the_words_before_stay() -> None:
    device = settled()
    channel(device, 0, "RXSLOT0", length=20)
    device.write("INTENABLE", THRESHOLD)
    device.write("INTSTATUS", THRESHOLD)
    begin = device.clock.cycles * 3 // 12_500
    assert to_the_line(device) == edge(begin + 20)
    device.read("INTMASKED")
    device.clock.advance(edge(4))
    assert device.read("CH0_OVERRUNS") == 5
    assert device.read("CH0_GAP") == device.read("CH0_WRITE") == 19
    assert device.read("STATUS") & OVERRUN
    device.write("INTSTATUS", THRESHOLD)
    assert device.read("REACHED") == 0
    device.write("CH0_READ", 10)
    device.clock.advance(edge(4))
    assert device.read("CH0_WRITE") == 3
    assert device.read("CH0_OVERRUNS") == 5


def test_a_channel_sends_and_says_when_it_runs_low() -> None:
    device = settled()
    device.write("INTENABLE", THRESHOLD)
    sink = peer(device, SINK)
    assert isinstance(sink, Sink)
    channel(device, 4, "TXSLOT1", threshold=10)
    device.memory.write(BUFFER + 4 * SPACING, packed([sink.wave(place) for place in range(50)]))
    begin = device.clock.cycles * 3 // 12_500
    device.write("CH4_WRITE", 50)
    assert to_the_line(device) == edge(begin + 40)
    device.write("INTSTATUS", THRESHOLD)
    assert device.read("REACHED") == 4
    device.write("INTENABLE", 0)
    device.memory.write(BUFFER + 4 * SPACING + 200, packed([sink.wave(place) for place in range(50, 99)]))
    device.write("CH4_WRITE", 99)
    device.clock.advance(edge(59))
    assert device.read("CH4_UNDERRUNS") == 0
    device.clock.advance(edge(6))
    assert device.read("CH4_UNDERRUNS") == 6
    assert device.read("CH4_READ") == device.read("CH4_GAP") == 99
    assert device.read("STATUS") & UNDERRUN
    assert sink.heard >= 99
    assert [place for place, _ in sink.wrong] == list(range(99, sink.heard))


def test_a_slot_may_be_taken_and_filled_in_the_same_frame() -> None:
    device = settled(MediaWire, ENABLE | MAYMASTER | LOOPBACK)
    channel(device, 0, "TXSLOT7")
    channel(device, 1, "RXSLOT7")
    device.memory.write(BUFFER, packed(list(range(1, 31))))
    device.write("CH0_WRITE", 30)
    device.clock.advance(edge(40))
    count = device.read("CH1_WRITE")
    words = unpacked(device.memory.read(BUFFER + SPACING, 4 * count))
    assert [each for each in words if each] == list(range(1, 31))


def test_several_slots_of_a_channel_are_in_order() -> None:
    class Video(MediaWire):
        def peers(self) -> Sequence[Node]:
            return [Source(SOURCE, (10, 20, 30, 59))]

    device = settled(Video)
    for slot in (59, 10, 30, 20):
        device.write(f"RXSLOT{slot}", 0)
    channel(device, 0, "RXSLOT10")
    device.clock.advance(edge(20))
    assert device.read("CH0_WRITE") == 80
    words = unpacked(device.memory.read(BUFFER, 320))
    source = peer(device, SOURCE)
    assert isinstance(source, Source)
    begin = next(place for place in range(1 << 16) if source.wave(place) == words[0])
    assert list(words) == [source.wave(begin + place) for place in range(80)]


@pytest.mark.parametrize(
    ("register", "value"),
    [("LENGTH", 1), ("LENGTH", 1 << 30), ("BASE", 0x1001), ("BASE", 0xFFFFFFF0), ("READ", LENGTH)],
)
def test_a_channel_that_cannot_be_is_a_fault(register: str, value: int) -> None:
    device = settled()
    device.write("CH0_BASE", BUFFER)
    device.write("CH0_LENGTH", LENGTH)
    device.write(f"CH0_{register}", value)
    device.write("CH0_CONTROL", 1)
    assert device.read("CH0_CONTROL") == 0
    assert device.read("STATUS") == LOCKED | FAULT
    device.write("STATUS", FAULT)
    assert device.read("STATUS") == LOCKED


def test_a_position_outside_of_the_buffer_switches_the_channel_off() -> None:
    device = settled()
    channel(device, 0, "RXSLOT0")
    device.write("CH0_READ", LENGTH)
    assert device.read("CH0_CONTROL") == 0
    assert device.read("STATUS") & FAULT


def test_a_channel_switched_off_keeps_positions_and_counts() -> None:
    device = settled()
    channel(device, 0, "RXSLOT0", length=10)
    device.clock.advance(edge(12))
    before = [device.read(f"CH0_{name}") for name in ("READ", "WRITE", "OVERRUNS", "GAP")]
    device.write("CH0_CONTROL", 0)
    device.clock.advance(edge(12))
    assert [device.read(f"CH0_{name}") for name in ("READ", "WRITE", "OVERRUNS", "GAP")] == before == [0, 9, 3, 9]
    device.write("CH0_CONTROL", 1)
    assert device.read("CH0_OVERRUNS") == 0


def test_words_wrap_round_the_end_of_a_buffer() -> None:
    device = MediaWire()
    ring = Channel(0, 0, 8, 6, 6, 0)
    for word in range(1, 6):
        ring.put(word)
    ring.end_burst(device.memory)
    assert unpacked(device.memory.read(0, 32)) == (3, 4, 5, 0, 0, 0, 1, 2)
    assert [ring.next(device.memory) for _ in range(6)] == [1, 2, 3, 4, 5, 0]
