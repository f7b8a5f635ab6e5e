"""What a native routine may be given is what its parameter is declared to be, and as far as the code uses it."""

from __future__ import annotations

import pytest

from hardtalk.slang import Argument, compile_program
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class

HEAD = "Class { #name : #Sample, #superclass : #Object, #category : #Slang }\n\n"
OTHER = (
    "Sample >> byteBehind: place [\n\t<noInline>\n\t<var: #place type: #address>\n\t^ self byteAt: place + 9\n]\n"
    "Sample >> indexed: index [\n\t<noInline>\n\t^ self wordAt: 4096 + (index << 2)\n]\n"
    "Sample >> twice: number [\n\t<noInline>\n\t^ number + number\n]\n"
)


def argument(body: str, kind: str = "") -> Argument:
    declared = f"<var: #x type: #{kind}>" if kind else ""
    text = f"{HEAD}{OTHER}Sample >> run: x [\n\t<volatile>\n\t{declared}\n\t| a b |\n\t{body}\n]\n"
    return compile_program([read_class(text, "Sample.class.st")], {"Eight": 8}, (), ["run:"]).arguments["run:"]


@pytest.mark.parametrize(
    ("body", "reach"),
    [
        ("a := 1", 0),
        ("self wordAt: x put: 1", 4),
        ("self wordAt: x + 8 put: (self wordAt: 12 + x)", 16),
        ("self wordAt: x + Eight put: 0", 12),
        ("self halfAt: x + 6 put: 0", 8),
        ("self wordAt: (self wordAt: x + 4) + 400 put: 0", 8),
        ("a := x + 8. b := a + 4. self byteAt: b put: 0", 13),
        ("a := x. [ a = 0 ] whileFalse: [ <inProcess> self wordAt: a put: 0. a := a + 4 ]", 0),
        ("a := self byteBehind: x + 16", 26),
        ("(self wordAt: x) = 0 ifTrue: [ self wordAt: x + 40 put: 1 ]", 44),
    ],
)
def test_how_far_an_address_is_used(body: str, reach: int) -> None:
    assert argument(body, "address") == Argument("Contents", reach)


@pytest.mark.parametrize("kind", ["NativeSemaphore", "NativeQueue", "NativeProcess"])
def test_a_record_is_that_record(kind: str) -> None:
    assert argument("a := 1", kind) == Argument(kind.removeprefix("Native"))


@pytest.mark.parametrize("kind", ["", "int32", "uint32"])
def test_a_number_may_be_anything_that_is_no_address(kind: str) -> None:
    assert argument("a := self twice: x + 3. self wordAt: 4096 put: a + x", kind) == Argument("Integer")


@pytest.mark.parametrize(
    "body",
    [
        "self wordAt: x put: 1",
        "a := self wordAt: 4096 + (x << 2)",
        "a := x + 1. b := a bitAnd: 15. self byteAt: 4096 + b put: 0",
        "a := self indexed: x",
        "a := self byteBehind: x",
        "a := self wordAt: 4096 + (self twice: x)",
        "1 to: x do: [ :i | <inProcess> self byteAt: 4096 + i put: 0 ]",
    ],
)
def test_a_number_that_becomes_part_of_an_address_is_refused(body: str) -> None:
    with pytest.raises(SourceError) as refusal:
        argument(body)
    assert refusal.value.message == "`x` is given by whoever starts the routine and becomes part of an address"
    assert refusal.value.remedy == "declare <var: #x type: #address>, or of the record that it is"
    assert refusal.value.line > 1


@pytest.mark.parametrize("kind", ["oop", "Process", "NativeLine"])
def test_objects_and_other_records_are_not_given(kind: str) -> None:
    with pytest.raises(SourceError) as refusal:
        argument("a := 1", kind)
    assert refusal.value.message == f"a native routine is given no #{kind}"
    assert "declare `x` as #address for the contents of an object" in refusal.value.remedy
