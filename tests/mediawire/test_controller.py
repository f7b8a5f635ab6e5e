"""The controller without a CPU: each register, to the cycle where time counts."""

from __future__ import annotations

import pytest

from hardtalk.devices import restore_devices, save_devices
from hardtalk.mediawire import Kind, MediaWire, Message, Sink, Source, identity_of
from hardtalk.mediawire.channel import packed, unpacked
from hardtalk.mediawire.message import TAKEN

from .controllers import (
    BROKEN,
    BUFFER,
    COMMAND,
    CPU,
    DEADLINE,
    ECHO,
    ENABLE,
    FRAME,
    FRAME_HERTZ,
    LOCKED,
    LOOPBACK,
    MASTER,
    MAYMASTER,
    OVERRUN,
    RING,
    SCAN,
    SCANNING,
    SETTLED,
    SINK,
    SOURCE,
    SPACING,
    THRESHOLD,
    UNDERRUN,
    Cut,
    Home,
    channel,
    edge,
    message,
    peer,
    send,
    settled,
    to_the_line,
)


def test_the_identity_is_readable() -> None:
    device = Home()
    assert (device.read("OUI"), device.read("SERIAL")) == (0x003008, 1)


def test_nothing_is_due_while_it_is_not_enabled() -> None:
    device = Home()
    device.write("INTENABLE", 0x1F)
    assert device.clock.next_due is None
    device.write("CONTROL", ENABLE)
    assert device.clock.next_due is not None
    device.write("CONTROL", 0)
    assert device.clock.next_due is None
    assert device.read("STATUS") == 0


