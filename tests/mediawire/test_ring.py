"""The ring without a board: who becomes clock master, what a break does, what a node's delay is, messages and scans."""

from __future__ import annotations

import pytest

from hardtalk.mediawire import EVERYBODY, Echo, Kind, Message, Node, Ring, Sink, Source, identity_of
from hardtalk.mediawire.mail import PATIENCE_FRAMES
from hardtalk.mediawire.message import REFUSED, TAKEN
from hardtalk.mediawire.wire import MOST_NODES, SEEN_BY_MASTER

SETTLED = 200
"""Frames after which a ring of a few nodes has a master, whatever happened."""


class Listener(Node):
    """Keeps what it gets; `is_full` refuses messages."""

    def __init__(self, serial: int, may_be_master: bool = True, name: str = "") -> None:
        super().__init__(identity_of(serial), may_be_master, name)
        self.messages: list[Message] = []
        self.back: list[Message] = []
        self.heard: list[dict[int, int]] = []
        self.changes: list[tuple[bool, bool, bool, int]] = []
        self.is_full = False

    def has_room(self, head: Message) -> bool:
        return not self.is_full

    def arrived(self, message: Message) -> None:
        self.messages.append(message)

    def returned(self, message: Message) -> None:
        self.back.append(message)

    def take(self, data: dict[int, int]) -> None:
        self.heard.append(dict(data))

    def ring_changed(self) -> None:
        self.changes.append(self.condition)


def ring_of(*serials: int) -> Ring:
    ring = Ring([Listener(each) for each in serials])
    ring.run(SETTLED)
    return ring


def listeners(ring: Ring) -> list[Listener]:
    return [node for node in ring.nodes if isinstance(node, Listener)]


def masters(ring: Ring) -> list[int]:
    return [node.identity for node in ring.nodes if node.is_master]


@pytest.mark.parametrize("serials", [(1,), (1, 2), (2, 1), (5, 9, 3), (9, 5, 3, 7), (1, 2, 3, 4, 5, 6, 7)])
def test_the_highest_identity_becomes_the_clock_master(serials: tuple[int, ...]) -> None:
    ring = ring_of(*serials)
    assert masters(ring) == [identity_of(max(serials))]
    assert all(node.condition == (True, node in masters(ring) or node.is_master, False, masters(ring)[0])
               for node in ring.nodes)  # fmt: skip


def test_who_may_not_be_master_is_none() -> None:
    ring = Ring([Listener(9, may_be_master=False), Listener(4), Listener(2)])
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(4)]
    alone = Ring([Listener(9, may_be_master=False), Listener(4, may_be_master=False)])
    alone.run(SETTLED)
    assert not any(node.is_locked for node in alone.nodes)


def test_a_break_is_told_to_all_and_mended() -> None:
    ring = ring_of(5, 9, 3)
    ring.cut(identity_of(3))
    ring.run(SETTLED)
    assert [node.condition for node in ring.nodes] == [(False, False, True, 0)] * 3
    ring.mend(identity_of(3))
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(9)]
    assert not any(node.is_broken for node in ring.nodes)


def test_the_master_pulled_another_is_elected() -> None:
    ring = ring_of(5, 9, 3)
    ring.remove(identity_of(9))
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(5)]
    assert all(node.is_locked for node in ring.nodes)


def test_the_identity_of_a_node_that_is_gone_does_not_go_round_for_ever() -> None:
    ring = Ring([Listener(1), Listener(2), Listener(9)])
    ring.run(3)
    ring.remove(identity_of(9))
    ring.run(3 * MOST_NODES)
    assert masters(ring) == [identity_of(2)]


def test_a_node_plugged_in_is_found_and_may_become_master() -> None:
    ring = ring_of(5, 3)
    ring.insert(1, Listener(9))
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(9)]
    assert all(node.is_locked for node in ring.nodes)


@pytest.mark.parametrize("second", [3, 12])
def test_of_two_masters_the_higher_remains(second: int) -> None:
    ring = Ring([Listener(5), Listener(second, may_be_master=False), Listener(4), Listener(9)])
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(9)]
    ring.claim(identity_of(second))
    ring.run(SETTLED)
    assert masters(ring) == [identity_of(max(second, 9))]
    assert all(node.is_locked for node in ring.nodes)
    assert listeners(ring)[0].changes


def test_each_node_adds_a_frame() -> None:
    source = Source(identity_of(9), (7,))
    listeners = [Listener(each) for each in (2, 3)]
    ring = Ring([source, *listeners])
    ring.run(SETTLED)
    first, second = (each.heard[-1][7] % SEEN_BY_MASTER for each in listeners)
    assert (first, second) == (source.wave(source.sent - 2), source.wave(source.sent - 3))


