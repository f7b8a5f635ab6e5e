"""Programs of Slang's messages put together at random, most of them nonsense: never a traceback, always one answer.

The other property tests make programs that nearly are Slang; these reach the corners of the check.
"""

from __future__ import annotations

import random
import re

import pytest

from hardtalk.slang.operators import BLOCK_LOOPS, CONDITIONALS, COUNTED_LOOPS, INTRINSICS, JUNCTIONS, OPERATORS

from .both_ways import refusal_by_compiler, refusal_by_simulation
from .three_ways import sources

OTHER = "Class { #name : #Other, #superclass : #Object, #instVars : [ 'secret' ], #category : #Test }\n"
GOOD = ["a", "b", "x", "u", "f", "t", "counter", "1", "0", "true", "Limit", "$a"]
BAD = ["nil", "self", "super", "thisContext", "secret", "#x", "1.5", "'s'", "#(1 2)", "{1}", "16rFFFFFFFFF", "Missing"]
OWN = ["helper:", "helper:with:", "thread", "foo", "bar:"]
SELECTORS = sorted([*OPERATORS, *INTRINSICS, *CONDITIONALS, *BLOCK_LOOPS, *COUNTED_LOOPS, *JUNCTIONS, "not", *OWN])
PART = re.compile(r"Sample\.class\.st:|and \d+ more$")
"""Of what is told of a program's faults."""
TAKES_BLOCK = {*CONDITIONALS, *JUNCTIONS, *BLOCK_LOOPS}


class Text:
    """Random Slang; now and then an operand is of the wrong sort."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def is_odd(self) -> bool:
        return self.random.random() < 0.05

    def expression(self, depth: int) -> str:
        choice = self.random.random()
        if depth == 0 or choice < 0.3:
            return self.random.choice(BAD if self.is_odd() else GOOD)
        if choice < 0.35:
            return f"({self.random.choice(['x', 't', 'f', 'u', 'counter', 'a'])} := {self.expression(depth - 1)})"
        if choice < 0.37:
            return f"(self helper: {self.expression(depth - 1)}; helper: 3)"
        return self.send(self.random.choice(SELECTORS), depth - 1)

    def send(self, selector: str, depth: int) -> str:
        receiver = self.expression(depth)
        if (selector in INTRINSICS or selector in OWN) != self.is_odd():
            receiver = "self"
        elif selector in BLOCK_LOOPS and not self.is_odd():
            receiver = self.block(depth)
        if not selector.endswith(":"):
            return f"({receiver} {selector}{'' if selector[0].isalpha() else ' ' + self.expression(depth)})"
        words = []
        for part in selector.removesuffix(":").split(":"):
            if part == "do":
                argument = self.block(depth, "" if self.is_odd() else ":i |")
            elif part == "ifOverflow" or selector in TAKES_BLOCK:
                argument = self.expression(depth) if self.is_odd() else self.block(depth)
            elif selector.startswith("addressOf") and not self.is_odd():
                argument = "#counter"
            else:
                argument = self.expression(depth)
            words.append(f"{part}: {argument}")
        return f"({receiver} {' '.join(words)})"

    def block(self, depth: int, head: str = "") -> str:
        return f"[ {head} {'' if self.is_odd() else '<bound: 3>'} {self.statements(depth)} ]"

    def statements(self, depth: int) -> str:
        texts = [self.expression(max(depth - 1, 0)) for _ in range(self.random.randrange(3))]
        if texts and self.random.random() < 0.2:
            texts[-1] = "^ " + texts[-1]
        return ". ".join(texts)

    def program(self) -> str:
        is_threaded = self.random.random() < 0.2
        return f"""Sample >> run: a with: b [
	{"<threaded>" if is_threaded else ""}
	<var: #t type: #boolean>
	<var: #f type: #float64>
	<var: #u type: #uint32>
	| x t f u |
	x := 1. t := false. u := 2. f := self floatFromInteger: 2.
	{self.expression(3)}.
	{self.expression(2)}.
	{"^ self nextBytecode" if is_threaded else "^ x"}
]

Sample >> run: a [
	^ a
]

Sample >> helper: p [
	counter := p
]

Sample >> helper: p with: q [
	<noInline>
	^ p
]

Sample >> thread [
	<threaded>
	^ self nextBytecode
]
"""


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_is_refused_and_the_rest_compiled(seed: int) -> None:
    text = Text(seed)
    refused = 0
    for _ in range(80):
        program = text.program()
        classes = sources(program, OTHER)
        refusal = refusal_by_compiler(classes)
        assert refusal_by_simulation(classes) == refusal, program
        assert all(PART.match(part) for part in refusal.split("\n\n")) or not refusal, refusal
        refused += bool(refusal)
    assert 8 < refused < 80, "only one kind of program was made"
