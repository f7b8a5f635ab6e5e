"""`<variants: n>`: one routine for each value of the first parameter, all that is left of the others gone."""

from __future__ import annotations

import pytest

from hardtalk.slang.variants import variant_selector
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, read_class

from .three_ways import ThreeWays, agreed

TEXT = """
Class {{ #name : #Loops, #superclass : #Object, #category : #test }}

{{ #category : #test }}
Loops >> scale: kind by: factor [
	<variants: {count}>
	<var: #factor type: #uint32>
	<returns: #uint32>
	| sum |
	kind = 3 ifTrue: [ ^ factor negated ].
	sum := 0.
	1 to: kind do: [ :each | sum := sum + (factor >> each) ].
	^ sum
]

{{ #category : #test }}
Loops >> run: kind by: factor [
	<noInline>
	<returns: #uint32>
	^ self scale: kind by: factor
]
"""


def loops(count: object = 5) -> ClassDefinition:
    return read_class(TEXT.format(count=count), "loops.st")


def test_each_value_has_its_routine_and_the_method_chooses() -> None:
    program = ThreeWays([loops()], {})
    for kind, expected in enumerate((0, 0x78000000, 0xB4000000, 0x10000000, 0xE1000000)):
        assert agreed(program.call("run:by:", kind, 0xF0000000)) == expected
    code = {routine.name: len(routine.code) for routine in program.compiled.routines}
    assert code["Loops>>scale0By:"] == code["Loops>>scale3By:"] == 8, "nothing of the others is left"


def test_what_lies_outside_gets_the_first_or_the_last() -> None:
    program = ThreeWays([loops()], {})
    assert agreed(program.call("run:by:", 0xFFFFFFFF, 16)) == 0
    assert agreed(program.call("run:by:", 17, 16)) == 8 + 4 + 2 + 1


@pytest.mark.parametrize("count", ["1", "true", "1025", "#a"])
def test_a_number_that_makes_no_sense_is_refused(count: str) -> None:
    with pytest.raises(SourceError, match="<variants:> takes a number from 2 to 1024"):
        ThreeWays([loops(count)], {})


def test_a_method_without_parameters_has_no_variants() -> None:
    head = "Class { #name : #Loops, #superclass : #Object, #category : #test }"
    text = head + "\n\nLoops >> run [\n\t<variants: 2>\n\t^ 1\n]\n"
    with pytest.raises(SourceError, match="run has no parameter that could tell its variants apart"):
        ThreeWays([read_class(text, "loops.st")], {})


def test_selectors() -> None:
    assert variant_selector("rows:", 12) == "rows12"
    assert variant_selector("rows:at:from:", 3) == "rows3At:from:"


def test_nothing_is_made_of_what_no_path_reaches() -> None:
    """Each of four methods calls the next three times where the constant that it gets says never: no 81 calls."""
    head = (
        "Class { #name : #Loops, #superclass : #Object, #category : #test }\n\nLoops >> run [\n\t^ self level0: 3\n]\n"
    )
    dead = "kind = 4 ifTrue: [ sum := (self level{0}: kind) + (self level{0}: kind) ]"
    loop = "[ kind > 5 and: [ sum < 9 ] ] whileTrue: [ <inProcess>\n\t\tsum := sum + (self level{0}: kind) ]"
    lines = f"\t<inline>\n\t| sum |\n\tsum := 1.\n\t{dead}.\n\t{loop}.\n\t^ sum"
    levels = [f"\nLoops >> level{n}: kind [\n{lines.format(n + 1)}\n]\n" for n in range(4)]
    last = "\nLoops >> level4: kind [\n\t<inline>\n\t^ kind\n]\n"
    program = ThreeWays([read_class(head + "".join(levels) + last, "loops.st")], {})
    assert agreed(program.call("run")) == 1
    assert program.graphs["Loops>>run"].register_count < 9
