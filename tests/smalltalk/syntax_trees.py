"""Hypothesis strategies for syntax trees that a parser can give."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from hardtalk.smalltalk.ast import (
    PSEUDO_VARIABLES,
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Message,
    Method,
    Pragma,
    Return,
    Send,
    Statement,
    Variable,
)
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.smalltalk.scanner import BINARY_CHARACTERS

NAMES = ("a", "b", "each", "anObject", "Transcript", "_x1", "e5", "r", "s2", "x", "y", "z", "index", "limit", "stream")
UNARY = ("size", "foo", "yourself", "e", "whileTrue", "repeat")
BINARY = ("+", "-", "<", ">", "<=", "|", "&", "->", "//", "\\\\", ",", "@", "~=", "==", ">>", "--", "!", "%")
KEYWORD = ("at:", "at:put:", "ifTrue:", "ifTrue:ifFalse:", "with:with:with:", "to:do:", "_:")

names = st.sampled_from(NAMES)
variables = st.builds(Variable, st.one_of(names, st.sampled_from(sorted(PSEUDO_VARIABLES))))
declarations = st.lists(names, max_size=3, unique=True).map(lambda found: tuple(Variable(name) for name in found))
symbols = st.one_of(
    st.sampled_from([*NAMES, *UNARY, *BINARY, *KEYWORD]),
    st.text(max_size=5),
    st.text(BINARY_CHARACTERS, min_size=1, max_size=3),
).map(Symbol)


def scaled_decimal(digits: int, places: int, scale: int) -> ScaledDecimal:
    value = Fraction(digits, 10**places)
    return ScaledDecimal(value.numerator, value.denominator, scale)


scaled_decimals = st.builds(scaled_decimal, st.integers(-(10**6), 10**6), st.integers(0, 4), st.integers(0, 9))
scalars = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    scaled_decimals,
    st.text(max_size=8),
    symbols,
    st.builds(Character, st.integers(0, 255)),
    st.binary(max_size=4),
)
literal_values: st.SearchStrategy[LiteralValue] = st.recursive(
    st.one_of(scalars, st.sampled_from((True, False, None))), lambda inner: st.lists(inner, max_size=4).map(tuple)
)
literals = st.builds(Literal, st.one_of(scalars, st.lists(literal_values, max_size=4).map(tuple)))
pragmas = st.one_of(
    st.builds(Pragma, st.sampled_from(UNARY)),
    st.builds(Pragma, st.just("var:type:"), st.tuples(st.builds(Literal, literal_values), literals)),
    st.builds(Pragma, st.just("primitive:"), st.tuples(literals)),
)
pragma_lists = st.lists(pragmas, max_size=2).map(tuple)


def messages(operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Message]:
    selectors = st.sampled_from([*UNARY, *BINARY, *KEYWORD])

    def with_arguments(selector: str) -> st.SearchStrategy[Message]:
        count = selector.count(":") if selector.endswith(":") else int(selector in BINARY)
        return st.builds(Message, st.just(selector), st.tuples(*[operands] * count))

    return selectors.flatmap(with_arguments)


def statement_lists(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.builds(
        lambda leading, returned: (*leading, *returned),
        st.lists(inner, max_size=3),
        st.lists(st.builds(Return, inner), max_size=1),
    )


def compound(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    sends = st.builds(
        lambda receiver, message: Send(receiver, message.selector, message.arguments), inner, messages(inner)
    )
    return st.one_of(
        sends,
        sends,
        st.builds(Assignment, st.builds(Variable, names), inner),
        st.builds(Cascade, inner, st.lists(messages(inner), min_size=2, max_size=3).map(tuple)),
        st.builds(BraceArray, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Block, declarations, declarations, pragma_lists, statement_lists(inner)),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(st.one_of(variables, literals), compound, max_leaves=12)


def method(message: Message, parts: tuple[tuple[Variable, ...], tuple[Pragma, ...], tuple[Statement, ...]]) -> Method:
    temporaries, method_pragmas, statements = parts
    parameters = tuple(Variable(f"p{index}") for index in range(len(message.arguments)))
    return Method(message.selector, parameters, temporaries, method_pragmas, statements)


methods = st.builds(
    method,
    messages(st.just(Variable("p"))),
    st.tuples(declarations, pragma_lists, statement_lists(expressions)),
)