def test_words_without_a_sender_leave_the_ring() -> None:
    source = Source(identity_of(1), (7,))
    listener = Listener(2)
    ring = Ring([source, listener, Listener(3)])
    ring.run(SETTLED)
    source.slots = ()
    ring.run(2 * len(ring.nodes) + 2)
    assert listener.heard[-1] == {}


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_message_arrives_and_comes_back_taken(count: int) -> None:
    ring = ring_of(*range(1, count + 1))
    sender, to = listeners(ring)[0], listeners(ring)[-1]
    for tag in range(5):
        ring.send(
            sender.identity, Message(Kind.COMMAND, to.identity, sender.identity, tag, bytes(range(tag, tag + 16)))
        )
    ring.run(SETTLED)
    assert [(each.tag, each.text) for each in to.messages] == [(tag, bytes(range(tag, tag + 16))) for tag in range(5)]
    assert [each.status & (TAKEN | REFUSED) for each in sender.back] == [TAKEN] * 5
    assert not any(each.messages for each in listeners(ring)[:-1])


def test_a_message_to_everybody_to_nobody_and_to_one_who_is_full() -> None:
    ring = ring_of(1, 2, 3)
    sender, second, full = listeners(ring)
    full.is_full = True
    ring.send(sender.identity, Message(Kind.COMMAND, EVERYBODY, sender.identity, 1))
    ring.send(sender.identity, Message(Kind.COMMAND, identity_of(77), sender.identity, 2))
    ring.send(sender.identity, Message(Kind.COMMAND, full.identity, sender.identity, 3))
    ring.run(SETTLED)
    assert [each.tag for each in second.messages] == [1]
    statuses = [each.status & (TAKEN | REFUSED) for each in sender.back]
    assert statuses == [TAKEN | REFUSED, 0, REFUSED]


def test_a_message_that_a_break_stops_is_sent_again() -> None:
    ring = ring_of(1, 2, 3)
    sender, to, _ = listeners(ring)
    ring.send(sender.identity, Message(Kind.COMMAND, to.identity, sender.identity, 6))
    ring.cut(to.identity)
    ring.run(SETTLED)
    assert not to.messages
    ring.mend(to.identity)
    ring.run(SETTLED)
    assert {each.tag for each in to.messages} == {6}
    assert [each.tag for each in sender.back] == [6]


def test_the_message_of_a_node_that_is_gone_leaves_the_ring() -> None:
    ring = ring_of(1, 2, 3)
    ring.send(identity_of(1), Message(Kind.COMMAND, identity_of(77), identity_of(1)))
    ring.run(2)
    ring.nodes[0].mail.identity = 0  # it does not know its message any more
    ring.nodes[0].mail.outbox.clear()
    ring.run(SETTLED)
    assert ring.frames_until_event(1000) == 1000


def test_scans_find_the_others_in_the_order_of_the_ring() -> None:
    ring = Ring([Listener(each, name=f"node {each}") for each in (4, 8, 6, 2)])
    ring.run(SETTLED)
    asker = ring.nodes[1]
    assert isinstance(asker, Listener)
    for tag in (1, 2):
        asker.messages.clear()
        asker.back.clear()
        while not asker.back:
            ring.send(asker.identity, Message(Kind.QUESTION, EVERYBODY, asker.identity, tag))
            ring.run(20)
        found = [(each.sender, each.text.rstrip(b"\0")) for each in asker.messages]
        assert found == [(identity_of(each), f"node {each}".encode()) for each in (6, 2, 4)]
        assert asker.back[0].kind == Kind.QUESTION


def test_an_answer_that_found_no_room_is_given_again() -> None:
    ring = ring_of(1, 2, 3)
    asker = listeners(ring)[0]
    asker.is_full = True
    ring.send(asker.identity, Message(Kind.QUESTION, EVERYBODY, asker.identity, 1))
    ring.run(100)
    asker.is_full = False
    ring.run(2 * PATIENCE_FRAMES)
    assert [(each.kind, each.sender) for each in asker.messages] == [(Kind.ANSWER, identity_of(2))]


def test_an_echo_answers() -> None:
    ring = Ring([Listener(1), Echo(identity_of(2)), Listener(3)])
    ring.run(SETTLED)
    asker = listeners(ring)[0]
    ring.send(asker.identity, Message(Kind.COMMAND, identity_of(2), asker.identity, 9, b"0123456789abcdef"))
    ring.run(SETTLED)
    assert [(each.tag, each.text) for each in asker.messages] == [(9, b"0123456789abcdef")]


def test_a_sink_hears_every_word_and_tells_wrong_and_missing_ones() -> None:
    source, sink = Source(identity_of(1), (3, 4)), Sink(identity_of(2), (3, 4))
    ring = Ring([source, Listener(3), sink])
    ring.run(SETTLED)
    assert sink.heard > SETTLED
    assert (sink.wrong, sink.gaps) == ([], 0)
    ring.cut(identity_of(3))
    ring.run(10)
    assert sink.gaps > 0
    source.sent += 1
    ring.mend(identity_of(3))
    ring.run(SETTLED)
    assert sink.wrong


def test_plans_happen_in_their_frames() -> None:
    ring = Ring([Listener(1), Listener(2)])
    ring.plan(300, "cut", identity_of(1))
    ring.plan(400, "mend", identity_of(1))
    ring.run(300)
    assert all(node.is_locked for node in ring.nodes)
    assert ring.frames_until_event(1000) == 1
    ring.run(1)
    assert not ring.nodes[0].is_locked
    ring.run(SETTLED + 100)
    assert all(node.is_locked for node in ring.nodes)
    with pytest.raises(AttributeError):
        ring.plan(500, "explode")
