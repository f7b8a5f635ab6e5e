"""Files as other Smalltalks write them, filed in: what the board gets, what is told, in which order."""

from __future__ import annotations

import re

import pytest

from hardtalk.serial import ClassModel, Failure, FrameReader, Prompt, Refused, Result, Warned
from hardtalk.serial.batch import BATCH_BYTES, BYTES_UNDER_WAY, MESSAGES_UNDER_WAY
from hardtalk.serial.class_model import ClassShape
from hardtalk.serial.definitions import ClassSideVariables, class_side_variables, defined_by
from hardtalk.serial.frames import Frame, encode_frame
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.source_file import decoded
from hardtalk.smalltalk.tonel import ClassDefinition, read_class

KERNEL = [
    read_class(
        "Class { #name : #Object, #superclass : nil }\nObject >> isNil [ ^ false ]\nObject >> mustBeBoolean [ ]",
        "firmware/kernel/Object.class.st",
    ),
    ClassDefinition("Class", "Object", ("superclass", "name")),
    ClassDefinition("Pool", "Object", class_variables=("Great",)),
    ClassDefinition("UndefinedObject", "Object"),
]


def file_in(text: str, prompt: Prompt | None = None, fail: str = "") -> tuple[list[Frame], list[str]]:
    """What a board that can do everything, but for requests with `fail` in them, is sent, and what the user is told."""
    prompt = prompt or Prompt(ClassModel(KERNEL))
    prompt.enter_script(text, "in.st")
    frames: list[Frame] = []
    told: list[str] = []
    reader = FrameReader()
    while True:
        sent = [each for each in reader.feed(prompt.take_outgoing()) if isinstance(each, Frame)]
        answers = b"".join(
            encode_frame("T" if fail and fail in each.text else "R", each.text.split("\n", 1)[0].encode())
            for each in sent
        )
        for event in prompt.receive(answers):
            if isinstance(event, Refused):
                told.append(f"{event.error.line}: {event.error.message}")
            elif isinstance(event, Warned):
                told.append(f"{event.warning.line}: warning: {event.warning.message}")
            elif isinstance(event, Failure):
                told.append(f"{event.place}: failed")
            else:
                assert isinstance(event, Result)
        frames += sent
        if not sent:
            assert not prompt.is_busy
            return frames, told


METHOD_HEAD = re.compile(r"^@(?:\w+|\(\w+ class\))\n'[^']*'\n#'([^']+)'\n", re.MULTILINE)


def selectors(frames: list[Frame]) -> list[str]:
    return [selector for each in frames if each.kind == "M" for selector in METHOD_HEAD.findall(each.text)]


def method_frame(frames: list[Frame], selector: str) -> str:
    """The text of the message with that method."""
    [found] = [each.text for each in frames if each.kind == "M" and f"\n#'{selector}'\n" in each.text]
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "Object subclass: #A instanceVariableNames: 'a b' classVariableNames: 'C' poolDictionaries: 'Pool'",
            ClassDefinition("A", "Object", ("a", "b"), ("C",), pools=("Pool",)),
        ),
        (
            "Object variableByteSubclass: #A instanceVariableNames: '' classVariableNames: '' package: 'P'",
            ClassDefinition("A", "Object", category="P", kind="bytes"),
        ),
        (
            "nil variableSubclass: 'A' instanceVariableNames: 'a' classVariableNames: '' category: ''",
            ClassDefinition("A", None, ("a",), kind="variable"),
        ),
        (
            "Object weakSubclass: #A instanceVariableNames: '' classVariableNames: '' package: 'P'",
            ClassDefinition("A", "Object", category="P", kind="weak"),
        ),
        (
            "Object subclass: #A slots: { #a. #b } classVariables: { #C } package: 'P'",
            ClassDefinition("A", "Object", ("a", "b"), ("C",), category="P"),
        ),
        (
            "Object << #A slots: { #a }; sharedVariables: { #C }; sharedPools: {}; tag: 't'; package: 'P'; install",
            ClassDefinition("A", "Object", ("a",), ("C",), category="P"),
        ),
        ("Object << #A layout: ByteLayout; package: 'P'", ClassDefinition("A", "Object", category="P", kind="bytes")),
        ("Object << #A", ClassDefinition("A", "Object")),
        ("Object subclass: #A", ClassDefinition("A", "Object")),
        ("Object subclass: #A uses: TFoo instanceVariableNames: ''", None),
        ("Object subclass: aName", None),
        ("3 << 4", None),
        ("Transcript << 'A'; cr", None),
        ("Transcript << #A; cr", None),
        ("Transcript << #A", None),
        ("stream << 'a' << 'b'", None),
        ("stream << #a", None),
        ("Object << #A slots: { #a => WeakSlot }", None),
    ],
)
def test_definitions(source: str, expected: ClassDefinition | None) -> None:
    [statement] = parse_expression(source).statements
    assert defined_by(statement) == expected


