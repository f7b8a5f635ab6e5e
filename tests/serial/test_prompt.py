"""The prompt against a board played by the test: requests in order, replies to events, the model of the classes."""

from __future__ import annotations

import pytest

from hardtalk.serial import (
    ClassModel,
    ConsoleText,
    Failure,
    Frame,
    FrameReader,
    NotUnderstood,
    Pong,
    Prompt,
    Refused,
    Result,
)
from hardtalk.serial.frames import encode_frame
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition

KERNEL = [
    ClassDefinition("Object"),
    ClassDefinition("Class", "Object", ("superclass", "methodDictionary", "name")),
    ClassDefinition("Device", "Object", ("registers",), ("Running",), ("current",)),
]
COUNTER = """Class {
	#name : #Counter,
	#superclass : #Device,
	#instVars : [ 'count' ],
	#category : #'Tests'
}

{ #category : #counting }
Counter >> increment [
	^ count := (count ifNil: [ 0 ]) + 1
]

{ #category : #counting }
Counter class >> all [
	^ current -> Running
]
"""


@pytest.fixture
def prompt() -> Prompt:
    return Prompt(ClassModel(KERNEL))


def sent(prompt: Prompt) -> list[Frame]:
    frames = FrameReader().feed(prompt.take_outgoing())
    assert all(isinstance(each, Frame) for each in frames)
    return [each for each in frames if isinstance(each, Frame)]


def reply(kind: str, text: str, number: int = 0) -> bytes:
    """The board's; without a number that of a board that answers in order."""
    return encode_frame(kind, text.encode("latin-1"), number)


def test_an_expression_and_its_result(prompt: Prompt) -> None:
    prompt.enter("3 + 4")
    [frame] = sent(prompt)
    assert frame.kind == "X"
    assert frame.text.startswith("#'DoIt'\n")
    assert prompt.is_busy
    assert prompt.receive(b"console\n" + reply("R", "7")) == [ConsoleText("console\n"), Result("7")]
    assert not prompt.is_busy


def test_errors_on_the_board(prompt: Prompt) -> None:
    for kind, event in (("T", Failure("ZeroDivide")), ("N", NotUnderstood("ZeroDivide"))):
        prompt.enter("1 / 0")
        [frame] = sent(prompt)
        assert prompt.receive(reply(kind, "ZeroDivide", frame.number)) == [event]
        assert not prompt.is_busy


def test_a_syntax_error_sends_nothing(prompt: Prompt) -> None:
    with pytest.raises(SourceError) as caught:
        prompt.enter("3 + ")
    assert str(caught.value).startswith("<prompt>:1:")
    assert prompt.take_outgoing() == b""
    assert not prompt.is_busy


def test_unknown_globals_go_by_name(prompt: Prompt) -> None:
    prompt.enter("counter := Unheard new")
    [frame] = sent(prompt)
    assert frame.text.endswith("\n2\n&Unheard\n&counter")


def test_a_class_is_made_before_its_methods(prompt: Prompt) -> None:
    prompt.enter(COUNTER)
    [creation] = sent(prompt)
    assert creation.kind == "X"
    assert "\n#'Counter'\n" in creation.text
    assert prompt.receive(reply("R", "Counter")) == []
    [methods] = sent(prompt)
    assert methods.kind == "M"
    increment, all_method = methods.text.split("\n@(")
    assert increment.startswith("@Counter\n'counting'\n#'increment'\n")
    assert all_method.startswith("Counter class)\n'counting'\n#'all'\n")
    assert "\n&Device.Running" in all_method
    assert prompt.receive(reply("R", "Counter class>>all")) == [Result("Counter, 2 methods")]
    assert prompt.model["Counter"].instance_variables == ("count",)


def test_a_class_that_fails_drops_its_methods(prompt: Prompt) -> None:
    prompt.enter(COUNTER)
    prompt.enter("5")
    sent(prompt)
    assert prompt.receive(reply("T", "no")) == [Failure("no")]
    assert "Counter" not in prompt.model


def test_a_method_alone(prompt: Prompt) -> None:
    prompt.enter("Device >> registers [ ^ registers ]")
    [frame] = sent(prompt)
    assert frame.text.startswith("@Device\n'as yet unclassified'\n#'registers'\n")
    assert prompt.receive(reply("R", "Device>>registers")) == [Result("Device>>registers")]


def test_an_error_in_a_method_alone_has_its_line(prompt: Prompt) -> None:
    with pytest.raises(SourceError) as caught:
        prompt.enter("Device >> registers [\n\t^ 3 + ]")
    assert (caught.value.line, caught.value.file) == (2, "<prompt>")
    with pytest.raises(SourceError) as caught:
        prompt.enter("Device >> registers [\n\tself := 3 ]")
    assert caught.value.line == 2


