"""Complaints of the compiler, word for word. Each case: the method's text, then the complaint without its file name."""

from __future__ import annotations

import pytest

from hardtalk.smalltalk.ast import Send, walk
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literal_parser import GREATEST_NESTING
from hardtalk.smalltalk.parser import parse_method

SCOPE = [
    (
        "foo ^ countr",
        """1:7: `countr` is not declared.
foo ^ countr
      ^
Did you mean `count`? Declare it as a temporary, an instance variable or a class variable, or correct its spelling.""",
    ),
    (
        "foo zzz := 3",
        """1:5: `zzz` is not declared.
foo zzz := 3
    ^
Declare it as a temporary, an instance variable or a class variable, or correct its spelling.""",
    ),
    (
        "foo [ | inner | ]. ^ inner",
        """1:22: `inner` is not declared.
foo [ | inner | ]. ^ inner
                     ^
Declare it as a temporary, an instance variable or a class variable, or correct its spelling.""",
    ),
    (
        "foo | a a |",
        """1:9: `a` is declared twice.
foo | a a |
        ^
Remove or rename one of them.""",
    ),
    (
        "foo: a | a |",
        """1:10: `a` is declared twice.
foo: a | a |
         ^
Remove or rename one of them.""",
    ),
    (
        "foo | self |",
        """1:7: `self` cannot be declared.
foo | self |
      ^
Choose another name.""",
    ),
    (
        "foo: a a := 3",
        """1:8: `a` is a parameter and cannot be assigned to.
foo: a a := 3
       ^
Assign to a temporary instead.""",
    ),
    (
        "foo ^ [ :a | a := 3 ]",
        """1:14: `a` is a parameter and cannot be assigned to.
foo ^ [ :a | a := 3 ]
             ^
Assign to a temporary instead.""",
    ),
    (
        "foo 1 to: 3 do: [ :i | i := 3 ]",
        """1:24: `i` is a parameter and cannot be assigned to.
foo 1 to: 3 do: [ :i | i := 3 ]
                       ^
Assign to a temporary instead.""",
    ),
    (
        "foo thisContext := 3",
        """1:5: `thisContext` cannot be assigned to.
foo thisContext := 3
    ^
Assign to a variable.""",
    ),
    (
        "foo ^ super",
        """1:7: `super` is not a value.
foo ^ super
      ^
Send it a message, or write `self`.""",
    ),
    (
        "foo self ifTrue: [ :x | ]",
        """1:18: The block has 1 parameter, but `ifTrue:` gives it 0.
foo self ifTrue: [ :x | ]
                 ^
Change the block's parameters.""",
    ),
    (
        "foo self ifNotNil: [ :x :y | ]",
        """1:20: The block has 2 parameters, but `ifNotNil:` gives it 0 or 1.
foo self ifNotNil: [ :x :y | ]
                   ^
Change the block's parameters.""",
    ),
    (
        "foo <primitive: 'name'>",
        """1:5: A primitive is given by one number from 1 to 1023.
foo <primitive: 'name'>
    ^
Write <primitive: n> with a number of the primitive table.""",
    ),
    (
        "foo <primitive: 1> <primitive: 2>",
        """1:20: The method has two primitives.
foo <primitive: 1> <primitive: 2>
                   ^
Keep one of them.""",
    ),
    (
        "foo ^ 'Ω'",
        """1:7: The character `Ω` does not fit a byte.
foo ^ 'Ω'
      ^
Use characters up to code 255.""",
    ),
]


@pytest.mark.parametrize(("source", "complaint"), SCOPE, ids=[source for source, _ in SCOPE])
def test_scope(source: str, complaint: str) -> None:
    method = parse_method(source, "Foo.class.st")
    with pytest.raises(SourceError) as found:
        compile_method(method, class_name="Foo", instance_variables=["count"], class_variables={"Total": "Foo"})
    assert str(found.value) == f"Foo.class.st:{complaint}"


WARNINGS = [
    (
        "foo: a ^ [ :a | a ]",
        """1:13: `a` hides a variable of an outer block or of the method.
foo: a ^ [ :a | a ]
            ^
Within its block the inner one is meant. Choose another name to avoid the doubt.""",
    ),
    (
        "foo | count |",
        """1:7: `count` hides an instance variable.
foo | count |
      ^
Within the method the inner one is meant. Choose another name to avoid the doubt.""",
    ),
    (
        "foo | Total |",
        """1:7: `Total` hides a class variable.
foo | Total |
      ^
Within the method the inner one is meant. Choose another name to avoid the doubt.""",
    ),
    (
        "foo <primitive: 'primitiveFoo' module: 'FooPlugin'> ^ 3",
        """1:5: There are no primitives in modules: the method's own code is always run.
foo <primitive: 'primitiveFoo' module: 'FooPlugin'> ^ 3
    ^
Name a primitive by its number, as in <primitive: 60>.""",
    ),
]