def test_definitions_of_class_side_variables() -> None:
    for source in (
        "Foo class instanceVariableNames: 'x y'",
        "Foo class slots: { #x. #y }",
        "Object class << Foo class slots: { #x. #y }",
        "Object class << Foo class traits: {}; slots: { #x. #y }",
    ):
        [statement] = parse_expression(source).statements
        assert class_side_variables(statement) == ClassSideVariables("Foo", ("x", "y"))


SQUEAK = """'From Squeak'!
!classDefinition: #Lamp category: #'Tests'!
Object subclass: #Lamp
	instanceVariableNames: 'level'
	classVariableNames: 'All'
	poolDictionaries: 'Pool'
	category: 'Tests'!
!Lamp commentStamp: 'x 1/1/2000' prior: 0!
I am a lamp!
!Lamp methodsFor: 'light' stamp: 'x 1/1/2000 12:00'!
level
	^ Great -> level! 
]style[(5 20)f1b,f1!

broken
	^ ( !

other ^ 3! !
"-- -- -- --"!
Lamp class
	instanceVariableNames: 'count'!
!Lamp class methodsFor: 'new' stamp: 'x'!
named: name
	^ count! !
!Lamp reorganize!
('light' level)!
Lamp comment: 'again'!
Lamp named: 'a'!
"""


def test_a_file_of_squeak() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    frames, told = file_in(SQUEAK, prompt)
    assert selectors(frames) == ["level", "other", "named:"]
    assert told == ["16: Expected an expression, but the text ends.", "23: warning: `name` hides an instance variable."]
    assert prompt.model["Lamp"] == ClassShape("Lamp", "Object", ("level",), ("All",), ("count",), pools=("Pool",))
    [creation] = [each for each in frames if "\n#'Lamp'\n" in each.text]
    assert "\n'count'\n" in creation.text
    assert "&Pool.Great" in method_frame(frames, "level")
    assert "&count" not in method_frame(frames, "named:")


def test_a_variable_that_the_class_has_not_is_no_global() -> None:
    frames, told = file_in(
        "Object subclass: #A!\n!A methodsFor: 'x'!\nx ^ y!\nz ^ Zed! !\ny := 3!\n!A methodsFor: 'x'!\ny ^ y! !\n"
    )
    assert told == ["3: `y` is not declared."]
    assert selectors(frames) == ["z", "y"]


def test_class_side_variables_that_fail_are_not_used() -> None:
    text = "Object subclass: #A. 3!\nA class instanceVariableNames: 'x'!\n!A class methodsFor: 'x'!\nx ^ x! !\n"
    frames, told = file_in(text, fail="instanceVariableNames:'")
    assert told == ["in.st:2: failed", "4: `x` is not declared."]
    assert selectors(frames) == []
    frames, told = file_in(text)
    assert (selectors(frames), told) == (["x"], [])


def test_a_misspelt_superclass_or_pool() -> None:
    _, told = file_in("Objct subclass: #A!\nObject subclass: #B poolDictionaries: 'Pol'!\n3!\n")
    assert told == [
        "1: The superclass Objct of A is not known.",
        "2: B uses the pool Pol, which is no class that is known.",
    ]


def test_several_definitions_in_one_entry() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    file_in("Object subclass: #A slots: { #a } classVariables: {} package: 'P'. A subclass: #B. 3!", prompt)
    assert prompt.model.environment("B").instance_variables == ("a",)


def test_a_class_in_a_temporary_is_known_until_something_else_is_assigned() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    text = (
        "| c d | c := Object subclass: #A slots: { #a } package: ''. d := c subclass: #B slots: { #b } package: ''!\n"
    )
    file_in(text, prompt)
    assert prompt.model.environment("B").instance_variables == ("a", "b")
    file_in("| c | c := Object subclass: #A slots: {} package: ''. c := 3. c subclass: #C!\n", prompt)
    assert "C" not in prompt.model


def test_what_is_nested_too_deeply_to_be_looked_through() -> None:
    _, told = file_in(f"(Object subclass: #A slots: {{}} package: ''){' x' * 2000}!\n3!\n")
    assert told == ["1: The expressions are nested too deeply."]


