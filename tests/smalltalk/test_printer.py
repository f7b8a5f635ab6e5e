"""What is printed reads back as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from hardtalk.smalltalk.ast import Literal, Method
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.smalltalk.parser import parse_literal, parse_method
from hardtalk.smalltalk.printer import print_literal, print_method

from .syntax_trees import literal_values, methods


@settings(max_examples=200, deadline=None, derandomize=True)
@given(methods)
def test_parsing_the_print_gives_the_tree(method: Method) -> None:
    assert parse_method(print_method(method)) == method


@settings(max_examples=150, deadline=None, derandomize=True)
@given(literal_values)
def test_literals_read_back(value: LiteralValue) -> None:
    assert parse_literal(print_literal(value)) == Literal(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (-5, "-5"),
        (1e100, "1.0e100"),
        (1.5e-7, "1.5e-7"),
        (-0.0, "-0.0"),
        (ScaledDecimal(157, 50, 2), "3.14s2"),
        (ScaledDecimal(-1, 2, 0), "-0.5s0"),
        ("it's", "'it''s'"),
        (Symbol("at:put:"), "#at:put:"),
        (Symbol("a b"), "#'a b'"),
        (Symbol("||"), "#||"),
        (Character(32), "$ "),
        (b"\x00\xff", "#[0 255]"),
        ((1, (Symbol("x"), None, True), b""), "#(1 #(#x nil true) #[])"),
    ],
)
def test_literal_texts(value: LiteralValue, text: str) -> None:
    assert print_literal(value) == text


def test_layout() -> None:
    source = """at: index put: value <primitive: 61> | copy |
    "a comment" copy := self copy. copy at: index + 1 put: value; yourself.
    [:each | each foo] value: (a b; c).
    (index > 3) ifTrue: [self foo. ^ (1 to: 3)]. ^ copy"""
    assert (
        print_method(parse_method(source))
        == """at: index put: value
	<primitive: 61>
	| copy |
	copy := self copy.
	copy at: index + 1 put: value;
		yourself.
	[ :each | each foo ] value: (a b;
		c).
	index > 3 ifTrue: [
		self foo.
		^ 1 to: 3 ].
	^ copy"""
    )


def test_infinite_floats_have_no_literal() -> None:
    with pytest.raises(ValueError, match="cannot be written as a literal"):
        print_literal(float("inf"))