def test_comparing_with_a_method_is_an_expression(prompt: Prompt) -> None:
    prompt.enter("(Device >> #registers) = [ 3 ]")
    assert [each.kind for each in sent(prompt)] == ["X"]


def test_a_typed_subclass_is_known_when_the_board_has_made_it(prompt: Prompt) -> None:
    prompt.enter("Device subclass: #Lamp instanceVariableNames: 'level on' classVariableNames: 'All' category: 'Tests'")
    sent(prompt)
    assert "Lamp" not in prompt.model
    prompt.receive(reply("R", "Lamp"))
    assert prompt.model["Lamp"].instance_variables == ("level", "on")
    assert prompt.model.environment("Lamp").instance_variables == ("registers", "level", "on")
    assert prompt.model.environment("Lamp").class_variables == {"Running": "Device", "All": "Lamp"}
    assert prompt.model.environment("Lamp", True).instance_variables == (
        "superclass", "methodDictionary", "name", "current",
    )  # fmt: skip


def test_a_script_compiles_what_its_own_classes_define(prompt: Prompt) -> None:
    script = (
        "Object subclass: #Lamp instanceVariableNames: 'level' classVariableNames: '' category: 'Tests'!\n"
        "!Lamp methodsFor: 'light'!\nlevel\n\t^ level! !\nLamp new level!\n"
    )
    prompt.enter_script(script, "lamp.st")
    kinds = []
    for _ in range(3):
        [frame] = sent(prompt)
        kinds.append(frame.kind)
        prompt.receive(reply("R", "ok"))
    assert kinds == ["X", "M", "X"]
    assert not prompt.is_busy


def test_an_entry_that_cannot_be_compiled_does_not_stop_a_script(prompt: Prompt) -> None:
    prompt.enter_script("1!\n!Missing methodsFor: 'x'!\nfoo\n\t^ 1! !\n2!\n", "script.st")
    sent(prompt)
    [result, refused] = prompt.receive(reply("R", "1"))
    assert result == Result("1")
    assert isinstance(refused, Refused)
    assert str(refused.error).startswith("script.st:3:1: The class Missing is not known.")
    assert [each.kind for each in sent(prompt)] == ["X"]


def test_ping_and_interrupt(prompt: Prompt) -> None:
    prompt.ping("one")
    assert sent(prompt) == [Frame("P", b"one")]
    assert prompt.receive(reply("P", "one")) == [Pong("one")]
    prompt.enter("[ true ] whileTrue")
    sent(prompt)
    prompt.interrupt()
    assert sent(prompt) == [Frame("I", b"")]
    assert prompt.receive(reply("T", "interrupted")) == [Failure("interrupted")]


def test_a_character_the_board_does_not_have(prompt: Prompt) -> None:
    with pytest.raises(SourceError, match="The character `€` does not fit a byte"):
        prompt.enter("'€' size")


def test_a_reply_belongs_to_the_request_of_its_number(prompt: Prompt) -> None:
    prompt.enter(COUNTER)
    [creation] = sent(prompt)
    prompt.receive(reply("R", "Counter", creation.number))
    [methods] = sent(prompt)
    assert methods.number != creation.number
    assert prompt.receive(reply("R", "late", creation.number)) == []
    assert prompt.is_busy
    assert prompt.receive(reply("R", "Counter class>>all", methods.number)) == [Result("Counter, 2 methods")]
    assert prompt.receive(reply("R", "Counter class>>all", methods.number)) == []
    assert not prompt.is_busy
    prompt.enter("5")
    [five] = sent(prompt)
    assert prompt.receive(reply("R", "4", 0xFFFF) + reply("R", "5", five.number)) == [Result("5")]


def test_a_complaint_of_garbage_is_no_reply(prompt: Prompt) -> None:
    prompt.enter("3 + 4")
    [frame] = sent(prompt)
    assert prompt.receive(reply("N", "2 bytes outside a message")) == [NotUnderstood("2 bytes outside a message")]
    assert prompt.is_busy
    assert sent(prompt) == [frame]
    assert prompt.receive(reply("R", "7", frame.number)) == [Result("7")]
    assert prompt.receive(reply("N", "1 bytes outside a message")) == [NotUnderstood("1 bytes outside a message")]


def test_numbers_begin_again_and_are_never_nought(prompt: Prompt) -> None:
    prompt.number = 0xFFFE
    numbers = []
    for _ in range(3):
        prompt.enter("1")
        [frame] = sent(prompt)
        numbers.append(frame.number)
        assert prompt.receive(reply("R", "1", frame.number)) == [Result("1")]
    assert numbers == [0xFFFF, 1, 2]
