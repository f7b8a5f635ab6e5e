"""The serial line with the real board at its end: code as text, errors, garbage, interruptions."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.serial import ConsoleText, Event, Failure, Frame, FrameReader, NotUnderstood, Pong, Result, encode_frame

SILENCE_CYCLES = 400_000_000
"""Two seconds: longer than the board's patience with half a message."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot(BootOptions())


def entered(bench: Bench, source: str) -> list[Event]:
    bench.console.prompt.enter(source)
    return list(bench.console.events())


def replies(bench: Bench, data: bytes, cycles: int = SILENCE_CYCLES) -> list[Frame]:
    """The frames that the board sends for raw bytes."""
    uart = bench.board.uart(0)
    uart.send(data)
    reader = FrameReader()
    end = bench.board.clock.cycles + cycles
    found: list[Frame | ConsoleText] = []
    while bench.board.clock.cycles < end:
        bench.board.run(min(2_000_000, end - bench.board.clock.cycles))
        found += reader.feed(uart.take())
    return [each for each in found if isinstance(each, Frame)]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("3 + 4", "7"),
        ("| a | a := 3. a * 2", "6"),
        ("'it''s'", "'it''s'"),
        ("#with:two:", "#with:two:"),
        ("$a", "$a"),
        ("nil", "nil"),
        ("-1073741824 - 1", "-1073741825"),
        ("1267650600228229401496703205376", "1267650600228229401496703205376"),
        ("0.1", "0.1"),
        ("1.0e308 * 1.5", "1.5e308"),
        ("#(1 $a (two #[3 4]) nil true) size", "5"),
        ("#[0 255]", "#[0 255]"),
        ("(1 to: 5) inject: 0 into: [ :sum :each | sum + each ]", "15"),
        ("thisContext isContext", "true"),
        ("", "nil"),
    ],
)
def test_expressions(bench: Bench, source: str, printed: str) -> None:
    assert entered(bench, source) == [Result(printed)]


def test_an_error_has_its_stack_trace(bench: Bench) -> None:
    [event] = entered(bench, "#(1 2) collect: [ :each | each / 0 ]")
    assert isinstance(event, Failure)
    assert event.trace.startswith("ZeroDivide")
    assert "collect:" in event.trace


def test_a_class_with_its_methods(bench: Bench) -> None:
    text = (
        "Class { #name : #Lamp, #superclass : #Object, #instVars : [ 'level' ], #classVars : [ 'Made' ],\n"
        "\t#classInstVars : [ 'greatest' ], #category : #Tests }\n\n"
        "{ #category : #light }\nLamp >> brighter [\n\tlevel := (level ifNil: [ 0 ]) + 1.\n"
        "\tMade := level.\n\t^ level\n]\n\n"
        "{ #category : #light }\nLamp class >> greatest [\n\t^ greatest ifNil: [ greatest := Made * 10 ]\n]\n"
    )
    assert entered(bench, text) == [Result("Lamp, 2 methods")]
    assert entered(bench, "lamp := Lamp new. lamp brighter; brighter")[-1] == Result("2")
    assert entered(bench, "Lamp greatest") == [Result("20")]
    assert entered(bench, "Lamp >> brighter [ ^ 'mended' ]") == [Result("Lamp>>brighter")]
    assert entered(bench, "lamp brighter") == [Result("'mended'")]


def test_a_typed_subclass(bench: Bench) -> None:
    definition = "Object subclass: #Shade instanceVariableNames: 'tone' classVariableNames: '' category: 'Tests'"
    assert entered(bench, definition) == [Result("Shade")]
    assert entered(bench, "Shade >> tone [ ^ tone ifNil: [ tone := 5 ] ]") == [Result("Shade>>tone")]
    assert entered(bench, "Shade new tone") == [Result("5")]


