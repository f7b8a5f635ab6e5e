"""Trees of source texts."""

from __future__ import annotations

import pytest

from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Literal,
    Message,
    Pragma,
    Return,
    Send,
    Statement,
    Variable,
    walk,
)
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.smalltalk.parser import parse_expression, parse_literal, parse_method

A, B, C = Variable("a"), Variable("b"), Variable("c")


def statement(source: str) -> Statement:
    (found,) = parse_expression(source).statements
    return found


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("16rFF", 255),
        ("2r1010", 10),
        ("-16rFF", -255),
        ("16r-FF", -255),
        ("36rZ", 35),
        ("1e10", 10**10),
        ("2r1e4", 16),
        ("16r1.8", 1.5),
        ("1.5e-3", 0.0015),
        ("1.0e5", 1e5),
        ("2.5d2", 250.0),
        ("-3", -3),
        ("-1.5", -1.5),
        ("3.14s2", ScaledDecimal(157, 50, 2)),
        ("3.140s", ScaledDecimal(157, 50, 3)),
        ("2s2", ScaledDecimal(2, 1, 2)),
        ("-0.5s1", ScaledDecimal(-1, 2, 1)),
        ("1000000000000000000000", 10**21),
        ("$a", Character(97)),
        ("$ ", Character(32)),
        ("$'", Character(39)),
        ("'it''s'", "it's"),
        ("''", ""),
        ("'\"'", '"'),
        ("#foo", Symbol("foo")),
        ("#at:put:", Symbol("at:put:")),
        ("#+", Symbol("+")),
        ("#->", Symbol("->")),
        ("#|", Symbol("|")),
        ("#'a b'", Symbol("a b")),
        ("#'it''s'", Symbol("it's")),
        ("#[1 2 16rFF]", b"\x01\x02\xff"),
        ("#()", ()),
        (
            "#(foo bar: #baz true false nil $a 16rFF -3 1.5 'x' #[1 2])",
            (Symbol("foo"), Symbol("bar:"), Symbol("baz"), True, False, None, Character(97), 255, -3, 1.5, "x",
             b"\1\2"),
        ),
        ("#((1 2) #(3) [4] at:put: + - | ^ := ; . #a:b: $) )", ((1, 2), (3,), b"\4", Symbol("at:put:"), Symbol("+"),
            Symbol("-"), Symbol("|"), Symbol("^"), Symbol(":="), Symbol(";"), Symbol("."), Symbol("a:b:"),
            Character(41))),
        ("#(self super #true)", (Symbol("self"), Symbol("super"), Symbol("true"))),
    ],
)  # fmt: skip
def test_literals(source: str, value: LiteralValue) -> None:
    assert parse_literal(source) == Literal(value)
    assert statement(source) == Literal(value)


def test_literals_of_different_kinds_differ() -> None:
    values: list[LiteralValue] = [1, 1.0, True, "a", Symbol("a"), Character(1), (1,), (1.0,), b"a", None, 0.0, -0.0]
    nodes = [Literal(value) for value in values]
    assert len(set(nodes)) == len(nodes)
    assert all((one == other) == (one is other) for one in nodes for other in nodes)