def test_it_locks_to_the_highest_and_counts_frames_at_48_kilohertz() -> None:
    device = settled()
    assert device.read("STATUS") == LOCKED
    before = device.read("FRAMES")
    device.clock.advance(CPU // 10)
    assert device.read("FRAMES") == before + 4_800


def test_frames_begin_at_exact_cycles_and_the_edge_is_latched() -> None:
    device = settled()
    number = device.clock.cycles * 3 // 12_500 + 1
    for each in range(number, number + 7):
        device.clock.advance(edge(each) - 1 - device.clock.cycles)
        before = device.read("FRAMES")
        device.clock.advance(1)
        assert device.read("FRAMES") == before + 1
        assert device.read("EDGE") == edge(each) * 24 // 200
        device.clock.advance(1)
        assert device.read("EDGE") == edge(each) * 24 // 200


def test_alone_in_loop_back_it_is_master() -> None:
    device = settled(MediaWire, ENABLE | MAYMASTER | LOOPBACK)
    assert device.read("STATUS") == LOCKED | MASTER
    device.write("CONTROL", ENABLE | LOOPBACK)
    device.write("CONTROL", ENABLE)
    device.clock.advance(SETTLED)
    assert not device.read("STATUS") & (LOCKED | MASTER)


@pytest.mark.parametrize("interval", [0, 1, 2, 3, 4])
def test_a_frame_interrupt_comes_every_so_many_frames(interval: int) -> None:
    device = settled(Home, ENABLE | MAYMASTER | interval << 8)
    device.write("INTENABLE", FRAME)
    device.write("INTSTATUS", FRAME)
    rises = []
    for _ in range(5):
        rises.append(to_the_line(device))
        assert device.read("FRAMES") % (1 << interval) == 0
        assert device.read("INTMASKED") == FRAME
        device.write("INTSTATUS", FRAME)
        assert not device.line.level
    first = rises[0] * 3 // 12_500
    assert rises == [edge(first + (place << interval)) for place in range(5)]


def test_interrupts_are_cleared_by_a_one_and_masked_by_the_enable() -> None:
    device = settled(Home, ENABLE | MAYMASTER)
    device.clock.advance(CPU // 1000)
    assert device.read("INTSTATUS") & FRAME
    assert device.read("INTMASKED") == 0
    assert not device.line.level
    device.write("INTENABLE", FRAME | RING)
    assert device.line.level
    assert device.read("INTMASKED") == FRAME
    device.write("INTSTATUS", RING)
    assert device.line.level
    device.write("INTENABLE", RING)
    assert not device.line.level
    device.write("INTENABLE", FRAME)
    device.write("INTSTATUS", FRAME)
    assert not device.line.level


def test_the_times_of_assertion_and_service_are_latched() -> None:
    device = settled()
    device.write("INTENABLE", FRAME)
    device.write("INTSTATUS", FRAME)
    rise = to_the_line(device)
    device.clock.advance(900)
    device.read("FRAMES")  # serves nothing
    device.clock.advance(300)
    device.read("INTMASKED")
    device.clock.advance(50)
    device.read("INTMASKED")
    assert device.read("ASSERTED") == rise * 24 // 200
    assert device.read("SERVICED") == (rise + 1_200) * 24 // 200
    assert device.read("WORST") == (rise + 1_200) * 24 // 200 - rise * 24 // 200
    assert device.service.worst_cycles == 1_200
    device.write("WORST", 5)
    assert device.read("WORST") == 0


def test_a_line_that_stays_up_is_asserted_again() -> None:
    device = settled()
    device.write("INTENABLE", FRAME | THRESHOLD)
    channel(device, 2, "RXSLOT0", threshold=1)
    to_the_line(device)
    device.read("INTMASKED")
    device.clock.advance(500)
    device.write("INTSTATUS", FRAME)
    assert device.line.level
    assert device.read("ASSERTED") == device.clock.cycles * 24 // 200


@pytest.mark.parametrize(("wait", "late"), [(DEADLINE - 1, 0), (DEADLINE + 1, 1)])
def test_a_service_later_than_100_microseconds_is_counted(wait: int, late: int) -> None:
    device = settled()
    channel(device, 0, "RXSLOT0", length=16_000)
    device.clock.advance(CPU // 1000)
    device.write("INTENABLE", FRAME)
    device.write("INTSTATUS", FRAME)
    to_the_line(device)
    device.clock.advance(wait)
    device.read("INTSTATUS")
    assert device.read("LATE") == late
    assert device.read("CH0_OVERRUNS") == 0
    device.write("LATE", 0)
    assert device.read("LATE") == 0


def test_late_service_loses_words_until_it_comes() -> None:
    device = settled()
    channel(device, 0, "RXSLOT0", length=16_000)
    channel(device, 1, "TXSLOT1", length=16_000)
    device.memory.write(BUFFER + SPACING, packed([5] * 400))
    device.write("CH1_WRITE", 400)
    device.clock.advance(CPU // 1000)
    device.write("INTENABLE", FRAME)
    device.write("INTSTATUS", FRAME)
    to_the_line(device)
    device.clock.advance(edge(10))
    lost = 10 - 100 * FRAME_HERTZ // 1_000_000
    assert device.read("CH0_OVERRUNS") == device.read("CH1_UNDERRUNS") == lost
    assert device.read("STATUS") == LOCKED | OVERRUN | UNDERRUN
    written = device.read("CH0_WRITE")
    assert device.read("CH0_GAP") == written
    device.read("INTSTATUS")
    device.clock.advance(edge(3))
    assert device.read("CH0_OVERRUNS") == lost
    assert device.read("CH0_WRITE") == written + 3
    words = unpacked(device.memory.read(BUFFER, 4 * (written + 3)))
    source = peer(device, SOURCE)
    assert isinstance(source, Source)
    begin = next(place for place in range(1 << 16) if source.wave(place) == words[0])
    kept = list(range(written)) + list(range(written + lost, written + lost + 3))
    assert list(words) == [source.wave(begin + place) for place in kept]
    device.write("STATUS", OVERRUN)
    assert device.read("STATUS") == LOCKED | UNDERRUN
    device.write("STATUS", UNDERRUN)
    assert device.read("STATUS") == LOCKED


def test_messages_are_sent_and_received() -> None:
    device = settled()
    device.write("INTENABLE", COMMAND)
    assert device.read("FIFO") == 8 << 8
    send(device, Message(Kind.COMMAND, ECHO, 0, 7, b"ask me something"))
    assert device.read("FIFO") == 7 << 8
    to_the_line(device)
    assert device.read("INTMASKED") == COMMAND
    assert device.read("FIFO") & 0xFF == 1
    answer = message(device)
    assert (answer.sender, answer.to, answer.tag, answer.text) == (ECHO, identity_of(1), 7, b"ask me something")
    assert device.read("FIFO") & 0xFF == 0
    assert device.read("RX0") == 0


def test_a_message_that_nobody_takes_comes_back() -> None:
    device = settled()
    send(device, Message(Kind.COMMAND, identity_of(0x77), 0, 3))
    device.clock.advance(SETTLED)
    answer = message(device)
    assert (answer.sender, answer.tag, answer.status & TAKEN) == (identity_of(1), 3, 0)


def test_a_full_fifo_refuses_and_loses_none_that_it_took() -> None:
    device = settled()
    for tag in range(20):
        peer(device, ECHO).mail.send(Message(Kind.COMMAND, identity_of(1), ECHO, tag))
    device.clock.advance(SETTLED)
    assert device.read("FIFO") & 0xFF == 8
    assert [message(device).tag for _ in range(8)] == list(range(8))
    for tag in range(12):
        send(device, Message(Kind.COMMAND, SINK, 0, tag))
    assert device.read("FIFO") == 0


def test_a_scan_finds_the_others_in_order() -> None:
    device = settled()
    device.write("INTENABLE", SCAN)
    device.write("SCAN", 1)
    assert device.read("STATUS") == LOCKED | SCANNING
    to_the_line(device)
    assert device.read("STATUS") == LOCKED
    assert device.read("SCAN") == 3
    found = [message(device) for _ in range(3)]
    assert [(each.kind, each.sender) for each in found] == [(Kind.ANSWER, each) for each in (SOURCE, ECHO, SINK)]
    assert [each.text.rstrip(b"\0") for each in found] == [b"source", b"echo", b"sink"]


def test_what_happens_to_the_ring_interrupts_and_is_told_by_the_status() -> None:
    device = Cut()
    device.write("CONTROL", ENABLE | MAYMASTER)
    device.clock.advance(edge(400))
    device.write("INTSTATUS", RING)
    channel(device, 0, "RXSLOT0", length=16_000)
    device.write("INTENABLE", RING)
    changes = device.read("CHANGES")
    to_the_line(device)
    assert device.read("CHANGES") == changes + 1
    assert device.read("STATUS") & (LOCKED | BROKEN) == BROKEN
    before = device.read("CH0_WRITE")
    device.clock.advance(edge(150))
    missed = device.read("CH0_OVERRUNS")
    assert 140 < missed <= 152
    assert device.read("CH0_WRITE") == device.read("CH0_GAP") == before
    device.write("INTSTATUS", RING)
    to_the_line(device)
    device.write("INTENABLE", 0)
    device.clock.advance(edge(400))
    assert device.read("STATUS") & (LOCKED | BROKEN) == LOCKED
    assert device.read("CH0_OVERRUNS") - missed < 200
    assert device.read("CH0_WRITE") > before


def test_a_state_goes_on_as_it_would_have() -> None:
    device = settled()
    channel(device, 0, "RXSLOT0", length=2_000)
    channel(device, 1, "TXSLOT1", length=16_000)
    device.memory.write(BUFFER + SPACING, packed(list(range(1, 1_500))))
    device.write("CH1_WRITE", 1_000)
    device.clock.advance(edge(50))
    send(device, Message(Kind.COMMAND, ECHO, 0, 9))
    device.clock.advance(edge(1))
    saved, cycles = save_devices(device.clock, [device]), device.clock.cycles

    def what_follows() -> list[object]:
        device.write("INTENABLE", COMMAND)
        rise = to_the_line(device)
        device.clock.advance(edge(100))
        sink = peer(device, SINK)
        assert isinstance(sink, Sink)
        registers = [device.read(name) for name in ("FRAMES", "CH0_WRITE", "CH1_READ", "ASSERTED", "STATUS")]
        return [rise, message(device), sink.heard, list(sink.wrong), *registers]

    first = what_follows()
    restore_devices(saved, device.clock, [device])
    device.clock._cycles = cycles
    assert what_follows() == first


def test_how_often_somebody_looks_makes_no_difference() -> None:
    """Bursts are not to be seen: every frame looked at, or none."""

    def outcome(look: bool) -> tuple[object, ...]:
        device = settled()
        channel(device, 0, "RXSLOT0", threshold=30)
        device.write("INTENABLE", THRESHOLD)
        if look:
            for _ in range(25):
                device.clock.advance(edge(1))
                device.read("STATUS")
        rise = to_the_line(device)
        return rise, device.read("CH0_WRITE"), device.memory.read(BUFFER, 4 * 30)

    assert outcome(True) == outcome(False)
