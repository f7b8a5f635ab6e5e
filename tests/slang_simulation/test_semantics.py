"""What docs/slang.md says of values, at the edges, in the host simulation alone (tests/slang compares it with the
other ways).
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardtalk.slang.simulate import Simulation
from hardtalk.smalltalk.tonel import read_class

CHECKED = settings(max_examples=120, deadline=None, derandomize=True)
WORDS = st.one_of(
    st.sampled_from([0, 1, 2, 31, 32, 33, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFF, 0x10000]),
    st.integers(0, 0xFFFFFFFF),
)
HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'count', 'buffer' ], #category : #Test }\n"


def simulation(methods: str) -> Simulation:
    return Simulation([read_class(HEAD + methods, "Sample.class.st")], {"Limit": 5, "Mask": 0xFFFF0000})


def operands(kind: str) -> str:
    return f"<var: #a type: #{kind}> <var: #b type: #{kind}> "


def operators() -> Simulation:
    text = "Sample class >> declareVariables [ <var: #buffer words: 4> ]\n"
    for name, operator in OPERATORS.items():
        for kind in ("int32", "uint32"):
            text += f"Sample >> {kind}{name}: a and: b [ <returns: #{kind}> {operands(kind)}"
            text += f"^ a {operator} b ]\n"
    for name, operator in COMPARISONS.items():
        for kind in ("int32", "uint32"):
            text += f"Sample >> {kind}{name}: a and: b [ <returns: #boolean> {operands(kind)}"
            text += f"^ a {operator} b ]\n"
    return simulation(text)


OPERATORS = {
    "sum": "+", "difference": "-", "product": "*", "left": "<<", "right": ">>", "floor": "//", "modulo": "\\\\",
    "quotient": "quo:", "remainder": "rem:", "and": "bitAnd:", "or": "bitOr:", "xor": "bitXor:",
}  # fmt: skip
COMPARISONS = {"less": "<", "lessEqual": "<=", "greater": ">", "greaterEqual": ">=", "equal": "=", "unequal": "~="}
SAMPLE = operators()


def signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def expected(name: str, a: int, b: int) -> int:
    amount = b & 0xFF
    match name:
        case "sum":
            return a + b
        case "difference":
            return a - b
        case "product":
            return a * b
        case "left":
            return a << amount if amount < 32 else 0
        case "right":
            return a >> min(amount, 32) if a >= 0 or amount < 32 else -1
        case "floor":
            return a // b if b else 0
        case "modulo":
            return a % b if b else a
        case "quotient":
            return truncated(a, b) if b else 0
        case "remainder":
            return a - b * truncated(a, b) if b else a
        case "and":
            return a & b
        case "or":
            return a | b
    return a ^ b


@pytest.mark.parametrize("name", OPERATORS)
@CHECKED
@given(a=WORDS, b=WORDS)
def test_operators(name: str, a: int, b: int) -> None:
    assert SAMPLE.call(f"uint32{name}:and:", a, b) == expected(name, a, b) & 0xFFFFFFFF
    wrapped = expected(name, signed(a), signed(b)) & 0xFFFFFFFF
    assert SAMPLE.call(f"int32{name}:and:", a, b) == signed(wrapped)


@pytest.mark.parametrize("name", COMPARISONS)
@CHECKED
@given(a=WORDS, b=WORDS)
def test_comparisons(name: str, a: int, b: int) -> None:
    def holds(x: int, y: int) -> bool:
        return {"less": x < y, "lessEqual": x <= y, "greater": x > y, "greaterEqual": x >= y, "equal": x == y}.get(
            name, x != y
        )

    assert SAMPLE.call(f"uint32{name}:and:", a, b) is holds(a, b)
    assert SAMPLE.call(f"int32{name}:and:", a, b) is holds(signed(a), signed(b))


def test_a_literal_takes_the_other_sides_type_and_unsigned_wins() -> None:
    sample = simulation("""
