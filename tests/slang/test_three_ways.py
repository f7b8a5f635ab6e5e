"""The same Slang function, three ways, must agree: edge cases by name, then generated programs."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .three_ways import DATA, agreed, program

EDGES = [0, 1, 2, 31, 32, 33, 255, 256, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 1000, 0xFFFFFC18]
OPERATORS = [
    "+",
    "-",
    "*",
    "<<",
    ">>",
    "bitAnd:",
    "bitOr:",
    "bitXor:",
    "//",
    "\\\\",
    "quo:",
    "rem:",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    "~=",
]


def binary_source() -> str:
    text = ""
    for number, operator in enumerate(OPERATORS):
        text += f"Sample >> signed{number}: a with: b [\n\t^ a {operator} b\n]\n\n"
        text += (
            f"Sample >> unsigned{number}: a with: b [\n\t<var: #a type: #uint32>\n\t<var: #b type: #uint32>\n"
            f"\t^ a {operator} b\n]\n\n"
        )
    return text


@pytest.fixture(scope="module")
def operators():
    return program(binary_source())


@pytest.mark.parametrize("number", range(len(OPERATORS)), ids=[o.strip(":") for o in OPERATORS])
@pytest.mark.parametrize("sign", ["signed", "unsigned"])
def test_every_operator_on_the_edges(operators, number: int, sign: str) -> None:
    for left, right in product(EDGES[::2] if number in (8, 9, 10, 11) else EDGES, EDGES):
        agreed(operators.call(f"{sign}{number}:with:", left, right))


def test_overflow_blocks_run_exactly_on_overflow() -> None:
    ways = program("""Sample >> sum: a with: b [
	^ self sumOf: a and: b ifOverflow: [ ^ 16r7777 ]
]

Sample >> difference: a with: b [
	^ self differenceOf: a and: b ifOverflow: [ ^ 16r7777 ]
]

Sample >> product: a with: b [
	^ self productOf: a and: b ifOverflow: [ ^ 16r7777 ]
]
""")
    for left, right in product([*EDGES, 46341, 65536], repeat=2):

        def signed(v: int) -> int:
            return v - (1 << 32) if v >> 31 else v

        for name, exact in (
            ("sum", signed(left) + signed(right)),
            ("difference", signed(left) - signed(right)),
            ("product", signed(left) * signed(right)),
        ):
            fits = -(1 << 31) <= exact < 1 << 31
            assert agreed(ways.call(f"{name}:with:", left, right)) == (exact & 0xFFFFFFFF if fits else 0x7777)


def test_loops_calls_and_memory() -> None:
    ways = program("""Sample >> fill: address count: n with: value [
	| p |
	p := address.
	1 to: n do: [ :i | <inProcess> self wordAt: p put: value + i. p := p + 4 ].
	counter := n.
	^ self checksum: address count: n
]

