"""A ring in pieces does what it does whole; and what a piece does by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hardtalk.devices.errors import DeviceMistake
from hardtalk.mediawire import (
    Echo,
    Frame,
    Kind,
    LinkedMediaWire,
    Message,
    Node,
    Ring,
    Search,
    Segment,
    Sink,
    Source,
    identity_of,
)

SOURCE, ECHO, SINK, OTHER = (identity_of(each) for each in (0x20, 0x30, 0x10, 0x11))
CONTROL_MASTER, RING = 3, 8


def nodes() -> list[Node]:
    return [Source(SOURCE, (0,)), Echo(ECHO), Sink(SINK, (0,)), Sink(OTHER, (0,))]


def told(node: Node) -> tuple[object, ...]:
    heard = (node.heard, node.gaps, node.wrong) if isinstance(node, Sink) else ()
    return node.condition, node.mail.outbox, heard


def in_pieces(delay: int, frames: int, pieces: list[Segment], disturb: Callable[[int], None]) -> list[Segment]:
    """Each for `delay` frames at a time, in an order that does not matter."""
    coming = {piece: [None] * delay for piece in pieces}
    for window in range(frames // delay):
        disturb(window * delay)
        gone = {}
        for piece in reversed(pieces):
            piece.coming.extend(coming[piece])
            piece.reach((window + 1) * delay)
            gone[piece] = piece.take_gone()
        coming = {piece: gone[pieces[place - 1]] for place, piece in enumerate(pieces)}
    return pieces


def test_a_ring_in_pieces_is_the_same_as_whole() -> None:
    """Election, a stream heard word for word, a message and its answer, frame by frame."""
    ring = Ring(nodes())
    pieces = [Segment([each]) for each in nodes()]
    question = Message(Kind.COMMAND, ECHO, SINK, 7, b"the same?".ljust(16, b"\0"))

    def ask(frame: int) -> None:
        assert [told(each) for each in ring.nodes] == [told(piece.nodes[0]) for piece in pieces]
        if frame == 300:
            ring.named(SINK).mail.send(question)
            pieces[2].nodes[0].mail.send(question)
        ring.step()

    in_pieces(1, 600, pieces, ask)
    echo, sink = pieces[1].nodes[0], pieces[2].nodes[0]
    assert echo.is_master
    assert isinstance(sink, Sink) and sink.heard > 500 and sink.wrong == []


@pytest.mark.parametrize("delay", [2, 3, 4])
def test_a_longer_way_only_takes_longer(delay: int) -> None:
    pieces = in_pieces(delay, 600, [Segment([each]) for each in nodes()], lambda _: None)
    assert [piece.nodes[0].is_master for piece in pieces] == [False, True, False, False]
    sink = pieces[3].nodes[0]
    assert isinstance(sink, Sink) and sink.heard > 400 and sink.wrong == [] and sink.gaps == 0


def test_without_nodes_all_passes_by_but_for_a_frame_when_one_is_plugged_in_or_pulled() -> None:
    signals = [Frame(ECHO, number, None, {}) for number in range(8)]
    piece = Segment()
    piece.coming.extend(signals)
    piece.reach(2)
    piece.insert(0, Sink(SINK, (0,)))
    piece.reach(4)
    piece.remove(SINK)
    piece.reach(6)
    gone = piece.take_gone()
    assert [each is None for each in gone] == [False, False, True, False, True, False]
    assert [each.number for each in gone if isinstance(each, Frame)] == [0, 1, 3, 5]
    assert piece.take_gone() == []


def test_what_is_not_known_yet_is_not_made_up() -> None:
    piece = Segment()
    piece.coming.append(None)
    with pytest.raises(DeviceMistake, match="what comes in in frame 2 of the ring is not known yet"):
        piece.reach(2)


def test_a_quiet_frame_is_no_event_and_another_is() -> None:
    sink = Sink(SINK, (0,))
    piece = Segment([sink])
    piece.coming.extend(Frame(ECHO, number, None, {}) for number in range(4))
    piece.reach(4)
    assert piece.frames_until_event(48) == 48
    piece.coming.extend(Frame(ECHO, number, None, {}) for number in range(4, 6))
    assert piece.frames_until_event(48) == 48
    piece.coming.append(Frame(SOURCE, 6, None, {}))
    assert piece.frames_until_event(48) == 3
    assert piece.frames_until_event(2) == 2
    piece.coming[1] = Frame(ECHO, 5, bytes(16), {})
    assert piece.frames_until_event(48) == 2
    piece.coming[0] = None
    assert piece.frames_until_event(48) == 1


def test_a_controller_is_in_the_ring_while_it_is_enabled() -> None:
    """A lonely one: what it sends comes back a window later."""
    device = LinkedMediaWire()
    device.begin_at(10)
    frame, coming = 10, [None] * 4

    def window() -> None:
        nonlocal frame, coming
        device.begin_window(coming)
        frame += 4
        device.clock.advance(device.edges.cycle_of(frame) - device.clock.cycles)
        coming = device.end_window(frame)

    device.clock.advance(device.edges.cycle_of(frame))
    window()
    assert coming == [None] * 4
    device.write("CONTROL", CONTROL_MASTER)
    for _ in range(6):
        window()
    assert device.read("STATUS") == CONTROL_MASTER
    device.power_off()
    window()
    assert coming[0] is None
    assert all(isinstance(each, Frame) for each in coming[1:])
    assert device.ring is None


def test_the_line_rises_in_the_frame_in_which_frames_of_a_master_come_in() -> None:
    """Not at the window's end, nor when somebody looks: at the edge of frame 7."""
    device = LinkedMediaWire()
    device.begin_at(0)
    device.write("CONTROL", 1)
    device.write("INTENABLE", RING)
    device.begin_window([None] * 4)
    device.clock.advance(device.edges.cycle_of(4))
    device.end_window(4)
    device.write("INTSTATUS", RING)
    device.begin_window([Search(0), Search(0), Frame(ECHO, 0, None, {}), Frame(ECHO, 1, None, {})])
    device.clock.advance(device.edges.cycle_of(5) - device.clock.cycles)
    device.write("INTSTATUS", RING)
    device.clock.advance(device.edges.cycle_of(7) - 1 - device.clock.cycles)
    assert not device.line.level
    device.clock.advance(1)
    assert device.line.level
