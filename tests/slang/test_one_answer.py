"""Compiler and simulation give one answer: the same refusal word for word, or the same result.

First refusals by name, word for word. Then generated programs with statements put in that may be mistakes: what is
refused is refused by both with one text, what is not runs three ways to one result.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardtalk.slang.compile import compile_program
from hardtalk.slang.errors import SlangErrors
from hardtalk.slang.simulate import Simulation
from hardtalk.smalltalk.tonel import read_class

from .both_ways import refusal_by_compiler, refusal_by_simulation
from .test_three_ways import expressions, statements
from .three_ways import agreed, program, sources

HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'counter' ], #category : #Test }\n\n"
OTHER = "Class { #name : #Other, #superclass : #Object, #instVars : [ 'secret' ], #category : #Test }\n"
FLOAT = "<var: #f type: #float64>\n\t| f |\n\tf := self floatAt: a.\n\t"

REFUSED = {
    "word as condition": ("a ifTrue: [ ^ 1 ].\n\t^ 0", 4, 2, "a condition is #boolean, this is #int32"),
    "word in and:": ("(a > 1 and: [ a ]) ifTrue: [ ^ 1 ].\n\t^ 0", 4, 16, "a condition is #boolean, this is #int32"),
    "loop without bound": ("[ a > 3 ] whileTrue: [ counter := 1 ].\n\t^ 0", 4, 2, "this loop has no stated bound"),
    "variable of another class": ("^ secret", 4, 4, "secret belongs to another class"),
    "assigned variable of another class": ("secret := a.\n\t^ a", 4, 2, "secret belongs to another class"),
    "float literal": ("<var: #f type: #float64>\n\t| f |\n\tf := 1.5.\n\t^ 0", 6, 7, "only integers and characters"),
    "cascade as value": ("^ self wordAt: a; wordAt: a", 4, 4, "a cascade has no value in Slang"),
    "cascade to a value": ("a + 1; + 2.\n\t^ a", 4, 2, "a cascade is a sequence of sends to self"),
    "truth in arithmetic": ("^ (a = 3) + 1", 4, 4, "+ is not for #boolean"),
    "truth negated": ("^ (a = 3) negated", 4, 4, "negated is not for #boolean"),
    "truth compared with a word": ("^ (a = 3) = 1", 4, 4, "= is not for #boolean"),
    "returned float": (FLOAT + "^ f", 7, 4, "a float cannot be returned"),
    "declared returned float": ("<returns: #float64>\n\t^ a", 3, 11, "a float cannot be returned"),
    "float parameter": ("<var: #a type: #float64>\n\t^ 0", 3, 16, "a cannot be a float"),
    "float argument": (FLOAT + "^ self other: f", 7, 16, "x of other: is #int32, the value is #float64"),
    "float in a word": ("| x |\n\tx := self floatAt: a.\n\t^ x", 5, 2, "x is #int32, the value is #float64"),
    "zero in a float": ("<var: #f type: #float64>\n\t| f |\n\tf := 0.\n\t^ 0", 6, 2, "f is #float64, the value is"),
    "empty arm as value": ("^ a > 1 ifTrue: [ ] ifFalse: [ 2 ]", 4, 18, "an empty block has no value"),
    "one arm as value": ("^ a > 1 ifTrue: [ 2 ]", 4, 4, "ifTrue: has no value when the condition does not hold"),
    "arms of two kinds": ("^ a > 1 ifTrue: [ a ] ifFalse: [ a > 2 ]", 4, 4, "both arms of a conditional must be"),
    "loop as value": ("^ 1 to: 3 do: [ :i | counter := i ]", 4, 4, "to:do: has no value here"),
    "call without value": ("^ 1 + (self nothing: a)", 4, 9, "nothing: has no value here"),
    "word in a truth": (
        "<var: #t type: #boolean>\n\t| t |\n\tt := a.\n\t^ 0",
        6,
        2,
        "t is #boolean, the value is #int32",
    ),
    "word returned as truth": ("<returns: #boolean>\n\t^ a", 5, 4, "the result of run: is #boolean"),
    "assigned counter": ("1 to: 3 do: [ :i | i := 2 ].\n\t^ a", 4, 21, "i counts a loop and cannot be assigned"),
    "counter behind its loop": ("1 to: 3 do: [ :i | counter := i ].\n\t^ i", 5, 4, "unknown variable i"),
    "step that is no constant": (
        "1 to: 3 by: a do: [ :i | ].\n\t^ a",
        4,
        14,
        "the step of to:by:do: must be a constant",
    ),
    "and: of an empty block": ("(a > 1 and: [ ]) ifTrue: [ ^ 1 ].\n\t^ 0", 4, 14, "an empty block has no value"),
    "and: of a value": ("(a > 1 and: a > 2) ifTrue: [ ^ 1 ].\n\t^ 0", 4, 14, "expected a literal block here"),
    "division of words": ("^ a / 2", 4, 4, "/ is not for these operands"),
    "transfer in a routine that returns": ("^ self nextBytecode", 4, 4, "nextBytecode ends a threaded routine"),
}


def sample(body: str) -> list:
    text = f"Sample >> run: a [\n\t{body}\n]\n\nSample >> other: x [\n\t<noInline>\n\t^ x\n]\n\n"
    text += "Sample >> nothing: x [\n\tcounter := x\n]\n"
    return [read_class(HEAD + text, "Sample.class.st"), read_class(OTHER, "Other.class.st")]


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse_with_one_message(name: str) -> None:
    body, line, column, message = REFUSED[name]
    text = refusal_by_compiler(sample(body))
    assert text.startswith(f"Sample.class.st:{line}:{column}: {message}"), text
    assert text.splitlines()[2].endswith("^")
    assert refusal_by_simulation(sample(body)) == text


def test_all_mistakes_are_told_in_one_run() -> None:
    text = """Sample >> run: a [
	a ifTrue: [ ^ missing ].
	self nowhere: nil.
	^ (a > 1) + secret
]

