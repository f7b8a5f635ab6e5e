"""The flow of a compiled method's bytecodes: what follows each, and how often its counted loops go round.

A counted loop has a temporary that every turn changes by the same number and compares with a limit: what `to:do:`,
`to:by:do:` and `timesRepeat:` become, and loops written like them. Its turns follow from the ranges of the temporary
where the loop is entered and of the limit, and the comparison holds them to that on the board.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from hardtalk.bounds.image import Method, Oop
from hardtalk.bounds.values import Range
from hardtalk.smalltalk.bytecodes import CONDITIONAL_JUMPS, JUMPS, RETURNS, SPECIAL_SELECTORS, TEMPORARY
from hardtalk.smalltalk.disassembler import Instruction

Offset = int
COMPARISONS = ("<", ">", "<=", ">=")
OPPOSITE = {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}


class MethodFlow:
    """Of one method; blocks that are not inlined are passed over."""

    def __init__(self, method: Method, failing: Collection[Oop] = ()) -> None:
        self.method = method
        self.at = {each.offset: each for each in method.code}
        self._failing = failing

    def successors(self, instruction: Instruction) -> tuple[Offset, ...]:
        """A conditional jump goes on first, then where it jumps to."""
        name, operands, after = instruction.row.name, instruction.operands, instruction.next_offset
        if name in RETURNS:
            return ()
        if name in JUMPS:
            return (after + operands[0],)
        if name in CONDITIONAL_JUMPS:
            return (after, after + operands[0])
        return (after + operands[2],) if name == "pushClosure" else (after,)

    @cached_property
    def failing(self) -> frozenset[Offset]:
        """Where every way leads to a send of one of the selectors that tell of an error."""
        found: set[Offset] = set()
        before: dict[Offset, list[Offset]] = {}
        for each in self.method.code:
            for target in self.successors(each):
                before.setdefault(target, []).append(each.offset)
            if sent_selector(each, self.method) in self._failing:
                found.add(each.offset)
        pending = list(found)
        while pending:
            for earlier in before.get(pending.pop(), ()):
                if earlier not in found and all(each in found for each in self.successors(self.at[earlier])):
                    found.add(earlier)
                    pending.append(earlier)
        return frozenset(found)

    @cached_property
    def stores(self) -> Mapping[int, tuple[Offset, ...]]:
        """Where each temporary is stored into."""
        found: dict[int, list[Offset]] = {}
        for each in self.method.code:
            index = stored_temporary(each)
            if index is not None:
                found.setdefault(index, []).append(each.offset)
        return {index: tuple(offsets) for index, offsets in found.items()}

    def before(self, offset: Offset, count: int) -> list[Instruction]:
        """The `count` instructions in front of an offset, in order."""
        index = next(place for place, each in enumerate(self.method.code) if each.offset == offset)
        return list(self.method.code[max(0, index - count) : index])


def sent_selector(instruction: Instruction, method: Method) -> Oop | None:
    """Of an ordinary send."""
    name, operands = instruction.row.name, instruction.operands
    if name in ("sendNoArguments", "sendOneArgument", "sendTwoArguments"):
        return method.literals[operands[0]]
    return method.literals[operands[1]] if name in ("extendedSend", "secondExtendedSend") else None


def stored_temporary(instruction: Instruction) -> int | None:
    name, operands = instruction.row.name, instruction.operands
    if name == "popIntoTemporary":
        return operands[0]
    is_extended = name in ("extendedStore", "extendedPopInto") and operands[0] == TEMPORARY
    return operands[1] if is_extended else None


def pushed_temporary(instruction: Instruction) -> int | None:
    name, operands = instruction.row.name, instruction.operands
    if name == "pushTemporary":
        return operands[0]
    return operands[1] if name == "extendedPush" and operands[0] == TEMPORARY else None


def special_selector(instruction: Instruction) -> str | None:
    if instruction.row.name == "sendArithmetic":
        return SPECIAL_SELECTORS[instruction.operands[0]][0]
    return SPECIAL_SELECTORS[instruction.operands[0] + 16][0] if instruction.row.name == "sendCommon" else None


@dataclass(frozen=True)
class Counted:
    """A loop's temporary, by what each turn changes it, and what must hold of it and the limit for another turn."""

    temporary: int
    step: int
    comparison: str
    compared_at: Offset


