"""The check that each loop ends: a stated bound follows from the loop's text, or a method limits it elsewhere.

A loop that does not count names with `<limitedBy: #'Class>>selector'>` each method that limits what it goes through;
that method says `<limits: n>` with the same number, and has a constant that it compares with or gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from hardtalk.slang import tree
from hardtalk.slang.program import Program
from hardtalk.slang.turns import greatest_turns
from hardtalk.slang.variables import walk
from hardtalk.smalltalk import ast

REMEDY: Final = (
    "count its turns and leave by the loop's condition or with ^, or name with <limitedBy: #'Class>>selector'> the "
    "method that limits them"
)
MOST_TURNS: Final = 1 << 20
"""What is more follows from the width of a word alone, and is no bound."""


def unbounded_loops(method: tree.Tree, program: Program) -> Iterator[tuple[int, str]]:
    """Each loop whose end is not sure: where, and what is wrong, with a remedy behind a semicolon. What a loop without
    a stated bound counts to becomes its bound."""
    for loop, turns in greatest_turns(method).items():
        ends = loop.ends
        if ends.bound is None:
            if ends.polls or ends.is_in_process:
                continue
            if turns <= MOST_TURNS:
                loop.ends = replace(ends, bound=int(turns))
            else:
                yield ends.start, f"nothing limits how often this loop goes round; state <bound: n> and {REMEDY}"
        elif ends.limited_by and turns <= ends.bound:
            yield ends.start, "this loop counts to its bound by itself; remove <limitedBy:>"
        elif ends.limited_by:
            for name in ends.limited_by:
                problem = _problem(name, ends.bound, program)
                if problem is not None:
                    yield ends.start, problem
        elif turns > ends.bound:
            often = f"goes round up to {turns:,.0f} times" if turns <= MOST_TURNS else "does not count to a known end"
            yield ends.start, f"the bound is {ends.bound:,}, but this loop {often}; {REMEDY}"


def _problem(name: str, bound: int, program: Program) -> str | None:
    """What is wrong with a method that a loop of that bound names."""
    method = program.methods.get(name.partition(">>")[2])
    if method is None or method.symbol != name:
        near = get_close_matches(name, [each.symbol for each in program.methods.values()], 1)
        return f"the program has no method {name}; {f'did you mean {near[0]}?' if near else 'correct the name'}"
    if bound not in method.limits:
        said = ", ".join(f"{each:,}" for each in sorted(method.limits)) or "nothing"
        return f"{name} limits {said}, the bound is {bound:,}; write <limits: n> there, with the same number"
    if not (method.external or any(map(_is_constant, walk(method.node)))):
        return f"{name} has no constant, so it limits nothing; name the method that does"
    return None


def _is_constant(node: ast.Node) -> bool:
    return isinstance(node, ast.Literal) or (isinstance(node, ast.Variable) and node.name[0].isupper())