Sample >> checksum: address count: n [
	<noInline>
	| sum |
	sum := counter.
	0 to: n * 4 - 1 by: 3 do: [ :i | <inProcess> sum := sum * 31 + (self byteAt: address + i) ].
	[ n > 3 and: [ sum > 100 or: [ sum < -100 ] ] ] whileTrue: [ <inProcess> sum := sum quo: 3 ].
	^ sum
]
""")
    for count, value in product([0, 1, 2, 7, 50], [0, 5, 0xFFFFFFF0]):
        agreed(ways.call("fill:count:with:", DATA, count, value))


def test_floats() -> None:
    ways = program("""Sample >> hypotenuseAt: a into: b [
	<var: #x type: #float64>
	<var: #y type: #float64>
	<var: #r type: #float64>
	| x y r |
	x := self floatAt: a.
	y := self floatAt: a + 8.
	r := self squareRoot: x * x + (y * y).
	x < y ifTrue: [ r := r negated ].
	self floatAt: b put: r / (self floatFromInteger: 2).
	^ self integerFromFloat: r
]
""")
    import struct

    for x, y in [(3.0, 4.0), (4.0, 3.0), (0.0, 0.0), (1e300, 1e300), (-2.5, 2.5), (1e5, 2e5)]:
        agreed(ways.call("hypotenuseAt:into:", DATA, DATA + 64, data=struct.pack("<dd", x, y)))


NAMES = ["a", "b", "x", "y", "z"]
expressions = st.recursive(
    st.sampled_from(NAMES) | st.sampled_from(["0", "1", "4", "255", "1000", "16r7FFFFFFF", "16r80000000", "-1"]),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "bitAnd:", "bitOr:", "bitXor:"]), inner)
        | st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["<<", ">>"]),
            st.sampled_from(["1", "5", "31", "32", "40", "256", "b"]),
        )
        | st.builds(
            "({} {} {} ifTrue: [ {} ] ifFalse: [ {} ])".format,
            inner,
            st.sampled_from(["<", ">=", "=", "~="]),
            inner,
            inner,
            inner,
        )
        | st.builds("(self wordAt: {} + (({} bitAnd: 255) * 4))".format, st.just(str(DATA)), inner)
        | st.builds("(self helper: {} with: {})".format, inner, inner)
    ),
    max_leaves=8,
)
statements = st.recursive(
    st.builds("{} := {}.".format, st.sampled_from(["x", "y", "z", "counter", "total"]), expressions)
    | st.builds(
        "self wordAt: {} + (({} bitAnd: 255) * 4) put: {}.".format, st.just(str(DATA)), expressions, expressions
    ),
    lambda inner: (
        st.builds(
            "({} {} {}) ifTrue: [ {} ] ifFalse: [ {} ].".format,
            expressions,
            st.sampled_from(["<", "<=", ">", "="]),
            expressions,
            inner,
            inner,
        )
        | st.builds("1 to: 3 do: [ :i | {} x := x + i ].".format, inner)
        | st.builds(
            "({} > 7 and: [ {} < 9 or: [ x = y ] ]) ifTrue: [ {} ^ z ].".format, expressions, expressions, inner
        )
        | st.builds("{} {}".format, inner, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(statements, expressions, st.lists(st.integers(0, 0xFFFFFFFF), min_size=2, max_size=2), st.booleans())
def test_generated_programs_agree(body: str, result: str, arguments: list[int], inlined: bool) -> None:
    pragma = "<inline>" if inlined else "<noInline>"
    ways = program(f"""Sample >> run: a with: b [
	| x y z |
	x := a. y := b. z := 7. counter := 3. total := 0.
	{body}
	^ {result} + counter - total
]

Sample >> helper: p with: q [
	{pragma}
	counter := counter + 1.
	p > q ifTrue: [ ^ p - counter ].
	^ q bitXor: total
]
""")
    agreed(ways.call("run:with:", *arguments, data=bytes(range(256)) * 4))


def test_comparisons_of_what_was_just_subtracted_or_added() -> None:
    """The flags are those of the subtraction or addition itself; where a word wraps around they decide."""
    conditions = ("<", "<=", ">", ">=", "=", "~=")
    types = "".join(f"\t<var: #{each} type: #uint32>\n" for each in "abcd")
    text = ""
    for number, condition in enumerate(conditions):
        for name, made, compared in (
            ("difference", "a - b", f"a {condition} b"),
            ("signed", "a - b", f"a {condition} b"),
            ("turned", "b - a", f"a {condition} b"),
            ("sum", "a + b", f"c {condition} a"),
            ("other", "a + b", f"c {condition} b"),
            ("left", "a + b", f"a {condition} c"),
        ):
            text += (
                f"Sample >> {name}{number}: a with: b [\n{'' if name == 'signed' else types}\t| c d |\n\tc := {made}.\n"
                f"\td := c bitXor: b.\n\t{compared} ifTrue: [ d := d bitOr: 16rFF000000 ].\n\t^ d - c\n]\n\n"
            )
    ways = program(text)
    for name in ("difference", "signed", "turned", "sum", "other", "left"):
        for number, left, right in product(range(len(conditions)), EDGES, EDGES):
            agreed(ways.call(f"{name}{number}:with:", left, right))
