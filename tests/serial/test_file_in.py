"""Files as other Smalltalks write them, filed in: what the board gets, what is told, in which order."""

from __future__ import annotations

import pytest

from hardtalk.serial import ClassModel, Failure, FrameReader, Prompt, Refused, Result, Warned
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


def selectors(frames: list[Frame]) -> list[str]:
    return [each.text.split("\n")[2].strip("#'") for each in frames if each.kind == "M"]


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
        ("Object << #A slots: { #a => WeakSlot }", None),
    ],
)
def test_definitions(source: str, expected: ClassDefinition | None) -> None:
    [statement] = parse_expression(source).statements
    assert defined_by(statement) == expected


def test_definitions_of_class_side_variables() -> None:
    for source in ("Foo class instanceVariableNames: 'x y'", "Foo class slots: { #x. #y }"):
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
    [level] = [each for each in frames if "#'level'" in each.text and each.kind == "M"]
    assert "&Pool.Great" in level.text
    [named] = [each for each in frames if "#'named:'" in each.text and each.kind == "M"]
    assert "&count" not in named.text


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
    assert [each.kind for each in frames] == ["X", "M", "M", "X"]
    assert len(told) == 1


def test_methods_follow_each_other_without_waiting() -> None:
    prompt = Prompt(ClassModel(KERNEL))
    methods = "".join(f"m{index} ^ {index}!\n" for index in range(20))
    prompt.enter_script(f"!Object methodsFor: 'x'!\n{methods} !\n3!\n", "in.st")
    frames = FrameReader().feed(prompt.take_outgoing())
    assert len(frames) == 8
    prompt.receive(encode_frame("R", b"1") * 3)
    assert len(FrameReader().feed(prompt.take_outgoing())) == 3


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfa\r\nb\xc3\xa9", b"a\rb\xe9", b"a\nb\xc3\xa9", b"\xff\xfea\x00\n\x00b\x00\xe9\x00"]
)
def test_marks_line_ends_and_encodings(data: bytes) -> None:
    assert decoded(data) == "a\nbé"
