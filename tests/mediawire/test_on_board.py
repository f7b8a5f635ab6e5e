"""The driver on the emulated board: in a ring with a source, a sink and an echo."""

from __future__ import annotations

from typing import cast

import pytest

from hardtalk.bench import Bench, BenchError
from hardtalk.mediawire import Kind, MediaWire, Message, Sink, Source, identity_of

SOURCE, ECHO, SINK, SELF = (identity_of(serial) for serial in (0x20, 0x30, 0x10, 1))


def controller(bench: Bench) -> MediaWire:
    return cast(MediaWire, bench.board.device("MEDIAWIRE"))


def sink(bench: Bench) -> Sink:
    return cast(Sink, controller(bench).outside.named(SINK))


def heard_words(bench: Bench) -> int:
    """How many words the sink has heard, which must be as they should be; silence after the last one is left out."""
    heard = sink(bench)
    count = heard.wrong[0][0] if heard.wrong else heard.heard
    assert [word for _, word in heard.wrong if word] == []
    return count


def plan(bench: Bench, frames: int, action: str, *arguments: object) -> None:
    """So many frames from now."""
    ring = controller(bench).outside
    ring.plan(ring.frame + frames, action, *arguments)


def test_the_ring_is_there(bench: Bench) -> None:
    assert bench.console.evaluate("{ wire isLocked. wire isMaster. wire isBroken. wire identity }") == (
        f"#(true false false {SELF})"
    )
    nodes = "an OrderedCollection(source 003008000020 echo 003008000030 sink 003008000010)"
    assert bench.console.evaluate("wire scan") == nodes
    assert bench.console.evaluate("wire scan") == nodes


def test_commands_are_sent_and_answered(bench: Bench) -> None:
    answers = bench.console.evaluate(
        f"""| answers handler |
        answers := OrderedCollection new.
        handler := wire onMessage: [ :message | answers add: message string; add: message tag; add: message sender ].
        1 to: 12 do: [ :each |
            wire send: (MediaMessage to: {ECHO} string: 'number ' , each printString tag: each * 1000) ].
        (Delay forMilliseconds: 20) wait.
        handler terminate.
        answers asArray"""
    )
    assert answers == "#(" + " ".join(f"'number {each}' {each * 1000} {ECHO}" for each in range(1, 13)) + ")"


def test_what_nobody_takes_comes_back(bench: Bench) -> None:
    answer = bench.console.evaluate(
        "| message | wire send: 'who is there?' to: 77. message := wire nextMessage. "
        "{ message isReturnedTo: wire identity. message string. message to }"
    )
    assert answer == "#(true 'who is there?' 77)"


def test_messages_that_nobody_fetches_stay_in_the_controller_and_do_not_stop_a_scan(bench: Bench) -> None:
    """So many, in their order; those that come while there is no room are refused."""
    echo = controller(bench).outside.named(ECHO)
    for tag in range(100):
        echo.mail.send(Message(Kind.COMMAND, SELF, ECHO, tag))
    assert bench.console.evaluate("(Delay forMilliseconds: 40) wait. { wire isRunning. wire failures }") == "#(true 0)"
    assert echo.mail.outbox == []
    assert len(controller(bench).received) == 8
    assert bench.console.evaluate("wire scan size") == "3"
    answer = bench.console.evaluate(
        """| tags message |
        tags := OrderedCollection new.
        [ (message := wire nextMessageTimeoutMilliseconds: 5) isNil ] whileFalse: [ tags add: message tag ].
        { tags size. (2 to: tags size) allSatisfy: [ :each | (tags at: each) > (tags at: each - 1) ] }"""
    )
    assert answer == "#(72 true)"


def test_a_message_that_is_too_long_is_refused(bench: Bench) -> None:
    with pytest.raises(BenchError, match="a message has 16 characters, not 17"):
        bench.console.evaluate("wire send: '12345678901234567' to: 5")


def test_a_stereo_stream_comes_in_and_goes_out_for_a_second_word_for_word(bench: Bench) -> None:
    """The sink compares every word with the source's; the controller counts what was late or lost."""
    answer = bench.console.evaluate(
        """| words in out |
        words := Bitmap new: 240.
        in := wire readStreamOn: #(0).
        out := wire writeStreamOn: #(1).
        out nextPutAll: (in next: 960).
        196 timesRepeat: [
            in next: 240 into: words startingAt: 1.
            out nextPutAll: words ].
        words := { in missed. out missed. wire late. wire worstServiceMicroseconds < 100 }.
        out finish.
        words"""
    )
    assert answer == "#(0 0 0 true)"
    assert heard_words(bench) == 48_000
    assert controller(bench).service.late == 0
    assert controller(bench).service.count > 900