@pytest.mark.parametrize(("source", "warning"), WARNINGS, ids=[source for source, _ in WARNINGS])
def test_warnings(source: str, warning: str) -> None:
    method = parse_method(source, "Foo.class.st")
    spec = compile_method(method, class_name="Foo", instance_variables=["count"], class_variables={"Total": "Foo"})
    assert [str(each) for each in spec.warnings] == [f"Foo.class.st:{warning}"]


def blocks(depth: int) -> str:
    return "foo ^ " + "[ " * depth + "3" + " ]" * depth


def limits() -> list[tuple[str, str, str]]:
    literals = "foo self " + "; ".join(f"take{index}" for index in range(260))
    too_far = "foo\n\tself size > 3 ifTrue: [\n" + "self at: 3 put: 4.\n" * 300 + "]"
    loop = "foo\n\t[self atEnd] whileFalse: [\n" + "self at: 3 put: 4.\n" * 300 + "]"
    temporaries = "foo | " + " ".join(f"t{index}" for index in range(70)) + " | ^ t69"
    arguments = " ".join(f"a{index}: a{index}" for index in range(17))
    deep = "foo ^ " + "".join(f"#a{index} with: (" for index in range(58)) + "self" + ")" * 58
    copied = " ".join(f"a{index}" for index in range(17))
    uses = "foo | " + copied + " | ^ [ " + ". ".join(copied.split()) + " ]"
    brace = "foo ^ { " + ". ".join("1" for _ in range(200)) + " }"
    chain = "foo ^ 1" + " + 1" * 3000
    nested = "foo ^ " + "(" * (GREATEST_NESTING + 1)
    return [
        (literals, "1:", "The method has more than 253 literals (selectors and globals)."),
        (too_far, "2:12", "The blocks of this message need a jump over 1500 bytes of code; the greatest is 1023."),
        (loop, "2:8", "The blocks of this message need a jump over 1502 bytes of code; the greatest is 1023."),
        (temporaries, "1:1", "The method or block has more than 63 arguments and temporaries."),
        (arguments, "1:", "The method has more than 15 arguments."),
        (deep, "1:1", "The method needs 59 slots for temporaries and stack; a context has 56."),
        (uses, "1:", "The block uses more than 15 variables from outside."),
        (chain, "1:1", "The method's expressions are nested too deeply."),
        (brace, "1:7", "The brace array has 200 elements; at most 127 are possible."),
        (blocks(16), "1:37", "Blocks are nested more than 15 deep, or the method has more than 1000."),
        (nested, "1:67", f"Brackets are nested more than {GREATEST_NESTING} deep."),
    ]


@pytest.mark.parametrize(("source", "place", "message"), limits(), ids=[limit[2] for limit in limits()])
def test_limits(source: str, place: str, message: str) -> None:
    with pytest.raises(SourceError) as found:
        compile_method(parse_method(source, "Foo.class.st"), class_name="Foo")
    assert found.value.message == message
    assert found.value.remedy
    assert f"{found.value.line}:{found.value.column}".startswith(place)


def test_blocks_as_deep_as_the_virtual_machine_takes_them() -> None:
    assert compile_method(parse_method(blocks(15)), class_name="Foo").bytecodes


def test_all_nodes_of_a_text_nested_deeply() -> None:
    method = parse_method("foo ^ 1" + " + 1" * 3000)
    assert sum(isinstance(node, Send) for node in walk(method)) == 3000


def test_a_message_with_a_very_long_name_is_shortened() -> None:
    error = SourceError.at("foo", 0, f"`{'x' * 20_000}` is not known.", "Define it.")
    first = str(error).splitlines()[0]
    assert first.startswith("<text>:1:1: `xxx") and first.endswith("xxx` is not known.")
    assert len(first) < 450


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("foo ^ [ <turns: 3> 4 ] value", 9, "This block is not the body of a loop"),
        ("foo 3 > 4 ifTrue: [ <turns: 3> ^ 4 ]", 21, "This block is not the body of a loop"),
        ("foo [ <turns: 3> true ] whileTrue: [ 4 ]", 7, "This block is not the body of a loop"),
        ("foo [ true ] whileTrue: [ <turns: 0> 4 ]", 27, "The number of turns is no SmallInteger above 0."),
        ("foo [ true ] whileTrue: [ <turns: 'a'> 4 ]", 27, "The number of turns is no SmallInteger above 0."),
        ("foo [ <turns: 1073741824> 4 ] repeat", 7, "The number of turns is no SmallInteger above 0."),
    ],
)
def test_a_number_of_turns_is_a_loops(source: str, column: int, message: str) -> None:
    with pytest.raises(SourceError) as found:
        compile_method(parse_method(source), class_name="Foo")
    assert found.value.message.startswith(message) and found.value.remedy
    assert found.value.column == column