@pytest.mark.parametrize(
    ("source", "node"),
    [
        ("a b: c d", Send(A, "b:", (Send(C, "d"),))),
        ("a + b * c", Send(Send(A, "+", (B,)), "*", (C,))),
        ("a foo + b bar", Send(Send(A, "foo"), "+", (Send(B, "bar"),))),
        ("a at: b + c put: c", Send(A, "at:put:", (Send(B, "+", (C,)), C))),
        ("a - 1", Send(A, "-", (Literal(1),))),
        ("a-1", Send(A, "-", (Literal(1),))),
        ("a -1", Send(A, "-", (Literal(1),))),
        ("a--1", Send(A, "-", (Literal(-1),))),
        ("a>-1", Send(A, ">", (Literal(-1),))),
        ("-1 abs", Send(Literal(-1), "abs")),
        ("a << b >> c", Send(Send(A, "<<", (B,)), ">>", (C,))),
        ("a | b & c", Send(Send(A, "|", (B,)), "&", (C,))),
        ("a -> b", Send(A, "->", (B,))),
        ("a:=b:=c", Assignment(A, Assignment(B, C))),
        ("(a := b) foo", Send(Assignment(A, B), "foo")),
        ("a foo; + b; at: c", Cascade(A, (Message("foo"), Message("+", (B,)), Message("at:", (C,))))),
        ("a foo bar; baz", Cascade(Send(A, "foo"), (Message("bar"), Message("baz")))),
        ("a + b; foo", Cascade(A, (Message("+", (B,)), Message("foo")))),
        ("^ a", Return(A)),
        ("^a.", Return(A)),
        ("[]", Block()),
        ("[:a]", Block((A,))),
        ("[:a|]", Block((A,))),
        ("[:a :b | a]", Block((A, B), (), (), (A,))),
        ("[:a||b|c]", Block((A,), (B,), (), (C,))),
        ("[:a | | b | c. ^ a]", Block((A,), (B,), (), (C, Return(A)))),
        ("[| a b | ]", Block((), (A, B))),
        ("[|| a]", Block((), (), (), (A,))),
        ("[ <bound: 24> a ]", Block((), (), (Pragma("bound:", (Literal(24),)),), (A,))),
        ("[ | b | <bound: 24> <x> a ]", Block((), (B,), (Pragma("bound:", (Literal(24),)), Pragma("x")), (A,))),
        ("{}", BraceArray()),
        ("{a. b foo. {c}.}", BraceArray((A, Send(B, "foo"), BraceArray((C,))))),
        ('"note" a "it""s [" foo', Send(A, "foo")),
        ("a ~= b", Send(A, "~=", (B,))),
        ("a , b", Send(A, ",", (B,))),
        ("a foo:b", Send(A, "foo:", (B,))),
        ("a foo:-1", Send(A, "foo:", (Literal(-1),))),
    ],
)
def test_expressions(source: str, node: Statement) -> None:
    assert statement(source) == node


def test_method() -> None:
    method = parse_method(
        "at: index put: value <primitive: 61> <var: #index type: #int32><inline>\n| a b | <x: -1> a := b. ^ self"
    )
    assert method.selector == "at:put:"
    assert method.parameters == (Variable("index"), Variable("value"))
    assert method.temporaries == (A, B)
    assert method.pragmas == (
        Pragma("primitive:", (Literal(61),)),
        Pragma("var:type:", (Literal(Symbol("index")), Literal(Symbol("int32")))),
        Pragma("inline"),
        Pragma("x:", (Literal(-1),)),
    )
    assert method.pragmas[1].values == (Symbol("index"), Symbol("int32"))
    assert method.statements == (Assignment(A, B), Return(Variable("self")))


@pytest.mark.parametrize(
    ("source", "selector", "parameters"),
    [
        ("size", "size", ()),
        ("+ a", "+", (A,)),
        ("| a", "|", (A,)),
        (">= a ^ a", ">=", (A,)),
        ("x:a y:b", "x:y:", (A, B)),
    ],
)
def test_patterns(source: str, selector: str, parameters: tuple[Variable, ...]) -> None:
    method = parse_method(source)
    assert (method.selector, method.parameters) == (selector, parameters)


def test_positions() -> None:
    source = "run: x | t |\n\tt := (x foo) bar: #(1 2).\n\t^ [ :e | e + t ] value; at: 1"
    method = parse_method(source, "Run.class.st", 12, "Run >> ")
    texts = {type(node).__name__ + ":" + source[node.start : node.stop] for node in walk(method) if node is not method}
    assert texts == {
        "Variable:x",
        "Variable:t",
        "Variable:e",
        "Assignment:t := (x foo) bar: #(1 2)",
        "Send:(x foo) bar: #(1 2)",
        "Send:x foo",
        "Literal:#(1 2)",
        "Literal:1",
        "Return:^ [ :e | e + t ] value; at: 1",
        "Cascade:[ :e | e + t ] value; at: 1",
        "Block:[ :e | e + t ]",
        "Send:e + t",
        "Message:value",
        "Message:at: 1",
    }
    (send,) = [node for node in walk(method) if isinstance(node, Send) and node.selector == "bar:"]
    assert source[send.selector_start :].startswith("bar:")
    assert method.line_of(send) == 13
    error = method.error(method.parameters[0], "Message.", "Remedy.")
    assert str(error) == "Run.class.st:12:13: Message.\nRun >> run: x | t |\n            ^\nRemedy."


@pytest.mark.parametrize(
    "source", ["m a := 1.. ^ a", "m . a := 1. ^ a", "m a := 1. . . ^ a..", "m\n\ta := 1.\n\t.\n\t^ a."]
)
def test_empty_statements_are_nothing(source: str) -> None:
    assert [type(each).__name__ for each in parse_method(source).statements] == ["Assignment", "Return"]


def test_empty_statements_in_blocks() -> None:
    [block] = parse_method("m [ . 1.. 2. . ]").statements
    assert isinstance(block, Block)
    assert len(block.statements) == 2
