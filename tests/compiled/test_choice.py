"""Which methods a build compiles, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.bench import BenchError, BootOptions, boot
from hardtalk.build import BUILD_ERRORS, BuildOptions
from hardtalk.build.sources import class_paths, read_classes, slang_paths
from hardtalk.compiled import CompiledMethods, NoSuchClass, compiled_methods

SUMS = """
Class {
	#name : #Sums,
	#superclass : #Object,
	#category : #Sample
}

{ #category : #summing }
Sums >> upTo: anInteger [
	<compiled>
	| sum |
	sum := 0.
	1 to: anInteger do: [ :each | sum := sum + each ].
	^ sum
]

{ #category : #summing }
Sums >> plain: anInteger [
	^ anInteger + 1
]

{ #category : #summing }
Sums >> same: anObject [
	<primitive: 110>
	^ self primitiveFailed
]
"""


KEPT = """
Class {
	#name : #Kept,
	#superclass : #Object,
	#instVars : [ 'total' ],
	#category : #Sample
}

{ #category : #counting }
Kept >> count: anInteger [
	<compiled>
	total isNil ifTrue: [ total := 0 ].
	total := total + anInteger
]

{ #category : #counting }
Kept >> total [
	^ total
]
"""
FIRST_BYTES = (
    "[ :method | ((method initialPC to: method initialPC + 2) collect: [ :each | method at: each ]) asByteArray ] "
    "value: ({})"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Sums.class.st").write_text(SUMS, encoding="utf-8")
    return tmp_path


def chosen(folder: Path, *names: str) -> CompiledMethods:
    options = BuildOptions((folder,))
    components = [path.name.removesuffix(".class.st") for path in slang_paths(options)]
    return compiled_methods(read_classes(class_paths(options)), names, components)


def test_the_library_has_none() -> None:
    result = compiled_methods(read_classes(class_paths(BuildOptions())), (), ())
    assert not result.specs and not result.text and not result.slang_class()


def test_a_method_that_says_so(folder: Path) -> None:
    result = chosen(folder)
    assert list(result.specs) == [("Sums", False, "upTo:")] and result.left_out == ()
    (slang,) = result.slang_class()
    assert slang.name == "CompiledMethods"
    assert {"start3:arguments:", "quick3:resume:"} <= {method.selector for method in slang.methods}


def test_all_of_a_class_but_those_with_a_primitive(folder: Path) -> None:
    result = chosen(folder, "Sums")
    assert list(result.specs) == [("Sums", False, "upTo:"), ("Sums", False, "plain:")]
    assert result.left_out == ("Sums>>same:",)


def test_a_class_that_is_none(folder: Path) -> None:
    with pytest.raises(NoSuchClass, match="there is no class Summs to compile; correct the name"):
        chosen(folder, "Summs")
    assert NoSuchClass in BUILD_ERRORS


def test_code_that_is_entered_is_executed(folder: Path) -> None:
    """As bytecodes a turn of the loop takes 60 instructions and more."""
    plain = boot(BootOptions((folder,)))
    assert plain.console.evaluate("Sums new upTo: 1000") == "500500"
    taken = []
    for turns in (1000, 2000):
        before = plain.board.instructions
        plain.console.evaluate(f"Sums new upTo: {turns}")
        taken.append(plain.board.instructions - before)
    facts = plain.source_map.facts
    assert len(facts.code_entries) > 1
    assert 5_000 < taken[1] - taken[0] < 30_000


def test_an_overflow_goes_on_in_large_integers(folder: Path) -> None:
    board = boot(BootOptions((folder,)))
    assert board.console.evaluate("Sums new upTo: 100000") == "5000050000"
    assert board.console.evaluate("Sums new upTo: 4.5") == "10"
    with pytest.raises(BenchError, match="Sums>>upTo:"):
        board.console.evaluate("Sums new upTo: nil")


def test_a_method_made_anew_for_other_variables_is_bytecodes(folder: Path) -> None:
    """Its code would use the numbers of the old ones. The firmware's classes do not change, but their methods may be
    put into others that do."""
    (folder / "Kept.class.st").write_text(KEPT, encoding="utf-8")
    board = boot(BootOptions((folder,)))
    assert board.console.evaluate("(Kept new count: 3) count: 4; total") == "7"
    assert board.console.evaluate(FIRST_BYTES.format("Kept >> #count:")) != "#[139 0 0]"
    moved = "(MethodRelocation of: Kept >> #count: map: #(2)) relocated"
    assert board.console.evaluate(FIRST_BYTES.format(moved)) == "#[139 0 0]"
    board.console.evaluate("Object subclass: #Other instanceVariableNames: 'added sum'. 0")
    board.console.evaluate(f"(Smalltalk at: #Other) addSelector: #count: withMethod: ({moved}). 0")
    counted = "[ :other | other count: 3; count: 4. other instVarAt: 2 ] value: (Smalltalk at: #Other) new"
    assert board.console.evaluate(counted) == "7"


def test_nobody_else_makes_a_method_that_enters_code(folder: Path) -> None:
    board = boot(BootOptions((folder,)))
    making = (
        "[ :method | CompiledMethod header: method header literals: method literals bytecodes: "
        "((method initialPC to: method endPC) collect: [ :each | method at: each ]) asByteArray ] value: Sums >> #upTo:"
    )
    with pytest.raises(BenchError, match="no method, at 0: the opcode is unused"):
        board.console.evaluate(making)
