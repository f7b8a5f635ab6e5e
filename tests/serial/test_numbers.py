"""Numbered requests: on a line that damages, drops and doubles, each is run once and has its own answer."""

from __future__ import annotations

from random import Random

import pytest

from hardtalk.bench import Bench, BoardConsole
from hardtalk.serial import ConsoleText, Event, Frame, FrameReader, NotUnderstood, Result, encode_frame

SECOND = 200_000_000


def frames(bench: Bench, data: bytes, cycles: int = SECOND // 4) -> list[Frame]:
    """What the board replies to these bytes."""
    bench.board.uart(0).send(data)
    bench.console.run(cycles)
    return [each for each in FrameReader().feed(bench.board.uart(0).take()) if isinstance(each, Frame)]


def request(bench: Bench, source: str) -> bytes:
    """The bytes of a request, which the prompt then forgets."""
    bench.console.prompt.enter(source)
    data = bench.console.prompt.take_outgoing()
    bench.console.prompt.abandon()
    return data


def test_noise_before_a_request_shifts_nothing(bench: Bench) -> None:
    bench.board.uart(0).send(b"zz")
    for source, printed in (("3 + 4", "7"), ("5 + 6", "11"), ("7 + 8", "15")):
        bench.console.prompt.enter(source)
        events = list(bench.console.events())
        assert [each for each in events if isinstance(each, Result)] == [Result(printed)]
        assert all(isinstance(each, (Result, NotUnderstood)) for each in events)
    bench.board.uart(0).send(request(bench, "3 + 4")[:-1] + b"x")
    assert bench.console.evaluate("9 + 10") == "19", "what is sent again and answered is no error"


def test_a_request_that_comes_twice_is_run_once(bench: Bench) -> None:
    frames(bench, request(bench, "Count := 0"))
    again = request(bench, "Count := Count + 1")
    first, second = frames(bench, again + again)
    assert first == second
    assert first.text == "1" and first.number > 0
    assert frames(bench, again) == [first]
    assert [each.text for each in frames(bench, request(bench, "Count"))] == ["1"]


def test_a_request_that_comes_again_while_it_runs_is_dropped(bench: Bench) -> None:
    slow = request(bench, "(Delay forMilliseconds: 500) wait. 8")
    assert frames(bench, slow) == []
    assert frames(bench, slow) == []
    assert [each.text for each in frames(bench, b"", SECOND)] == ["8"]


def test_a_reply_that_is_still_coming_is_not_given_up(bench: Bench) -> None:
    """After eight seconds without one a request is sent again; this reply is on the line by then."""
    assert bench.console.evaluate("(Delay forMilliseconds: 7500) wait. (1 to: 3000) asArray").endswith(" 2999 3000)")
    assert not bench.console.receive()


def test_what_was_given_up_is_told_before_what_came_later(bench: Bench) -> None:
    prompt = bench.console.prompt
    prompt.receive(b"\x01R#0000")
    prompt.send_again()
    prompt.take_outgoing()
    told = "".join(each.text for each in prompt.receive(b"later") if isinstance(each, ConsoleText))
    assert told == "\x01R#0000later"


def test_a_host_that_begins_anew_gets_none_of_the_replies_before_it(bench: Bench) -> None:
    """Its first request has the same number and text as the first of the host before it."""
    sources = ("Fresh := (Fresh ifNil: [ 0 ]) + 1",) * 2
    for count, source in enumerate(sources * 2):
        if count % 2 == 0:
            console = BoardConsole(bench.board, bench.console.prompt.model)
        assert console.evaluate(source) == str(count + 1)
    stale = request(bench, "Fresh")
    assert console.prompt.receive(encode_frame("R", b"0", 1)) == []
    console.prompt.enter("Fresh")
    bench.board.uart(0).send(stale)
    assert [each.text for each in console.events() if isinstance(each, Result)] == ["4"]


def test_a_number_may_be_that_of_another_request(bench: Bench) -> None:
    """A host that keeps no session counts from 1 again."""
    one = bytearray(request(bench, "1"))
    [frame] = FrameReader().feed(bytes(one))
    assert isinstance(frame, Frame)
    [two] = FrameReader().feed(request(bench, "2"))
    assert isinstance(two, Frame)
    assert [each.text for each in frames(bench, bytes(one))] == ["1"]
    [reply] = frames(bench, encode_frame("X", two.payload, frame.number))
    assert (reply.text, reply.number) == ("2", frame.number)


def test_a_long_reply_is_not_kept(bench: Bench) -> None:
    long = request(bench, "String new: 3000 withAll: $a")
    [reply] = frames(bench, long, SECOND)
    assert len(reply.text) == 3002
    [again] = frames(bench, long)
    assert (again.kind, again.number) == ("N", reply.number)
    assert "too long to be kept" in again.text


def test_a_request_without_a_number_is_run_each_time(bench: Bench) -> None:
    [frame] = FrameReader().feed(request(bench, "Times := (Times ifNil: [ 0 ]) + 1"))
    assert isinstance(frame, Frame)
    plain = encode_frame("X", frame.payload)
    assert [(each.text, each.number) for each in frames(bench, plain + plain)] == [("1", 0), ("2", 0)]


def spoiled(data: bytes, random: Random) -> bytes:
    """What a bad line makes of the bytes, most of the time nothing."""
    chance = random.random()
    place = random.randrange(len(data)) if data else 0
    if not data or chance > 0.5:
        return data
    if chance < 0.1:
        return b""
    if chance < 0.2:
        return data + data
    if chance < 0.3:
        return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]
    if chance < 0.4:
        return data[:place] + random.randbytes(random.randint(1, 5)) + data[place:]
    return data[:place] + data[place + random.randint(1, 4) :]


def on_a_bad_line(bench: Bench, source: str, random: Random) -> list[Event]:
    """Enter it; both directions are spoiled until it is done."""
    prompt, uart = bench.console.prompt, bench.board.uart(0)
    prompt.enter(source)
    events: list[Event] = []
    for _ in range(60):
        uart.send(spoiled(prompt.take_outgoing(), random))
        bench.console.run(SECOND // 8)
        events += prompt.receive(spoiled(uart.take(), random))
        if not prompt.is_busy:
            return events
        bench.console.run(SECOND)
        prompt.send_again()
    raise AssertionError(f"{source} was never answered")


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_line_shifts_no_answer_and_runs_nothing_twice(bench: Bench, seed: int) -> None:
    random = Random(seed)
    frames(bench, request(bench, "Count := 0"))
    for expected in range(1, 13):
        events = on_a_bad_line(bench, f"Count := Count + 1. {{ {expected * 10}. Count }}", random)
        assert [each for each in events if isinstance(each, Result)] == [Result(f"#({expected * 10} {expected})")]
