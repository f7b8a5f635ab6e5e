"""A temporary is assigned on every path before it is read: what is refused, with its place, and what is not."""

from __future__ import annotations

import pytest

from hardtalk.slang.compile import compile_program
from hardtalk.slang.errors import MOST_SHOWN
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class

HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'counter' ], #category : #Test }\n\n"

REFUSED = {
    "never assigned": "^ x",
    "itself": "x := x + 1. ^ x",
    "as a statement": "x. ^ 0",
    "one arm": "a > 1 ifTrue: [ x := 1 ]. ^ x",
    "the other arm": "a > 1 ifTrue: [ counter := 1 ] ifFalse: [ x := 1 ]. ^ x",
    "a loop that may not run": "[ counter > 0 ] whileTrue: [ <inProcess> x := 1. counter := counter - 1 ]. ^ x",
    "a count that may not run": "1 to: a do: [ :each | <inProcess> x := each ]. ^ x",
    "a constant count that does not run": "2 to: 1 do: [ :each | x := each ]. ^ x",
    "times": "a timesRepeat: [ <inProcess> x := 1 ]. ^ x",
    "first turn of a loop": "[ <inProcess> counter := x. x := 1. counter = 0 ] whileFalse. ^ x",
    "right side of and:": "(a > 1 and: [ (x := a) > 2 ]) ifTrue: [ ^ 0 ]. ^ x",
    "right side of or:": "(a > 1 or: [ (x := a) > 2 ]) ifTrue: [ ^ x ]. ^ 0",
    "stored": "self wordAt: a put: x. ^ 0",
    "passed on": "^ self sumOf: x and: 1 ifOverflow: [ ^ 0 ]",
    "only when it overflows": "counter := self sumOf: a and: 1 ifOverflow: [ x := 1. ^ x ]. ^ x",
    "a condition": "x > 1 ifTrue: [ ^ 1 ]. ^ 0",
}

ACCEPTED = {
    "both arms": "a > 1 ifTrue: [ x := 1 ] ifFalse: [ x := 2 ]. ^ x",
    "the arm that stays": "a > 1 ifTrue: [ ^ 0 ] ifFalse: [ x := 2 ]. ^ x",
    "in the condition": "(x := a) > 1 ifTrue: [ ^ x ]. ^ x",
    "and: holds": "(a > 1 and: [ (x := a) > 2 ]) ifTrue: [ ^ x ]. ^ 0",
    "or: fails": "(a > 1 or: [ (x := a) > 2 ]) ifFalse: [ ^ x ]. ^ 0",
    "and: holds, not": "(a > 1 and: [ (x := a) > 2 ]) not ifTrue: [ ^ 0 ]. ^ x",
    "a loop's condition": "[ (x := counter) > 0 ] whileTrue: [ <inProcess> counter := x - 1 ]. ^ x",
    "in the loop alone": "[ counter > 0 ] whileTrue: [ <inProcess> x := 1. counter := counter - x ]. ^ 0",
    "a constant count": "1 to: 3 do: [ :each | x := each ]. ^ x",
    "without end": "[ <inProcess> counter = 0 ifTrue: [ ^ 0 ]. x := 1. counter := counter - x ] repeat",
    "assigned twice": "x := 1. x := x + 1. ^ x",
}


def compiled(body: str) -> None:
    source = f"{HEAD}Sample >> run: a [\n\t| x |\n\t{body}\n]\n"
    compile_program([read_class(source, "Sample.class.st")], {}, ["run:"])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        compiled(REFUSED[name])
    error = caught.value
    assert error.message == "x may be read here before it is assigned"
    assert error.remedy == "assign it on every path that leads here"
    assert error.line == 5
    assert error.source_line[error.column - 1] == "x"


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    compiled(ACCEPTED[name])


def test_each_temporary_is_told_once_and_not_too_many_at_a_time() -> None:
    names = [f"t{number}" for number in range(MOST_SHOWN + 3)]
    reads = " ".join(f"counter := {name}. counter := {name}." for name in names)
    source = f"{HEAD}Sample >> run: a [\n\t| {' '.join(names)} |\n\t{reads}\n\t^ 0\n]\n"
    with pytest.raises(SourceError) as caught:
        compile_program([read_class(source, "Sample.class.st")], {}, ["run:"])
    text = str(caught.value)
    assert [text.count(f"{name} may be read here") for name in names] == [1] * MOST_SHOWN + [0] * 3
    assert text.endswith("\n\nand 3 more")
