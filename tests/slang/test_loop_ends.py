"""What ends a loop: that it counts, as far as the compiler sees, or a method that is named; and what is refused."""

from __future__ import annotations

from itertools import product

import pytest

from hardtalk.slang.check import check_program
from hardtalk.slang.program import read_program
from hardtalk.slang.simulate import Simulation
from hardtalk.slang.turns import greatest_turns
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class

HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'counter' ], #category : #Test }\n\n"
DECLARED = "Sample class >> declareComponent [\n\t<uses: #Other>\n]\n\n"
CONSTANTS = {"Turns": 7, "Bytes": 28, "OtherTurns": 9}
REMEDY = (
    "count its turns and leave by the loop's condition or with ^, or name with <limitedBy: #'Class>>selector'> the "
    "method that limits them"
)


def turns_of(body: str, head: str = "", more: str = "") -> list[float]:
    """The greatest turns that are found of the loops of `run: a with: b`."""
    text = f"{HEAD}Sample >> run: a with: b [\n{head}\t| i n end |\n\t{body}\n]\n{more}"
    program = read_program([read_class(text, "Sample.class.st")], CONSTANTS)
    tree = check_program(program).tree(program.method("run:with:"))
    loops = greatest_turns(tree)
    return [loops[loop] for loop in sorted(loops, key=lambda each: each.start)]


COUNTED = {
    "down from a constant": ("i := Turns. [ i > 0 ] whileTrue: [ <bound: 7> i := i - 1 ]", [7]),
    "up to a constant": ("i := 0. [ i < Turns ] whileTrue: [ <bound: 7> i := i + 1 ]", [7]),
    "by four": ("i := a. end := i + Bytes. [ i < end ] whileTrue: [ <bound: 7> i := i + 4 ]", [7]),
    "to the nearer end": (
        "i := a. end := i + Bytes. end > b ifTrue: [ end := b ]. [ i < end ] whileTrue: [ <bound: 7> i := i + 4 ]",
        [7],
    ),
    "to the nearer of two by their distance": (
        "i := a. end := b - i > Turns ifTrue: [ i + Turns ] ifFalse: [ b ]."
        " [ i < end ] whileTrue: [ <bound: 7> i := i + 1 ]",
        [7],
    ),
    "some bits": ("i := a bitAnd: 7. [ i > 0 ] whileTrue: [ <bound: 7> i := i - 1 ]", [7]),
    "a byte": ("1 to: (self byteAt: a) do: [ :each | counter := each ]", [255]),
    "a limit in the body": ("i := 0. [ <bound: 8> i = Turns ifTrue: [ ^ 0 ]. i := i + 1 ] repeat", [8]),
    "a condition among others": (
        "i := Turns. [ a > counter and: [ i > 0 and: [ b > counter ] ] ] whileTrue: [ <bound: 7> i := i - 1 ]",
        [7],
    ),
    "until one of several": (
        "i := Turns. [ i = 0 or: [ a = counter ] ] whileFalse: [ <bound: 7> i := i - 1 ]",
        [7],
    ),
    "on one of two ways": (
        "i := 0. [ i < Turns ] whileTrue: [ <bound: 7> i := a = b ifTrue: [ i + 1 ] ifFalse: [ i + 2 ] ]",
        [7],
    ),
    "the test behind the body": ("i := 0. [ <bound: 7> i := i + 1. i < Turns ] whileTrue", [7]),
    "where another loop stopped": (
        "i := a. end := i + Bytes. [ i + 16 <= end ] whileTrue: [ <bound: 1> i := i + 16 ]."
        " [ i < end ] whileTrue: [ <bound: 4> i := i + 4 ]",
        [1, 4],
    ),
    "one in another": (
        "i := 0. [ i < 3 ] whileTrue: [ <bound: 3> n := 0."
        " [ n < Turns ] whileTrue: [ <bound: 7> n := n + 1 ]. i := i + 1 ]",
        [3, 7],
    ),
    "a body that leaves": ("[ a > b ] whileTrue: [ <bound: 1> ^ 1 ]", [1]),
}


@pytest.mark.parametrize("kind", COUNTED)
def test_what_counts(kind: str) -> None:
    body, turns = COUNTED[kind]
    unsigned = "".join(f"\t<var: #{name} type: #uint32>\n" for name in ("a", "b", "i", "n", "end"))
    assert turns_of(body, unsigned) == turns


UNBOUNDED = {
    "nothing moves": "i := 0. [ i < Turns ] whileTrue: [ <bound: 7> counter := i ]",
    "the wrong way": "i := 0. [ i < Turns ] whileTrue: [ <bound: 7> i := i - 1 ]",
    "by nothing on one way": "i := 0. [ i < Turns ] whileTrue: [ <bound: 7> a = b ifTrue: [ i := i + 1 ] ]",
    "past its end": "i := 0. [ i ~= Turns ] whileTrue: [ <bound: 7> i := i + 2 ]",
    "from an unknown word": "i := a. [ i > 0 ] whileTrue: [ <bound: 7> i := i - 1 ]",
    "to an end that moves": "i := 0. end := 7. [ i < end ] whileTrue: [ <bound: 7> i := i + 1. end := end + 1 ]",
    "one of two conditions": "i := Turns. [ i > 0 or: [ a > b ] ] whileTrue: [ <bound: 7> i := i - 1 ]",
    "a limit on some ways": "i := 0. [ <bound: 7> a = b ifTrue: [ i = Turns ifTrue: [ ^ 0 ] ]. i := i + 1 ] repeat",
    "begun anew": "i := Turns. [ i > 0 ] whileTrue: [ <bound: 7> i := i - 1. a = b ifTrue: [ i := 7 ] ]",
    "what another method changes": "counter := 7. [ counter > 0 ] whileTrue: [ <bound: 7> counter := counter - 1 ]",
}


