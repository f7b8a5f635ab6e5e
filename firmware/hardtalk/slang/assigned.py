"""Definite assignment: the places where a temporary is read that may not have been assigned.

Every path is taken to be possible, but a condition's two outcomes are told apart, so `[ a and: [ (b := …) > 0 ] ]
whileTrue:` assigns b in its body. A body that is left (`^`, or a loop without end) comes to no place behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hardtalk.slang.tree import (
    Apply,
    AssignLocal,
    AssignState,
    Binary,
    Body,
    Call,
    Cast,
    Conditional,
    Constant,
    Count,
    Junction,
    Local,
    Not,
    Overflow,
    ReadLocal,
    Relation,
    Repeat,
    Return,
    Statement,
    StoreReference,
    Times,
    Transfer,
    Tree,
    Unary,
    Value,
    While,
)
from hardtalk.slang.types import signed

Assigned: TypeAlias = frozenset[Local] | None
"""What every path to a place has assigned; None where no path comes."""


def early_reads(tree: Tree) -> Iterator[ReadLocal]:
    """The first read of each temporary that some path reaches before an assignment, in the order of the text."""
    finder = _Finder(frozenset(tree.parameters))
    finder.statements(tree.statements, frozenset())
    told: set[Local] = set()
    for read in sorted(finder.early, key=lambda each: each.start):
        if read.local not in told:
            told.add(read.local)
            yield read


def both(one: Assigned, other: Assigned) -> Assigned:
    """What is assigned where two paths meet."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


@dataclass
class _Finder:
    """Each method takes what is assigned before a piece of code and answers what is assigned after it."""

    parameters: frozenset[Local]
    early: list[ReadLocal] = field(default_factory=list)

    def statements(self, nodes: Sequence[Statement], before: Assigned) -> Assigned:
        for node in nodes:
            before = self.statement(node, before)
        return before

    def statement(self, node: Statement, before: Assigned) -> Assigned:
        if isinstance(node, Return):
            self.value(node.value, before)
            return None
        if isinstance(node, Transfer):
            self.values(node.arguments, before)
            return None
        if isinstance(node, While):
            return self.while_loop(node, before)
        if isinstance(node, Repeat):
            self.body(node.body, before)
            return None
        if isinstance(node, Count):
            return self.count_loop(node, before)
        if isinstance(node, Times):
            before = self.value(node.count, before)
            self.body(node.body, before)
            return before
        return self.value(node, before)

    def body(self, node: Body, before: Assigned) -> Assigned:
        before = self.statements(node.statements, before)
        return before if node.value is None else self.value(node.value, before)

    def while_loop(self, node: While, before: Assigned) -> Assigned:
        outcomes = self.outcomes_of_body(node.test, before)
        if node.body is not None:
            self.body(node.body, outcomes[not node.expected])
        return outcomes[node.expected]

    def count_loop(self, node: Count, before: Assigned) -> Assigned:
        before = self.values((node.first, node.limit), before)
        inside = None if before is None else before | {node.counter}
        after = self.body(node.body, inside)
        return after if runs_once(node) else before

    def values(self, nodes: Sequence[Value], before: Assigned) -> Assigned:
        for node in nodes:
            before = self.value(node, before)
        return before

    def value(self, node: Value, before: Assigned) -> Assigned:
        if isinstance(node, ReadLocal):
            if before is not None and node.local not in before and node.local not in self.parameters:
                self.early.append(node)
            return before
        if isinstance(node, AssignLocal):
            before = self.value(node.value, before)
            return None if before is None else before | {node.local}
        if isinstance(node, Conditional):
            return self.conditional(node, before)
        if isinstance(node, Junction | Not):
            return both(*self.outcomes(node, before))
        if isinstance(node, Overflow):
            before = self.values((node.left, node.right), before)
            self.body(node.body, before)
            return before
        return self.values(operands(node), before)

    def conditional(self, node: Conditional, before: Assigned) -> Assigned:
        outcomes = self.outcomes(node.condition, before)
        after: Assigned = None
        left = {True, False}
        for truth, body in node.arms:
            left.discard(truth)
            after = both(after, self.body(body, outcomes[not truth]))
        for truth in left:
            after = both(after, outcomes[not truth])
        return after

    def outcomes(self, node: Value, before: Assigned) -> tuple[Assigned, Assigned]:
        """What is assigned when the condition holds, and when it does not."""
        if isinstance(node, Constant):
            return (before, None) if node.value else (None, before)
        if isinstance(node, Not):
            holds, fails = self.outcomes(node.operand, before)
            return fails, holds
        if isinstance(node, Junction):
            holds, fails = self.outcomes(node.left, before)
            if node.is_and:
                holds, other = self.outcomes_of_body(node.right, holds)
                return holds, both(fails, other)
            other, fails = self.outcomes_of_body(node.right, fails)
            return both(holds, other), fails
        after = self.value(node, before)
        return after, after

    def outcomes_of_body(self, node: Body, before: Assigned) -> tuple[Assigned, Assigned]:
        before = self.statements(node.statements, before)
        return (None, None) if node.value is None else self.outcomes(node.value, before)


def runs_once(node: Count) -> bool:
    """Whether the loop's body certainly runs, both ends being constants."""
    if not (isinstance(node.first, Constant) and isinstance(node.limit, Constant)):
        return False
    first, limit = node.first.value, node.limit.value
    if not node.is_unsigned:
        first, limit = signed(first), signed(limit)
    return first <= limit if node.step > 0 else first >= limit


def operands(node: Value) -> tuple[Value, ...]:
    """What a value is made of where all of it is evaluated, in that order."""
    if isinstance(node, Cast | Unary):
        return (node.operand,)
    if isinstance(node, Binary | Relation):
        return (node.left, node.right)
    if isinstance(node, Call | Apply):
        return node.arguments
    if isinstance(node, AssignState):
        return (node.value,)
    if isinstance(node, StoreReference):
        return (node.receiver, node.value)
    return ()
