"""Slang's errors, word for word: place, line, caret, remedy."""

from __future__ import annotations

import pytest

from hardtalk.slang.compile import compile_program
from hardtalk.slang.program import Program, read_program
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.printer import print_node
from hardtalk.smalltalk.tonel import read_class

HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'counter' ], #category : #Test }\n\n"

CASES = {
    "unknown selector": (
        "Sample >> run: a [\n\t^ self wordAtt: a\n]\n",
        "Sample.class.st:4:9: unknown selector wordAtt:\n\t^ self wordAtt: a\n\t       ^\ndid you mean wordAt:?",
    ),
    "failure of what is no primitive": (
        "Sample >> run: a [\n\t<threaded>\n\t^ self primitiveFails\n]\n",
        "Sample.class.st:5:9: primitiveFails in run:, which is no primitive's routine",
    ),
    "unknown variable": ("Sample >> run: a [\n\t^ a + missing\n]\n", "unknown variable missing"),
    "nil": ("Sample >> run: a [\n\t^ nil\n]\n", "nil is not a value in Slang"),
    "float and word": (
        "Sample >> run: a [\n\t<var: #f type: #float64>\n\t| f |\n\tf := self floatAt: a.\n"
        "\t^ self integerFromFloat: f + a\n]\n",
        "+ is not for these operands",
    ),
    "unknown type": ("Sample >> run: a [\n\t<var: #a type: #int64>\n\t^ a\n]\n", "unknown type #int64"),
    "too deep": (
        "Sample >> run: a [\n\t^ a" + " + a" * 130 + "\n]\n",
        "the method's expressions are nested too deeply",
    ),
    "no beginning": (
        "Sample >> other: a [\n\t^ a\n]\n",
        "Sample.class.st:1:1: No class has run:, where the machine begins.",
    ),
    "recursion": (
        "Sample >> run: a [\n\t^ self other: a\n]\n\nSample >> other: a [\n\t^ self run: a\n]\n",
        "recursive call run: -> other: -> run:",
    ),
    "loop without bound": (
        "Sample >> run: a [\n\t[ counter > a ] whileTrue: [ counter := counter - 1 ].\n\t^ 0\n]\n",
        "this loop has no stated bound",
    ),
    "threaded routine that comes back": (
        "Sample >> run: a [\n\t<threaded>\n\t^ counter\n]\n",
        "a threaded routine ends in a transfer",
    ),
    "calling a threaded routine": (
        "Sample >> run: a [\n\tself there.\n\t^ 0\n]\n\nSample >> there [\n\t<threaded>\n\t^ self nextBytecode\n]\n",
        "there is a threaded routine",
    ),
    "too many parameters": ("Sample >> run: a b: b c: c d: d e: e [\n\t^ 0\n]\n", "run:b:c:d:e: has 5 parameters"),
    "overflow block that falls out": (
        "Sample >> run: a [\n\t^ self sumOf: a and: 1 ifOverflow: [ counter := 1 ]\n]\n",
        "the overflow block must leave the method with ^",
    ),
    "word as a condition": (
        "Sample >> run: m [\n\tm ifTrue: [ ^ 1 ].\n\t^ 0\n]\n",
        "a condition is #boolean, this is #int32",
    ),
    "truth in arithmetic": ("Sample >> run: m [\n\t^ (m = 3) + 1\n]\n", "+ is not for #boolean"),
    "block as a value": ("Sample >> run: a [\n\t^ [ a ]\n]\n", "blocks are not values in Slang"),
    "argument count": ("Sample >> run: a [\n\t<returns: #int31>\n\t^ a\n]\n", "unknown type #int31"),
    "number too large": ("Sample >> run: a [\n\t^ a + 4294967296\n]\n", "4294967296 does not fit in 32 bits"),
    "selector defined twice": (
        "Sample >> run: a [\n\t^ a\n]\n\nSample >> run: b [\n\t^ b\n]\n",
        "Sample >> run: is defined twice",
    ),
    "conditional without value": (
        "Sample >> run: a [\n\t^ a > 1 ifTrue: [ 3 ]\n]\n",
        "ifTrue: has no value when the condition does not hold",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_error_has_place_and_remedy(name: str) -> None:
    source, expected = CASES[name]
    root = "run:b:c:d:e:" if "b: b" in source else "run:"
    with pytest.raises(SourceError) as caught:
        compile_program([read_class(HEAD + source, "Sample.class.st")], {}, [root])
    text = str(caught.value)
    assert expected in text
    assert text.startswith("Sample.class.st:")
    assert "^" in text.splitlines()[2]


@pytest.mark.parametrize("reason", ["", ": 4"])
def test_a_failure_activates_the_method_before_the_keyword_arguments(reason: str) -> None:
    program = read_program(
        [
            read_class(
                f"{HEAD}Sample >> change: m arguments: c both: b [\n\t<threaded>\n\t^ self primitiveFails{reason}\n]\n"
                "\nSample >> activateMethod: m arguments: c [\n\t<threaded>\n\t^ self nextBytecode\n]\n"
                "\nSample >> fail: m arguments: c code: r [\n\t<threaded>\n\t^ self nextBytecode\n]\n",
                "Sample.class.st",
            )
        ],
        {},
    )
    (statement,) = program.method("change:arguments:both:").node.statements
    expected = "fail: m arguments: c code: 4" if reason else "activateMethod: m arguments: c"
    assert print_node(statement) == f"^ self {expected}"


def test_a_routine_too_long_for_its_constants() -> None:
    stores = "".join(f"\tself wordAt: a put: {number * 65537 + 257}.\n" for number in range(1, 1200))
    with pytest.raises(SourceError) as caught:
        compile_program([read_class(f"{HEAD}Sample >> run: a [\n{stores}\t^ 0\n]\n", "Sample.class.st")], {}, ["run:"])
    assert caught.value.message.startswith("this routine is too long: a constant would lie ")
    assert (caught.value.line, caught.value.remedy) == (3, "split the method")


@pytest.mark.parametrize("pragma", ["<locked: 'first'>", "<recursive: 'two'>"])
def test_a_pragma_that_takes_a_number(pragma: str) -> None:
    text = f"{HEAD}Sample >> run: a with: b [\n\t{pragma}\n\t^ self run: a with: b\n]\n"
    with pytest.raises(SourceError, match="this pragma takes a number") as caught:
        compile_program([read_class(text, "Sample.class.st")], {})
    assert (caught.value.line, caught.value.column) == (4, 2)


def test_a_size_is_a_number_or_a_constant() -> None:
    def program(words: str) -> Program:
        text = f"{HEAD}Sample class >> declareVariables [\n\t<var: #counter words: {words}>\n]\n"
        return read_program([read_class(text, "Sample.class.st")], {"TableWords": 12})

    assert program("#TableWords").constants["words:counter"] == program("12").constants["words:counter"] == 12
    for wrong, remedy in (("#TableWord", "did you mean #TableWords?"), ("0", "write an integer above 0")):
        with pytest.raises(SourceError, match="is no number of words") as caught:
            program(wrong)
        assert caught.value.line == 4 and remedy in str(caught.value)


def test_a_bound_is_a_number_or_a_constant() -> None:
    def stated(bound: str) -> list[int | None]:
        body = (
            f"\t| n |\n\tn := a bitAnd: 7.\n\t[ n > 0 ] whileTrue: [\n\t\t<bound: {bound}>\n\t\tn := n - 1 ].\n\t^ n\n"
        )
        sources = [read_class(f"{HEAD}Sample >> run: a [\n{body}]\n", "Sample.class.st")]
        (routine,) = compile_program(sources, {"Turns": 7}, ["run:"]).routines
        return [loop.bound for _, _, loops in routine.facts.loops for loop in loops]

    assert stated("#Turns") == stated("7") == [7]
    with pytest.raises(SourceError, match="the bound of a loop is an integer or a constant"):
        stated("#Turn")
