"""Forms of Squeak, Pharo, Cuis and GNU Smalltalk: they mean what they mean there."""

from __future__ import annotations

from typing import Any

import pytest

from hardtalk.smalltalk.ast import Block, Literal, Return, Send
from hardtalk.smalltalk.compiler import compile_expression, compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.parser import parse_expression, parse_literal, parse_method
from hardtalk.smalltalk.printer import print_method

from .bytecode_machine import Instance, Machine


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("3max: 4", None),
        ("| s | s := 0. 1to: 5 do: [:i | s := s + i]. s", 15),
        ("| a | a _ 3. a + 1", 4),
        ("| a b | a _ b _ 2. a + b", 4),
        ("1_000 + 1", 1001),
        ("{ . 1.. 2. }", [1, 2]),
        ("5 // 2- -3", 5),
    ],
)
def test_expressions(source: str, expected: Any) -> None:
    if expected is None:
        [send] = parse_expression(source).statements
        assert isinstance(send, Send) and send.selector == "max:"
        return
    assert Machine({}).run(compile_expression(parse_expression(source)), receiver="receiver") == expected


@pytest.mark.parametrize("source", ["1e-3", "- 1e-3", "1_0e-4"])
def test_an_integer_with_a_negative_exponent_is_a_fraction(source: str) -> None:
    [send] = parse_expression(source.replace("- ", "-")).statements
    assert send == Send(Literal(-1 if source[0] == "-" else 1), "/", (Literal(1000),))
    assert parse_expression("1000e-3").statements == (Literal(1),)


@pytest.mark.parametrize("selector", ["||", "<|", "|>", "->>", "|-|", "&&", "|||"])
def test_binary_selectors(selector: str) -> None:
    method = parse_method(f"m ^ a {selector} b")
    assert method == parse_method(f"m ^ a{selector}b")
    [answer] = method.statements
    assert isinstance(answer, Return) and isinstance(answer.value, Send)
    assert answer.value.selector == selector
    assert parse_method(print_method(method)) == method
    assert parse_method(f"{selector} other ^ other").selector == selector
    assert parse_literal(f"#{selector}").value == Symbol(selector)


def test_bars_that_are_no_selectors() -> None:
    assert parse_method("m || ^ 1") == parse_method("m ^ 1")
    [block] = parse_expression("[:a||b| b]").statements
    assert isinstance(block, Block)
    assert [each.name for each in block.temporaries] == ["b"]
    assert parse_expression("a|-3").statements == (Send(parse_expression("a").statements[0], "|", (Literal(-3),)),)


@pytest.mark.parametrize("name", ["x:y:", "x:y", "a::b", "a::", ":a", "x", "_x:_"])
def test_symbols_with_colons(name: str) -> None:
    assert parse_literal(f"#{name}").value == Symbol(name)


def test_an_error_code_is_a_temporary() -> None:
    method = parse_method("at: i <primitive: 60 error: code> ^ code")
    spec = compile_method(method, class_name="Foo")
    assert spec.primitive == 60
    assert Machine().run(spec, Instance([], {}), (7,)) is None
    assert parse_method(print_method(method)) == method


def test_more_constants_than_a_method_has_literals() -> None:
    numbers = range(1000, 1700)
    spec = compile_expression(
        parse_expression("| s | s := 0. " + " ".join(f"s := s + {each}." for each in numbers) + " s")
    )
    assert len(spec.literals) <= 255
    assert Machine().run(spec) == sum(numbers)


@pytest.mark.parametrize("source", ["Foo.Bar new", "^ SystemExceptions.NotFound", "x := Core.Array new: 3"])
def test_namespaces_are_refused(source: str) -> None:
    with pytest.raises(SourceError, match="there are no namespaces"):
        parse_expression(source)


def test_a_full_stop_between_statements_is_no_namespace() -> None:
    assert len(parse_expression("Foo bar.Baz new").statements) == 2
    assert len(parse_expression("Foo. Bar new").statements) == 2