def counted_loop(
    flow: MethodFlow,
    nodes: Collection[Offset],
    head: Offset,
    successors: Mapping[Offset, Collection[Offset]],
    constant: Callable[[Instruction], int | None],
) -> Counted | None:
    """The counter of a loop, when it has one. `constant` answers the integer that an instruction pushes, if any."""
    for temporary, offsets in flow.stores.items():
        stores = [offset for offset in offsets if offset in nodes]
        if len(stores) != 1 or _turns_without(stores[0], nodes, head, successors):
            continue
        step = _step(flow, stores[0], temporary, constant)
        if step is None:
            continue
        for test in _tests(flow, nodes, temporary, successors):
            if not _turns_without(test.compared_at, nodes, head, successors):
                up = test.comparison in ("<", "<=")
                if up == (step > 0):
                    return Counted(temporary, step, test.comparison, test.compared_at)
    return None


def _step(flow: MethodFlow, store: Offset, temporary: int, constant: Callable[[Instruction], int | None]) -> int | None:
    """What a store adds to its temporary, when it is an increment."""
    pieces = flow.before(store, 3)
    if len(pieces) < 3 or pushed_temporary(pieces[0]) != temporary:
        return None
    number, selector = constant(pieces[1]), special_selector(pieces[2])
    if not number or selector not in ("+", "-"):
        return None
    return number if selector == "+" else -number


def _tests(
    flow: MethodFlow, nodes: Collection[Offset], temporary: int, successors: Mapping[Offset, Collection[Offset]]
) -> Iterator[Counted]:
    """Comparisons of the temporary that leave the loop when they come out one way."""
    for offset in sorted(nodes):
        selector = special_selector(flow.at[offset])
        pieces = flow.before(offset, 2)
        if selector not in COMPARISONS or len(pieces) < 2 or pushed_temporary(pieces[0]) != temporary:
            continue
        jump = flow.at.get(flow.at[offset].next_offset)
        if jump is None or jump.row.name not in CONDITIONAL_JUMPS or jump.offset not in nodes:
            continue
        on, target = flow.successors(jump)
        jumps_if_true = jump.row.name == "longJumpIfTrue"
        if target not in nodes and on in nodes:
            yield Counted(temporary, 0, OPPOSITE[selector] if jumps_if_true else selector, offset)
        if on not in nodes and target in nodes:
            yield Counted(temporary, 0, selector if jumps_if_true else OPPOSITE[selector], offset)


def _turns_without(
    left_out: Offset, nodes: Collection[Offset], head: Offset, successors: Mapping[Offset, Collection[Offset]]
) -> bool:
    """Whether the loop can go round without an instruction."""
    if left_out == head:
        return False
    seen, pending = {head}, [head]
    while pending:
        for target in successors.get(pending.pop(), ()):
            if target == head:
                return True
            if target in nodes and target != left_out and target not in seen:
                seen.add(target)
                pending.append(target)
    return False


def turns_of(counted: Counted, entered: Range, limit: Range) -> int | None:
    """How often the loop goes back at most, when the temporary and the limit have these ranges."""
    if counted.step > 0:
        if entered.low is None or limit.high is None:
            return None
        last = limit.high - (counted.comparison == "<")
        return max(0, (last - entered.low) // counted.step + 1)
    if entered.high is None or limit.low is None:
        return None
    last = limit.low + (counted.comparison == ">")
    return max(0, (entered.high - last) // -counted.step + 1)
