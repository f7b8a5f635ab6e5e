"""`<locked: n>`: a place for the routine, or for the first routines of a range; no two methods may want the same."""

from __future__ import annotations

import pytest

from hardtalk.slang import compile_program
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class

HEAD = "Class {\n\t#name : #Sample,\n\t#superclass : #Object,\n\t#category : #'VM-Test'\n}\n"


def places(*methods: str) -> dict[str, int | None]:
    text = HEAD + "".join(f"\n{{ #category : #test }}\nSample >> {method}\n" for method in methods)
    program = compile_program([read_class(text, "Sample.class.st")], {})
    return {routine.name: routine.locked for routine in program.routines}


def test_a_method_without_range() -> None:
    assert places("one [\n\t<bytecode: #pop>\n\t<locked: 30>\n]", "two [\n\t<bytecode: #duplicate>\n]") == {
        "Sample>>one": 30,
        "Sample>>two": None,
    }


def test_the_first_of_a_range() -> None:
    found = places("one: index [\n\t<bytecode: #extendedPush to: #extendedPopInto>\n\t<locked: 30 first: 2>\n]")
    assert found == {"Sample>>one:#0": 30, "Sample>>one:#1": 30, "Sample>>one:#2": None}


def test_two_methods_in_one_place_are_refused() -> None:
    with pytest.raises(SourceError, match=r"Sample>>one is <locked: 30>, too\n.*\n.*\ngive one another place"):
        places("one [\n\t<bytecode: #pop>\n\t<locked: 30>\n]", "two [\n\t<bytecode: #duplicate>\n\t<locked: 30>\n]")