def test_words_are_read_and_written_one_by_one(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| in out |
        in := wire readStreamOn: #(0) words: 1000 threshold: 100.
        out := wire writeStreamOn: #(1) words: 1000 threshold: 500.
        300 timesRepeat: [ out nextPut: in next ].
        out flush.
        300 timesRepeat: [ out nextPut: in next ].
        out finish.
        { in missed. in atEnd. out atEnd }"""
    )
    assert answer == "#(0 false true)"
    assert heard_words(bench) == 600


def test_a_stream_of_several_slots(bench: Bench) -> None:
    """Four slots are 6 Mbit/s."""
    cast(Source, controller(bench).outside.named(SOURCE)).slots = (10, 20, 30, 40)
    sink(bench).slots = (11, 21, 31, 41)
    answer = bench.console.evaluate(
        """| words in out |
        words := Bitmap new: 1000.
        in := wire readStreamOn: #(10 20 30 40).
        out := wire writeStreamOn: #(11 21 31 41).
        out nextPutAll: (in next: 4000).
        10 timesRepeat: [ in next: 1000 into: words startingAt: 1. out nextPutAll: words ].
        out finish.
        { in missed. wire late }"""
    )
    assert answer == "#(0 0)"
    assert heard_words(bench) == 14_000


def test_a_stream_tells_what_it_missed_while_the_ring_was_open(bench: Bench) -> None:
    """What was read and what was missed are the source's words without a gap: the place of the gap is right."""
    plan(bench, 2000, "cut", SELF)
    plan(bench, 2600, "mend", SELF)
    answer = bench.console.evaluate(
        """| in first second missed |
        changes := 0.
        wire onRingChange: [ :each | changes := changes + 1 ].
        in := wire readStreamOn: #(0).
        [ first := in next: 4000. missed := in missed. missed = 0 ] whileTrue.
        second := in next: 4.
        { first at: first size - 1. first last. missed. second first. second second. second third. second last.
            changes > 1. wire isLocked. in missed }"""
    )
    before, last, missed, *rest = answer[2:].split(" ", 7)
    source = cast(Source, controller(bench).outside.named(SOURCE))
    place = next(each for each in range(1 << 16) if source.wave(each) == int(last))
    assert int(before) == source.wave(place - 1)
    assert 600 <= int(missed) < 700
    follows = next(each for each in range(1 << 16) if source.wave(each) == int(rest[0].removeprefix("#(")))
    assert abs(follows - (place + 1 + int(missed))) <= len(controller(bench).outside.nodes)
    assert rest[1:4] == [str(source.wave(follows + each)) for each in (1, 2, 3)]
    assert rest[4] == "true true 0)"


def test_the_form_changes_in_the_middle_of_a_stream(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| words in out |
        words := Bitmap new: 240.
        in := wire readStreamOn: #(0).
        out := wire writeStreamOn: #(1).
        out nextPutAll: (in next: 960).
        1 to: 40 do: [ :each |
            wire nativeHandler: (each odd ifTrue: [ #mediaWireInterrupt: ] ifFalse: [ nil ]).
            in next: 240 into: words startingAt: 1.
            out nextPutAll: words ].
        words := { in missed. out missed. wire late. wire form. wire nativeInterrupts > 15 }.
        out finish.
        words"""
    )
    assert answer == "#(0 0 0 #smalltalk true)"
    assert heard_words(bench) == 960 + 40 * 240


def test_silence_is_told(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| out first |
        out := wire writeStreamOn: #(1).
        out nextPutAll: (Bitmap new: 100 withAll: 7).
        (Delay forMilliseconds: 10) wait.
        first := out missed.
        { first between: 300 and: 480. (first + out missed) - first < 100 }"""
    )
    assert answer == "#(true true)"


def test_late_service_is_counted_by_the_controller_and_told_by_the_stream(bench: Bench) -> None:
    answer = bench.console.evaluate(
        f"""| in mask |
        mask := 1 bitShift: (Peripheral named: #MEDIAWIRE) line.
        in := wire readStreamOn: #(0).
        in next: 100.
        InterruptController current mask: mask.
        wire send: 'answer me' to: {ECHO}.
        (Delay forMilliseconds: 5) wait.
        InterruptController current unmask: mask.
        in next: 1000.
        Array with: wire late with: (in missed between: 130 and: 240)
            with: (wire worstServiceMicroseconds between: 3000 and: 5100)"""
    )
    assert answer == "#(1 true true)"


def test_a_second_master_disturbs_and_the_ring_goes_on(bench: Bench) -> None:
    plan(bench, 200, "claim", SINK)
    assert bench.console.evaluate("(Delay forMilliseconds: 20) wait. wire waitUntilLocked. wire scan size") == "3"
    assert controller(bench).port.master == ECHO


def test_a_node_pulled_and_the_master_pulled(bench: Bench) -> None:
    plan(bench, 200, "remove", ECHO)
    assert bench.console.evaluate("(Delay forMilliseconds: 20) wait. wire waitUntilLocked. wire scan") == (
        "an OrderedCollection(source 003008000020 sink 003008000010)"
    )
    assert controller(bench).port.master == SOURCE


def test_slots_are_given_once_and_come_back(bench: Bench) -> None:
    bench.console.evaluate("in := wire readStreamOn: #(0 5)")
    with pytest.raises(BenchError, match="slot 5 is another stream's; close that"):
        bench.console.evaluate("wire readStreamOn: #(5)")
    with pytest.raises(BenchError, match="slots are numbered from 0 to 59, not"):
        bench.console.evaluate("wire readStreamOn: #(60)")
    assert bench.console.evaluate("wire writeStreamOn: #(5)") == "a MediaWriteStream in slots #(5)"
    assert bench.console.evaluate("in close. in next: in size. { in. in next. in atEnd. wire readStreamOn: #(5) }") == (
        "{a MediaReadStream (closed). nil. true. a MediaReadStream in slots #(5)}"
    )


def test_a_closed_streams_buffer_is_not_written_any_more(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| in buffer copy |
        in := wire readStreamOn: #(0) words: 100 threshold: 10.
        in next: 50.
        buffer := in instVarNamed: 'buffer'.
        in close.
        copy := buffer copy.
        (Delay forMilliseconds: 5) wait.
        copy = buffer"""
    )
    assert answer == "true"


def test_a_driver_that_is_stopped_leaves_the_ring_and_closes_streams(bench: Bench) -> None:
    answer = bench.console.evaluate("in := wire readStreamOn: #(0). wire stop. { in isClosed. wire isRunning }")
    assert answer == "#(true false)"
    assert controller(bench).ring is None
    assert (
        bench.console.evaluate("wire := MediaWire start. wire waitUntilLocked. (wire readStreamOn: #(0)) next: 5. 3")
        == "3"
    )


def test_a_dropped_streams_buffer_is_kept_for_the_controller(bench: Bench) -> None:
    """Nobody but the device knows the stream; its buffer must not become somebody else's memory."""
    answer = bench.console.evaluate(
        """| in words |
        in := wire readStreamOn: #(0) words: 1000 threshold: 10.
        in := nil.
        Smalltalk garbageCollect.
        words := (1 to: 20) collect: [ :each | Bitmap new: 1000 ].
        (Delay forMilliseconds: 30) wait.
        words allSatisfy: [ :each | each allSatisfy: [ :word | word = 0 ] ]"""
    )
    assert answer == "true"


def test_a_board_goes_on_from_a_snapshot_as_it_would_have(bench: Bench) -> None:
    bench.console.evaluate(
        "in := wire readStreamOn: #(0). out := wire writeStreamOn: #(1). out nextPutAll: (in next: 480). wire"
    )
    controller(bench).outside.send(ECHO, Message(Kind.COMMAND, SELF, ECHO, 5, b"in the middle of"))
    board = bench.board
    saved = board.snapshot()

    def what_follows() -> tuple[object, ...]:
        board.run(4_000_000)
        heard = sink(bench)
        ports = [controller(bench).read(name) for name in ("FRAMES", "CH0_WRITE", "CH1_READ", "ASSERTED", "SERVICED")]
        return board.clock.cycles, board.instructions, heard.heard, list(heard.wrong), ports, board.fault_report()

    first = what_follows()
    board.restore(saved)
    assert what_follows() == first
