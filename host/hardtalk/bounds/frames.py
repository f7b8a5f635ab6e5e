"""What following a method's bytecodes works with: results, states of a context, the evaluation of one body."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hardtalk.bounds.bytecode_flow import MethodFlow, Offset
from hardtalk.bounds.cached_sends import Searched
from hardtalk.bounds.image import Method
from hardtalk.bounds.steps import Unlimited
from hardtalk.bounds.values import NOTHING, Range, Value, joined, widened


@dataclass(frozen=True)
class Problem:
    """What cannot be bounded, where, and what to write instead; `through` are the sends that lead there, the last one
    first."""

    place: str
    text: str
    remedy: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What evaluating something answers and costs at most, in the model's unit.

    `whole`: until it has answered; `silent`: the same without an access to a device; `access`: to the end of the first
    access. Each is None where there is no such way. `contexts` are on top of each other at most, `words` are read from
    registers that may be too large for a SmallInteger, `sends` made on any way.
    """

    value: Value = NOTHING
    whole: int | None = None
    silent: int | None = None
    access: int | None = None
    contexts: int = 0
    words: int = 0
    problem: Problem | None = None
    sends: Searched = frozenset()

    @property
    def fails(self) -> bool:
        return self.whole is None and self.problem is None

    def after(self, cost: int) -> Result:
        """The same with so much before it."""
        return replace(
            self, whole=_more(self.whole, cost), silent=_more(self.silent, cost), access=_more(self.access, cost)
        )

    def either(self, other: Result) -> Result:
        """One or the other, whichever is longer."""
        return Result(
            joined(self.value, other.value),
            longer(self.whole, other.whole),
            longer(self.silent, other.silent),
            longer(self.access, other.access),
            max(self.contexts, other.contexts),
            max(self.words, other.words),
            self.problem or other.problem,
            self.sends | other.sends,
        )


def _more(length: int | None, cost: int) -> int | None:
    return None if length is None else length + cost


def longer(first: int | None, second: int | None) -> int | None:
    return second if first is None else first if second is None else max(first, second)


def plain(value: Value, cost: int | Unlimited, place: str) -> Result:
    """Of a step without access."""
    if isinstance(cost, Unlimited):
        return Result(None, problem=Problem(place, cost.text, "Use an operation that the virtual machine bounds."))
    return Result(value, cost, cost)


@dataclass(frozen=True)
class Condition:
    """What is on the stack is whether the temporary compares so with the range, or is nil."""

    temporary: int
    selector: str
    limit: Range | None


Origin = int | Condition | None
Word = tuple[Value, Origin]
"""A word of the stack; where it is from: a temporary that has not changed since, or a comparison of one."""


@dataclass(frozen=True)
class State:
    stack: tuple[Word, ...]
    temporaries: tuple[Value, ...]

    def joined(self, other: State, *, widens: bool) -> State:
        join = joined_and_widened if widens else joined
        stack = tuple(
            (join(mine[0], its[0]), mine[1] if mine[1] == its[1] else None)
            for mine, its in zip(self.stack, other.stack, strict=True)
        )
        return State(stack, tuple(map(join, self.temporaries, other.temporaries)))


def joined_and_widened(before: Value, new: Value) -> Value:
    return widened(joined(before, new), before)


@dataclass
class Frame:
    """One evaluation of a method's or block's bytecodes."""

    method: Method
    flow: MethodFlow
    receiver: Value
    states: dict[Offset, State] = field(default_factory=dict)
    visits: dict[Offset, int] = field(default_factory=dict)
    results: dict[Offset, Result] = field(default_factory=dict)
    next: dict[Offset, dict[Offset, State]] = field(default_factory=dict)
    answer: Value = NOTHING
    is_block: bool = False


def unknown_operand(selector: str, place: str) -> Result:
    text = f"an operand of {selector} is not known to be an integer"
    remedy = "Store integers only there; `SmallInteger checked: anObject` says so, and is checked."
    return Result(None, problem=Problem(place, text, remedy))