@pytest.mark.parametrize("kind", UNBOUNDED)
def test_what_does_not_count(kind: str) -> None:
    with pytest.raises(SourceError, match="the bound is 7, but this loop does not count to a known end") as caught:
        turns_of(UNBOUNDED[kind])
    assert caught.value.remedy == REMEDY


def test_counts_between_constants_are_exact() -> None:
    """Every way to count, signed and unsigned: as often as the simulation goes round."""
    found = 0
    for kind, start, limit, step, relation in product(
        ("int32", "uint32"), (0, 1, 9), (0, 3, 8), (1, 3, -1, -2), ("<", "<=", ">", ">=", "~=", "=")
    ):
        text = (
            f"{HEAD}Sample >> run [\n\t<returns: #{kind}>\n\t<var: #i type: #{kind}>\n\t| i n |\n\ti := {start}.\n"
            f"\tn := 0.\n\t[ i {relation} {limit} ] whileTrue: [\n\t\t<inProcess>\n\t\ti := i + {step}.\n"
            "\t\tn := n + 1 ].\n\t^ n\n]\n"
        )
        classes = [read_class(text.replace("+ -", "- "), "Sample.class.st")]
        program = read_program(classes, {})
        (turns,) = greatest_turns(check_program(program).tree(program.method("run"))).values()
        if turns < 100:
            found += 1
            assert Simulation(classes, {}).call("run") == turns, text
    assert found > 150


LIMITED = """Sample >> run: a [
	| left |
	left := self first: a.
	[ left > 0 ] whileTrue: [
		<bound: #Turns>
		<limitedBy: #'{0}'>
		left := left - 1 ].
	^ 0
]

Sample >> first: a [
	{1}
	^ {2}
]
"""
GUARD = "a > Turns ifTrue: [ Turns ] ifFalse: [ a ]"
NAMES = {
    "named": ("Sample>>first:", "<limits: #Turns>", GUARD, ""),
    "no such method": ("Sample>>frist:", "<limits: #Turns>", GUARD, "the program has no method Sample>>frist:"),
    "of another class": ("Other>>first:", "<limits: #Turns>", GUARD, "the program has no method Other>>first:"),
    "which says nothing": ("Sample>>first:", "", GUARD, "Sample>>first: limits nothing, the bound is 7"),
    "which limits another": (
        "Sample>>first:",
        "<limits: #OtherTurns>",
        GUARD,
        "Sample>>first: limits 9, the bound is 7",
    ),
    "which has no limit": (
        "Sample>>first:",
        "<limits: #Turns>",
        "a",
        "Sample>>first: has no constant, so it limits nothing",
    ),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_limit_elsewhere_is_checked(kind: str) -> None:
    name, limits, answer, problem = NAMES[kind]
    program = read_program([read_class(HEAD + LIMITED.format(name, limits, answer), "Sample.class.st")], CONSTANTS)
    if not problem:
        tree = check_program(program).tree(program.method("run:"))
        assert [loop.ends.limited_by for loop in greatest_turns(tree)] == [(name,)]
        return
    with pytest.raises(SourceError) as caught:
        check_program(program)
    assert caught.value.message == problem
    assert (caught.value.line, caught.value.source_line) == (7, "\t\t<bound: #Turns>")


REFUSED = {
    "a count to anywhere": ("1 to: a do: [ :each | counter := each ]", "nothing limits how often this loop goes round"),
    "one turn too few": ("i := 0. [ i < Turns ] whileTrue: [ <bound: 6> i := i + 1 ]",
                         "the bound is 6, but this loop goes round up to 7 times"),
    "a needless name": ("i := 0. [ i < Turns ] whileTrue: [ <bound: 7> <limitedBy: #'Sample>>run:with:'> i := i + 1 ]",
                        "this loop counts to its bound by itself"),
    "an unknown word": ("i := 0. [ <bounds: 7> i > 0 ] whileTrue", "<bounds: 7> says nothing of a loop"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    body, message = REFUSED[kind]
    with pytest.raises(SourceError) as caught:
        turns_of(body)
    assert caught.value.message.replace("<bounds:>", "<bounds: 7>") == message


def test_only_native_processes_need_no_end() -> None:
    loop = "\t[ counter = 0 ] whileFalse: [\n\t\t<inProcess>\n\t\tcounter := {} ].\n\t^ 0\n]\n"
    native = HEAD + "Sample >> run [\n" + loop.format("0")
    check_program(read_program([read_class(native, "Sample.class.st")], {}))
    other = "Class { #name : #Other, #superclass : #Object, #category : #Test }\n\nOther >> other [\n\t^ 0\n]\n"
    declared = HEAD + DECLARED + "Sample >> run [\n" + loop.format("other other")
    with pytest.raises(SourceError, match="<inProcess> is for loops of native routines"):
        check_program(read_program([read_class(declared, "Sample.class.st"), read_class(other, "Other.class.st")], {}))