def test_methods_of_the_library_may_be_replaced_but_for_those_that_the_machine_relies_on() -> None:
    frames, told = file_in("!Object methodsFor: 'x'!\nisNil ^ true!\nmustBeBoolean ^ 3! !\n")
    assert selectors(frames) == ["isNil"]
    assert told == [
        "2: warning: Object>>isNil of the class library is replaced.",
        "3: Object>>mustBeBoolean cannot be replaced: the virtual machine sends it.",
    ]


def test_a_tonel_class_with_a_method_that_cannot_be_read() -> None:
    head = "Class { #name : #A, #superclass : #Object }\n\n"
    text = f"{head}A >> x [ ^ ( ]\n\n{{ #category : #a, #commentStamp : #b }}\nA >> y [ ^ 2 ]\n"
    frames, told = file_in(text)
    assert selectors(frames) == ["y"]
    assert told == ["3: Expected an expression, but the text ends."]
    assert file_in(text.replace("( ]", "'abc ]"))[1] == ["3: The string that starts here has no closing quote."]


def test_gnu_syntax() -> None:
    frames, told = file_in(
        "Object subclass: A [ |a| a [ ^ a ] b: b [ ^ (b ] A class >> c [ ^ 3 ] ]\nEval [ A new a ]\n"
    )
    assert selectors(frames) == ["a", "c"]
    assert [each.kind for each in frames] == ["X", "M", "X"]
    assert len(told) == 1


def methods(count: int, body: str = "") -> str:
    """A script with so many methods of Object."""
    return "!Object methodsFor: 'x'!\n" + "".join(f"m{each} ^ {body}{each}!\n" for each in range(count)) + " !\n"


def test_methods_go_together_and_messages_follow_each_other_without_waiting() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    prompt.enter_script(methods(250) + "3!\n", "in.st")
    under_way = [each for each in FrameReader().feed(prompt.take_outgoing()) if isinstance(each, Frame)]
    sizes = [len(each.payload) for each in under_way]
    assert (
        len(sizes) == 2
        and sum(sizes) < BYTES_UNDER_WAY
        and all(BATCH_BYTES - 60 < each <= BATCH_BYTES for each in sizes)
    )
    prompt.receive(encode_frame("R", b"m", under_way[0].number))
    [third] = FrameReader().feed(prompt.take_outgoing())
    assert isinstance(third, Frame)
    assert selectors([*under_way, third]) == [f"m{each}" for each in range(len(selectors([*under_way, third])))]


def test_of_methods_that_went_together_only_what_fails_is_told_and_with_its_place() -> None:
    frames, told = file_in(methods(6) + "3!\n", fail="#'m3'")
    assert told == ["in.st:5: failed"]
    assert [selectors([each]) for each in frames] == [
        [f"m{each}" for each in range(6)], *([f"m{each}"] for each in range(6)), []
    ]  # fmt: skip
    assert frames[-1].kind == "X"


def test_methods_that_are_interrupted_are_not_sent_again() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    prompt.enter_script(methods(6), "in.st")
    prompt.take_outgoing()
    prompt.interrupt()
    prompt.take_outgoing()
    assert prompt.receive(encode_frame("T", b"interrupted")) == [Failure("interrupted", "in.st:2")]
    assert not prompt.is_busy and prompt.take_outgoing() == b""


def test_a_class_of_which_a_method_fails_is_not_sent_further() -> None:
    text = "Class { #name : #A, #superclass : #Object }\n" + "".join(
        f"A >> m{each} [ ^ {each} ]\n" for each in range(12)
    )
    frames, told = file_in(text, fail="#'m1'")
    together, *alone = [selectors([each]) for each in frames if each.kind == "M"]
    assert together == [f"m{each}" for each in range(12)]
    assert alone == [[f"m{each}"] for each in range(MESSAGES_UNDER_WAY + 1)]  # the reply to m0 came first
    assert told == ["in.st:3: failed"]


def test_a_method_that_comes_twice_waits_for_the_first() -> None:
    """Else the first, sent again because another failed, would take the place of the second."""
    prompt = Prompt(ClassModel(KERNEL))
    prompt.enter_script(methods(80).replace("m75 ", "m0 "), "in.st")
    under_way = FrameReader().feed(prompt.take_outgoing())
    assert len(under_way) == 1
    [first] = under_way
    assert isinstance(first, Frame) and selectors([first])[0] == "m0"


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfa\r\nb\xc3\xa9", b"a\rb\xe9", b"a\nb\xc3\xa9", b"\xff\xfea\x00\n\x00b\x00\xe9\x00"]
)
def test_marks_line_ends_and_encodings(data: bytes) -> None:
    assert decoded(data) == "a\nbé"