def test_an_undeclared_variable_is_made_with_a_warning(bench: Bench) -> None:
    first = entered(bench, "freshly := 3")
    assert first[-1] == Result("3")
    assert "warning: freshly was not declared" in "".join(e.text for e in first if isinstance(e, ConsoleText))
    assert entered(bench, "freshly + 1") == [Result("4")]


def test_an_endless_loop_is_interrupted(bench: Bench) -> None:
    prompt = bench.console.prompt
    prompt.enter("[ true ] whileTrue")
    bench.board.uart(0).send(prompt.take_outgoing())
    bench.console.run(100_000_000)
    prompt.ping("still there")
    bench.board.uart(0).send(prompt.take_outgoing())
    bench.console.run(20_000_000)
    assert bench.console.receive() == [Pong("still there")]
    prompt.interrupt()
    [failure] = bench.console.events()
    assert isinstance(failure, Failure)
    assert failure.trace.splitlines()[:2] == ["interrupted", "UndefinedObject>>DoIt"]
    assert entered(bench, "5") == [Result("5")]


def test_infinite_recursion_is_one_error(bench: Bench) -> None:
    entered(bench, "Object >> recurseForEver [ ^ self recurseForEver + 1 ]")
    events = entered(bench, "3 recurseForEver")
    assert isinstance(events[-1], Failure)
    assert events[-1].trace.startswith("OutOfMemory")
    assert entered(bench, "5") == [Result("5")]


def test_a_process_that_ends_itself_does_not_hang_the_prompt(bench: Bench) -> None:
    events = entered(bench, "Processor activeProcess terminate")
    assert [type(event) for event in events] == [Failure]
    assert entered(bench, "5") == [Result("5")]


GARBAGE = {
    "text": b"hello\r\n",
    "start byte": b"\x01",
    "start bytes": b"\x01" * 30,
    "bad kind": b"\x01?00000000",
    "bad digit": b"\x01X0000000G",
    "too long": b"\x01XFFFFFFFF",
    "half a message": encode_frame("X", b"abc")[:-3],
    "wrong check sum": encode_frame("X", b"abc")[:-5] + b"0000\x04",
    "no end": encode_frame("X", b"abc")[:-1] + b"\x05",
    "every byte": bytes(range(256)),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_gets_one_reply_and_nothing_is_lost(bench: Bench, garbage: bytes) -> None:
    found = replies(bench, garbage + encode_frame("P", b"after"))
    assert found[-1] == Frame("P", b"after") or found[0] == Frame("P", b"after")
    assert [each.kind for each in found if each.kind != "P"] == ["N"]
    assert [each for each in found if each.kind == "P"] == [Frame("P", b"after")]


def test_garbage_alone_gets_one_reply(bench: Bench) -> None:
    for garbage in (b"\x01X00000010abc", b"line noise"):
        assert [each.kind for each in replies(bench, garbage)] == ["N"]


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("E", b"3 + 4", "the board has no compiler"),
        ("Q", b"", "unknown kind of message: Q"),
        ("I", b"", "nothing runs"),
        ("X", b"garbage", "garbage is no constant"),
        ("X", b"#'DoIt' 0 #'7' 0", "a string was expected"),
        ("X", b"#'DoIt' 0 '7''", "the text ends too early"),
        ("X", b"#'DoIt' 0", "the text ends too early"),
        ("X", b"#'DoIt' 0 '7B' 1 nil", "disagree"),
        ("M", b"@Missing 'x' #'y' 0 '' 0", "there is no class Missing"),
    ],
)
def test_what_is_not_understood_has_a_reason(bench: Bench, kind: str, payload: bytes, reason: str) -> None:
    [reply] = replies(bench, encode_frame(kind, payload), 40_000_000)
    assert reply.kind == "N"
    assert reason in reply.text


def test_not_understood_reaches_the_prompt(bench: Bench) -> None:
    assert entered(bench, "5") == [Result("5")]
    bench.board.uart(0).send(encode_frame("Q", b""))
    bench.console.run(20_000_000)
    assert bench.console.receive() == [NotUnderstood("unknown kind of message: Q")]
