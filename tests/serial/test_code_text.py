"""The text of compiled code, written by hand here and read back by an independent reader."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.serial.code_text import UnsendableLiteral, code_text, encoded, float_text, literal_text, quoted
from hardtalk.smalltalk.compiler import ClassBindingRef, ClassVariableRef, GlobalRef, compile_expression
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.smalltalk.parser import parse_expression, parse_literal

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.text(st.characters(max_codepoint=255), max_size=20),
    st.text(st.characters(max_codepoint=255), min_size=1, max_size=20).map(Symbol),
    st.integers(0, 255).map(Character),
    st.binary(max_size=8),
)
literals = st.recursive(atoms, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8)


@given(literals)
def test_literals_are_smalltalk_literals(value: LiteralValue) -> None:
    node = parse_literal(literal_text(value))
    assert repr(node.value) == repr(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_exact(value: float) -> None:
    match = re.fullmatch(r"(-?)2r([01]+)e(-?\d+)", float_text(value))
    assert match is not None
    digits, exponent = int(match[2], 2), int(match[3])
    assert digits < 2**53
    assert digits * Fraction(2) ** exponent * (-1 if match[1] else 1) == Fraction(value)
    assert match[1] == ("-" if str(value).startswith("-") else "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (GlobalRef("Transcript"), "&Transcript"),
        (ClassVariableRef("Device", "Running"), "&Device.Running"),
        (ClassBindingRef("Point"), "@Point"),
        (ClassBindingRef("Point", True), "@(Point class)"),
        (Symbol("at:put:"), "#'at:put:'"),
        ("it's", "'it''s'"),
        ((1, (Character(32), True)), "#(1 #($  true))"),
        (0.1, "2r1100110011001100110011001100110011001100110011001101e-55"),
        (-0.0, "-2r0e0"),
        (1.0, "2r1e0"),
    ],
)
def test_text(value: LiteralValue | GlobalRef | ClassVariableRef | ClassBindingRef, text: str) -> None:
    assert literal_text(value) == text


def test_the_text_of_an_expression() -> None:
    spec = compile_expression(parse_expression("Transcript show: 'hi'"), is_known_global=lambda _: True)
    lines = code_text(spec).split("\n")
    assert lines[0] == "#'DoIt'"
    assert int(lines[1]) == spec.header >> 1
    assert lines[2] == quoted(spec.bytecodes.decode("latin-1"))
    assert int(lines[3]) == len(lines) - 4 == len(spec.literals) - 2
    assert set(lines[4:]) == {"&Transcript", "'hi'", "#'show:'"}


def test_what_the_board_cannot_have_is_refused() -> None:
    assert literal_text(ScaledDecimal(-1, 2, 2)) == "-1/2s2"
    with pytest.raises(UnsendableLiteral, match="'€' is beyond the board's 256 characters"):
        encoded("5 €")