Sample >> literal: a [ <returns: #boolean> <var: #a type: #uint32> ^ a > -2 ]
Sample >> plain: a [ <returns: #boolean> ^ a > -2 ]
Sample >> mixed: a with: b [ <returns: #boolean> <var: #a type: #uint32> ^ b < a ]
Sample >> masked: a [ <returns: #uint32> ^ a bitAnd: Mask ]
""")
    assert sample.call("literal:", 5) is False and sample.call("plain:", 5) is True
    assert sample.call("literal:", 0xFFFFFFFF) is True
    assert sample.call("mixed:with:", 5, -1) is False
    assert sample.call("masked:", -1) == 0xFFFF0000


@CHECKED
@given(a=WORDS, b=WORDS)
def test_bit_counts_and_wide_products(a: int, b: int) -> None:
    sample = BITS
    assert sample.call("leading:", a) == 32 - a.bit_length()
    assert sample.call("trailing:", a) == ((a & -a).bit_length() - 1 if a else 32)
    assert sample.call("high:by:", a, b) == a * b >> 32


BITS = simulation("""
Sample >> leading: a [ ^ self countLeadingZeros: a ]
Sample >> trailing: a [ ^ self countTrailingZeros: a ]
Sample >> high: a by: b [ <returns: #uint32> ^ self highProductOf: a and: b ]
Sample >> plus: a and: b [ ^ self sumOf: a and: b ifOverflow: [ ^ 77 ] ]
Sample >> minus: a and: b [ ^ self differenceOf: a and: b ifOverflow: [ ^ 77 ] ]
Sample >> times: a and: b [ ^ self productOf: a and: b ifOverflow: [ ^ 77 ] ]
""")


@CHECKED
@given(a=WORDS, b=WORDS)
def test_overflow_blocks(a: int, b: int) -> None:
    exact = {"plus": signed(a) + signed(b), "minus": signed(a) - signed(b), "times": signed(a) * signed(b)}
    for name, value in exact.items():
        assert BITS.call(f"{name}:and:", a, b) == (value if -(1 << 31) <= value < 1 << 31 else 77)


def test_control_flow() -> None:
    sample = simulation("""
Sample >> log: digit [ count := count * 10 + digit. ^ digit ]
Sample >> order [ count := 0. ^ (self log: 1) - ((self log: 2) > 5 ifTrue: [ self log: 3 ] ifFalse: [ self log: 4 ]) ]
Sample >> both: a [ count := 0. (a > 1 and: [ (self log: a) > 0 ]) ifTrue: [ ^ count ]. ^ -1 ]
Sample >> kept [ | x | x := 1. ^ x + (x > 0 ifTrue: [ x := 5 ] ifFalse: [ 0 ]) ]
Sample >> sum: n [ | s | s := 0. 1 to: n do: [ :i | <inProcess> s := s + i ]. ^ s ]
Sample >> down: n [ | s | s := 0. n to: 1 by: -2 do: [ :i | <inProcess> s := s * 10 + i ]. ^ s ]
Sample >> times: n [ | s | s := 0. n timesRepeat: [ <inProcess> s := s + 2 ]. ^ s ]
Sample >> until: n [ | i | i := 0. [ <inProcess> i := i + 1. i > n ifTrue: [ ^ i ] ] repeat. ]
Sample >> limit: n [ | m i | m := n. i := 0. 1 to: m do: [ :k | <inProcess> m := 0. i := i + k ]. ^ i ]
Sample >> cascade [ count := 0. self log: 1; log: 2; log: 3. ^ count ]
Sample >> flag: a [ | f | <var: #f type: #boolean> f := a > 3. f ifTrue: [ ^ 1 ]. ^ 0 ]
""")
    assert sample.call("order") == 1 - 4 and sample.state["count"] == 124
    assert sample.call("both:", 1) == -1 and sample.state["count"] == 0
    assert sample.call("both:", 3) == 3
    assert sample.call("kept") == 6
    assert [sample.call("sum:", n) for n in (-1, 0, 10)] == [0, 0, 55]
    assert sample.call("down:", 5) == 531
    assert [sample.call("times:", n) for n in (-3, 0, 4)] == [0, 0, 8]
    assert sample.call("until:", 7) == 8
    assert sample.call("limit:", 4) == 10
    assert sample.call("cascade") == 123
    assert [sample.call("flag:", n) for n in (3, 4)] == [0, 1]


def test_floats() -> None:
    sample = simulation("""
Sample class >> declareVariables [ <var: #buffer words: 2> ]
Sample >> convert: a [ | f | <var: #f type: #float64> f := self floatFromInteger: a.
	^ self integerFromFloat: f / (self floatFromInteger: 2) ]
Sample >> toInteger [ ^ self integerFromFloat: (self floatAt: (self addressOfState: #buffer)) ]
Sample >> root [ | a | <var: #a type: #address> a := self addressOfState: #buffer.
	self floatAt: a put: (self squareRoot: (self floatAt: a)) ]
Sample >> over: a [ | b f | <var: #b type: #address> <var: #f type: #float64> b := self addressOfState: #buffer.
	f := self floatFromInteger: a. self floatAt: b put: f / (self floatFromInteger: 0) ]
""")
    assert [sample.call("convert:", n) for n in (7, -7, 2**31 - 1)] == [3, -3, 2**30 - 1]
    buffer = sample.state_address("buffer")
    assert buffer is not None
    for value, integer in [
        (1e300, 2**31 - 1),
        (-1e300, -(2**31)),
        (math.nan, 0),
        (-2.9, -2),
        (2147483646.5, 2147483646),
    ]:
        sample.float_at_put(buffer, value)
        assert sample.call("toInteger") == integer
    sample.float_at_put(buffer, 2.0)
    sample.call("root")
    assert sample.float_at(buffer) == math.sqrt(2.0)
    for numerator, quotient in [(1, math.inf), (-1, -math.inf)]:
        sample.call("over:", numerator)
        assert sample.float_at(buffer) == quotient
    sample.call("over:", 0)
    assert math.isnan(sample.float_at(buffer))