Sample >> other [
	^ 1.5
]
"""
    classes = [read_class(HEAD + text, "Sample.class.st"), read_class(OTHER, "Other.class.st")]
    with pytest.raises(SlangErrors) as compiled:
        compile_program(classes, {}, ["run:"])
    with pytest.raises(SlangErrors) as simulated:
        Simulation(classes, {}).translate_all()
    assert str(compiled.value) == str(simulated.value)
    assert [(error.line, error.column, error.message) for error in compiled.value.errors] == [
        (4, 2, "a condition is #boolean, this is #int32"),
        (4, 16, "unknown variable missing"),
        (5, 7, "unknown selector nowhere:"),
        (6, 14, "secret belongs to another class"),
        (10, 4, "only integers and characters are values in Slang"),
    ]
    assert str(compiled.value).count("\n\n") == 4


RIGHT = [
    "x := y // (9 // 2).",
    "x := (y > z) = (z > 3) ifTrue: [ x ] ifFalse: [ z ].",
    "[ x > y ] whileTrue: [ <inProcess> x := y ].",
    "self helper: y with: z; helper: z with: y.",
    "x := y > z.",
    "x := y > z ifTrue: [ ^ 3 ] ifFalse: [ 1 ].",
    "y > z ifTrue: [ ^ y > x ].",
    "x := self integerFromFloat: (self floatFromInteger: y) / (self floatFromInteger: 3).",
    "3 to: 1 by: 1 negated do: [ :i | y := y + i ].",
    "1 to: y do: [ :i | ^ i ].",
    "y timesRepeat: [ ^ 1 ].",
    "x := (y := 4) + (y := y + 3).",
    "x := (y := 4) + (self helper: 1 with: y) + (y := 5).",
    "x := self sumOf: y and: z ifOverflow: [ ^ 1 ].",
    "self wordAt: 16r100000 put: y > z.",
    "t := y > z. t ifTrue: [ x := 1 ].",
    "t := t and: [ y > z or: [ x > y ] ]. x := t ifTrue: [ y ] ifFalse: [ z ].",
    "x := t not ifTrue: [ u ] ifFalse: [ y ].",
    "u > y ifTrue: [ u := y ]. x := u >> 3.",
    "u timesRepeat: [ ^ 9 ].",
    "x := u // 7 + (u rem: y) + (y quo: 3).",
    "",
]
WRONG = [
    "x ifTrue: [ y := 1 ].",
    "(x > 1 and: [ y ]) ifTrue: [ z := 1 ].",
    "[ x > y ] whileTrue: [ x := y ].",
    "x := secret.",
    "x := 1.5.",
    "x := self helper: y; wordAt: z.",
    "x := (y > z) + 1.",
    "x := y > z ifTrue: [ ] ifFalse: [ 1 ].",
    "x := y > z ifTrue: [ ^ 3 ] ifFalse: [ ^ 4 ].",
    "y > z ifTrue: [ ^ self floatFromInteger: 3 ].",
    "x := self floatFromInteger: y.",
    "x := 1 to: 3 do: [ :i | y := i ].",
    "3 to: 1 by: -1 do: [ :i | i := 4 ].",
    "x := self sumOf: y and: z ifOverflow: [ y := 1 ].",
    "x := self countTrailingZeros: y > z.",
    "t := y.",
    "nil foo.",
]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    statements,
    st.sampled_from(RIGHT) | st.sampled_from(WRONG),
    st.sampled_from(RIGHT),
    expressions,
    st.lists(st.integers(0, 0xFFFFFFFF), min_size=2, max_size=2),
    st.booleans(),
)
def test_generated_programs_get_one_answer(
    body: str, first: str, second: str, result: str, arguments: list[int], inlined: bool
) -> None:
    text = f"""Sample >> run: a with: b [
	<var: #t type: #boolean>
	<var: #u type: #uint32>
	| x y z t u |
	x := a. y := b. z := 7. t := a > b. u := b. counter := 3. total := 0.
	{first}
	{body}
	{second}
	^ {result} + counter - total
]

Sample >> run: a [
	^ self run: a with: a
]

Sample >> helper: p [
	counter := p
]

Sample >> helper: p with: q [
	{"<inline>" if inlined else "<noInline>"}
	counter := counter + 1.
	p > q ifTrue: [ ^ p - counter ].
	^ q bitXor: total
]
"""
    classes = sources(text, OTHER)
    refusal = refusal_by_compiler(classes)
    assert refusal_by_simulation(classes) == refusal
    assert bool(refusal) == (first in WRONG), refusal
    if not refusal:
        agreed(program(text).call("run:with:", *arguments, data=bytes(range(256)) * 4))
