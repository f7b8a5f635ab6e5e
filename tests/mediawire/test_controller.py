"""The controller without a CPU: each register, to the cycle where time counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hardtalk.devices import restore_devices, save_devices
from hardtalk.mediawire import Echo, Kind, MediaWire, Message, Node, Ring, Sink, Source, identity_of
from hardtalk.mediawire.channel import Channel, packed, unpacked
from hardtalk.mediawire.message import TAKEN

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


def test_words_wrap_round_the_end_of_a_buffer() -> None:
    device = MediaWire()
    ring = Channel(0, 0, 8, 6, 6, 0)
    for word in range(1, 6):
        ring.put(word)
    ring.end_burst(device.memory)
    assert unpacked(device.memory.read(0, 32)) == (3, 4, 5, 0, 0, 0, 1, 2)
    assert [ring.next(device.memory) for _ in range(6)] == [1, 2, 3, 4, 5, 0]
