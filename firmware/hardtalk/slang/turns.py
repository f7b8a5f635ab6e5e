"""How often a loop goes round at most, as far as its own text says: the greatest numbers of turns of a method's loops.

A variable is followed that each turn moves by at least a constant, and a test against a limit that each further turn
must pass: in the loop's condition, or a statement of its body that leaves. How far the two are apart before the loop
is taken from ranges (`hardtalk.slang.ranges`): constants, masks, shifts, bytes, and what conditions say of them. A loop
is walked twice, first to see what its turns move, then with that known. What is kept in the VM's state or in memory is
unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from hardtalk.slang import tree
from hardtalk.slang.assigned import operands
from hardtalk.slang.operators import Kind
from hardtalk.slang.passes import NEGATED, Moved, Test, passes
from hardtalk.slang.ranges import (
    WIDTHS,
    ZERO,
    Limits,
    Marks,
    Range,
    as_type,
    at_least,
    at_most,
    constant,
    difference,
    total,
    type_limits,
)
from hardtalk.slang.tree import Local
from hardtalk.slang.types import Type, signed

Known = dict[Local, Range] | None
"""What is known of each temporary; None where no path comes."""

LESS: Final = {"lt": (0, 1), "lo": (0, 1), "le": (0, 0), "ls": (0, 0), "eq": (0, 0)}
MORE: Final = {"gt": (1, 1), "hi": (1, 1), "ge": (1, 0), "hs": (1, 0), "eq": (1, 0)}
"""Which operand of a relation is the lesser one, the first or the second, and by how much."""


def greatest_turns(method: tree.Tree) -> dict[tree.Loop, float]:
    """Of each loop of the method the greatest number of turns that its text allows; infinite where it says none."""
    walker = _Walker()
    walker.known = {local: walker.unknown(local) for local in method.parameters}
    walker.statements(method.statements)
    return walker.turns


def assigned_in(node: object) -> Iterator[Local]:
    """The temporaries that some statement of a loop assigns."""
    if isinstance(node, tuple):
        for each in node:
            yield from assigned_in(each)
    elif isinstance(node, tree.Node):
        if isinstance(node, tree.AssignLocal):
            yield node.local
        if isinstance(node, tree.Count):
            yield node.counter
        for name in node.__dataclass_fields__:
            yield from assigned_in(getattr(node, name))


@dataclass
class _Walker:
    """`known` holds before the piece of code that a method is given, and afterwards what holds behind it. `tests`,
    where they are asked for, are those that each path through a statement passes that comes to its end."""

    turns: dict[tree.Loop, float] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    known: Known = None

    def unknown(self, local: Local) -> Range:
        return self.marks.unknown(type_limits(local.type))

    def joined(self, one: Known, other: Known) -> Known:
        if one is None or other is None:
            return other if one is None else one
        return {local: self.either(local, one[local], other[local]) for local in one if local in other}

    def either(self, local: Local, one: Range, other: Range) -> Range:
        """One of the two; with a mark of its own when they are not the same."""
        return one if one is other else {**self.unknown(local), **self.marks.joined(one, other)}

    # Statements

    def statements(self, nodes: Sequence[tree.Statement], tests: list[Test] | None = None) -> None:
        for node in nodes:
            if isinstance(node, tree.Conditional):
                self.conditional(node, tests)
            else:
                self.statement(node)

    def statement(self, node: tree.Statement) -> None:
        if isinstance(node, tree.Return):
            self.value(node.value)
            self.known = None
        elif isinstance(node, tree.Transfer):
            for each in node.arguments:
                self.value(each)
            self.known = None
        elif isinstance(node, tree.While | tree.Repeat | tree.Count | tree.Times):
            self.loop(node)
        else:
            self.value(node)

    def body(self, node: tree.Body) -> Range:
        self.statements(node.statements)
        return {} if node.value is None else self.value(node.value)

    def conditional(self, node: tree.Conditional, tests: list[Test] | None = None) -> Range:
        arms = dict(node.arms)
        before = self.known
        after: Known = None
        answer: Range | None = None
        passed: list[list[Test]] = []
        for truth in (True, False):
            self.known = before
            met: list[Test] = []
            self.assume(node.condition, truth, met)
            value = self.body(arms[truth]) if truth in arms else {}
            if self.known is not None:
                passed.append(met)
                answer = value if answer is None else self.marks.joined(answer, value)
            after = self.joined(after, self.known)
        if tests is not None and len(passed) == 1:
            tests += passed[0]
        self.known = after
        return answer or {}

    # Conditions

    def assume(self, node: tree.Value, truth: bool, tests: list[Test]) -> None:
        """Behind the condition when it holds, or does not."""
        if isinstance(node, tree.Not):
            self.assume(node.operand, not truth, tests)
        elif isinstance(node, tree.Junction):
            self.junction(node, truth, tests)
        elif isinstance(node, tree.Constant):
            self.known = self.known if bool(node.value) == truth else None
        elif isinstance(node, tree.Relation) and not node.is_of_floats:
            code = node.form.operation if truth else NEGATED[node.form.operation]
            left, right = self.value(node.left), self.value(node.right)
            kind = Type.UINT32 if code in ("lo", "ls", "hi", "hs") else Type.INT32
            if code not in ("eq", "ne"):
                left, right = as_type(left, kind), as_type(right, kind)
            tests.append(Test(code, left, right))
            for ways in (LESS, MORE):
                if code in ways:
                    first, less = ways[code]
                    lesser, greater = (node.left, left), (node.right, right)
                    if first:
                        lesser, greater = greater, lesser
                    self.refine(lesser[0], at_most(lesser[1], greater[1], less))
                    self.refine(greater[0], at_least(greater[1], lesser[1], less))
        else:
            self.value(node)

    def junction(self, node: tree.Junction, truth: bool, tests: list[Test]) -> None:
        before = self.known
        if node.is_and == truth:
            self.assume(node.left, truth, tests)
            self.assume_body(node.right, truth, tests)
            return
        self.assume(node.left, truth, [])
        early = self.known
        self.known = before
        self.assume(node.left, not truth, [])
        self.assume_body(node.right, truth, [])
        self.known = self.joined(early, self.known)

    def assume_body(self, node: tree.Body, truth: bool, tests: list[Test]) -> None:
        self.statements(node.statements)
        if node.value is not None:
            self.assume(node.value, truth, tests)

    def refine(self, node: tree.Value, value: Range) -> None:
        """The variable that was read there is known better now; of a difference, its two parts are."""
        if isinstance(node, tree.Binary) and node.operator.selector == "-":
            self.refine_difference(node, value)
        if self.known is not None and isinstance(node, tree.ReadLocal | tree.AssignLocal):
            old = self.known.get(node.local, {})
            self.known = {**self.known, node.local: at_least(at_most(old, value, 0), value, 0)}

    def refine_difference(self, node: tree.Binary, value: Range) -> None:
        left, right = (
            self.known.get(each.local, {}) if self.known is not None and isinstance(each, tree.ReadLocal) else {}
            for each in (node.left, node.right)
        )
        if left and right:
            zero = {ZERO: value.get(ZERO, (-inf, inf))}
            self.refine(node.left, total(right, zero))
            self.refine(node.right, difference(left, zero))

    # Values

    def value(self, node: tree.Value) -> Range:
        """What is known of it, when it is a word."""
        if isinstance(node, tree.Constant):
            return constant(node.value if node.type.is_unsigned else signed(node.value))
        if isinstance(node, tree.ReadLocal):
            return (self.known or {}).get(node.local, {})
        if isinstance(node, tree.AssignLocal):
            return self.assign(node)
        if isinstance(node, tree.Conditional):
            return self.conditional(node)
        if isinstance(node, tree.Junction):
            before = self.known
            self.assume(node, True, [])
            holds, self.known = self.known, before
            self.assume(node, False, [])
            self.known = self.joined(holds, self.known)
            return self.marks.unknown((0, 1))
        if isinstance(node, tree.Overflow):
            left, right = self.value(node.left), self.value(node.right)
            behind = self.known
            self.body(node.body)
            self.known = behind
            selector = {"add": "+", "sub": "-", "mul": "*"}[node.intrinsic.detail]
            return as_type(self.binary(selector, left, right), node.type)
        parts = [self.value(each) for each in operands(node)]
        if isinstance(node, tree.Cast):
            return parts[0]
        if isinstance(node, tree.Binary):
            return as_type(self.binary(node.operator.selector, *parts), node.type)
        if isinstance(node, tree.Apply) and node.intrinsic.kind is Kind.LOAD:
            return self.marks.unknown(WIDTHS.get(node.intrinsic.detail, type_limits(node.type)))
        if isinstance(node, tree.Apply) and node.intrinsic.operation in ("clz", "ctz"):
            return self.marks.unknown((0, 32))
        return self.marks.unknown(type_limits(node.type))

    def assign(self, node: tree.AssignLocal) -> Range:
        value = as_type(self.value(node.value), node.local.type)
        own = self.unknown(node.local)
        if self.known is not None:
            self.known = {**self.known, node.local: {**own, **value}}
        return value

    def binary(self, selector: str, left: Range, right: Range) -> Range:
        (low, high), (least, most) = (each.get(ZERO, (-inf, inf)) for each in (left, right))
        if selector == "+":
            return total(left, right)
        if selector == "-":
            return difference(left, right)
        if selector in ("bitAnd:", "&"):
            tops = [end for start, end in ((low, high), (least, most)) if start >= 0]
            return {ZERO: (0, min(tops))} if tops else {}
        if selector in ("<<", ">>") and low >= 0 and high < inf and least == most and 0 <= most < 32:
            factor = 1 << int(most)
            ends = (low * factor, high * factor) if selector == "<<" else (low // factor, high // factor)
            return {ZERO: ends}
        if selector == ">>" and low >= 0:
            return {ZERO: (0, high)}
        if selector == "*" and low >= 0 and least >= 0 and high < inf and most < inf:
            return {ZERO: (low * least, high * most)}
        return {}

    # Loops

    def loop(self, node: tree.Loop) -> None:
        found = self.counted(node)
        before = self.known
        if before is None:
            return
        changed = [local for local in dict.fromkeys(assigned_in(node)) if local in before]
        steps = self.steps(node, before, changed)
        entry = {local: self.entry_of(local, before[local], steps[local]) for local in changed}
        self.known = {**before, **entry}
        tests, behind = self.round(node)
        if self.known is None and node.body is not None:
            found = 1
        for local in changed:
            moved = Moved(next(iter(entry[local])), before[local], steps[local])
            found = min((found, *(passes(test, moved) + more for test, more in tests)))
        self.turns[node] = found
        self.known = self.joined(before, self.known) if isinstance(node, tree.Count | tree.Times) else behind

    def counted(self, node: tree.Loop) -> float:
        """The turns of a loop that counts by itself; a counter is known in the body to be between its ends."""
        if isinstance(node, tree.Times):
            return max(as_type(self.value(node.count), node.count.type).get(ZERO, (0, inf))[1], 0)
        if not isinstance(node, tree.Count):
            return inf
        first, limit = self.value(node.first), self.value(node.limit)
        if self.known is None:
            return 0
        own = self.unknown(node.counter)
        nearer = (
            at_least(at_most(own, limit, 0), first, 0) if node.step > 0 else at_most(at_least(own, limit, 0), first, 0)
        )
        self.known = {**self.known, node.counter: nearer}
        code = ("ls" if node.is_unsigned else "le") if node.step > 0 else ("hs" if node.is_unsigned else "ge")
        mark = next(iter(own))
        return passes(Test(code, own, limit), Moved(mark, first, (node.step, node.step)))

    def steps(self, node: tree.Loop, before: dict[Local, Range], changed: Sequence[Local]) -> dict[Local, Limits]:
        """By how much a turn moves each of these variables at least and at most."""
        entry = {local: self.unknown(local) for local in changed}
        self.known = {**before, **entry}
        self.round(node)
        behind = self.known
        if behind is None:
            return dict.fromkeys(changed, (0, 0))
        return {
            local: self.marks.from_mark(behind[local], next(iter(entry[local]))) if local in behind else (-inf, inf)
            for local in changed
        }

    def entry_of(self, local: Local, before: Range, step: Limits) -> Range:
        """The variable as a turn begins: one that never falls is not below what it was before the loop."""
        (low, high), (least, most) = type_limits(local.type), before.get(ZERO, (-inf, inf))
        found = self.marks.unknown(
            (max(low, least) if step[0] >= 0 else low, min(high, most) if step[1] <= 0 else high)
        )
        if step[0] >= 0:
            found = at_least(found, before, 0)
        if step[1] <= 0:
            found = at_most(found, before, 0)
        return found

    def round(self, node: tree.Loop) -> tuple[list[tuple[Test, int]], Known]:
        """One turn: the tests that another one must have passed, with how many turns more than passes there can be;
        and what is known behind the loop's condition when it ends."""
        first: list[Test] = []
        within: list[Test] = []
        behind: Known = None
        if isinstance(node, tree.While):
            self.statements(node.test.statements, first)
            if node.test.value is not None:
                decided = self.known
                self.assume(node.test.value, not node.expected, [])
                behind, self.known = self.known, decided
                self.assume(node.test.value, node.expected, first)
        if node.body is not None:
            self.statements(node.body.statements, within)
        more = 0 if node.body is not None else 1
        return [*((test, more) for test in first), *((test, 1) for test in within)], behind
