"""Bytecodes of the messages that become jumps: one function for each kind of message of the inlining table.

Each generates the message for its value or, when no value is wanted, for its effect only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from hardtalk.smalltalk.assembler import Assembler, Label
from hardtalk.smalltalk.ast import Block, Expression, Literal, Send, Variable
from hardtalk.smalltalk.bindings import Temporary
from hardtalk.smalltalk.literals import LiteralValue
from hardtalk.smalltalk.scope import Analysis


class Generator(Protocol):
    """What generates the code around such a message, and the receiver, arguments and blocks that it is made of."""

    analysis: Analysis
    assembler: Assembler

    def at(self, source_offset: int) -> None: ...
    def value(self, node: Expression) -> None: ...
    def block_effect(self, node: Expression) -> None: ...
    def block_result(self, node: Expression, wants_value: bool) -> None: ...
    def branch(self, node: Expression, condition: bool, label: Label) -> None: ...
    def branch_block(self, node: Expression, condition: bool, label: Label) -> None: ...
    def store(self, variable: Variable, pops: bool = False) -> None: ...
    def slot(self, temporary: Temporary) -> int: ...
    def take_slot(self) -> int: ...


def _if_one(generator: Generator, node: Send, wants_value: bool) -> None:
    otherwise, end = Label(), Label()
    generator.branch(node.receiver, node.selector == "ifFalse:", otherwise)
    generator.block_result(node.arguments[0], wants_value)
    if wants_value:
        generator.assembler.jump(end)
    generator.assembler.place(otherwise)
    if wants_value:
        generator.assembler.push_constant("nil")
        generator.assembler.place(end)


def _if_both(generator: Generator, node: Send, wants_value: bool) -> None:
    otherwise, end = Label(), Label()
    generator.branch(node.receiver, node.selector == "ifFalse:ifTrue:", otherwise)
    _two_branches(generator, node.arguments[0], otherwise, node.arguments[1], end, wants_value)


def _two_branches(
    generator: Generator, first: Expression, otherwise: Label, second: Expression, end: Label, wants_value: bool
) -> None:
    """The first block, and at label `otherwise` the second."""
    assert isinstance(second, Block)
    generator.block_result(first, wants_value)
    if wants_value or second.statements:
        generator.assembler.jump(end)
    generator.assembler.place(otherwise)
    generator.block_result(second, wants_value)
    generator.assembler.place(end)


def _connective(generator: Generator, node: Send, wants_value: bool) -> None:
    """`and:` and `or:`."""
    decided, end = Label(), Label()
    decisive = node.selector == "or:"
    generator.branch(node.receiver, decisive, decided)
    generator.block_result(node.arguments[0], wants_value)
    if wants_value:
        generator.assembler.jump(end)
    generator.assembler.place(decided)
    if wants_value:
        generator.assembler.push_constant("true" if decisive else "false")
        generator.assembler.place(end)


def _if_nil(generator: Generator, node: Send, wants_value: bool) -> None:
    end = Label()
    generator.value(node.receiver)
    if wants_value:
        generator.assembler.emit("duplicate")
    _compare_with_nil(generator, False, end)
    if wants_value:
        generator.assembler.emit("pop")
    generator.block_result(node.arguments[0], wants_value)
    generator.assembler.place(end)


def _if_not_nil(generator: Generator, node: Send, wants_value: bool) -> None:
    otherwise, end = Label(), Label()
    generator.value(node.receiver)
    _bind_parameter(generator, node.arguments[0])
    _compare_with_nil(generator, True, otherwise)
    generator.block_result(node.arguments[0], wants_value)
    if wants_value:
        generator.assembler.jump(end)
    generator.assembler.place(otherwise)
    if wants_value:
        generator.assembler.push_constant("nil")
        generator.assembler.place(end)


def _if_nil_both(generator: Generator, node: Send, wants_value: bool) -> None:
    otherwise, end = Label(), Label()
    is_nil_first = node.selector == "ifNil:ifNotNil:"
    generator.value(node.receiver)
    _bind_parameter(generator, node.arguments[1 if is_nil_first else 0])
    _compare_with_nil(generator, not is_nil_first, otherwise)
    _two_branches(generator, node.arguments[0], otherwise, node.arguments[1], end, wants_value)


def _compare_with_nil(generator: Generator, condition: bool, label: Label) -> None:
    generator.assembler.push_constant("nil")
    generator.assembler.send("==", 1)
    generator.assembler.jump_if(condition, label)


def _bind_parameter(generator: Generator, node: Expression) -> None:
    """Store the top of the stack in the block's parameter, if it has one."""
    assert isinstance(node, Block)
    for parameter in node.parameters:
        generator.store(parameter)


def _while_loop(generator: Generator, node: Send, wants_value: bool) -> None:
    start, end = Label(), Label()
    generator.assembler.place(start)
    generator.branch_block(node.receiver, node.selector.startswith("whileFalse"), end)
    if node.arguments:
        generator.block_effect(node.arguments[0])
    generator.at(node.selector_start)
    generator.assembler.jump(start)
    generator.assembler.place(end)
    if wants_value:
        generator.assembler.push_constant("nil")


def _repeat(generator: Generator, node: Send, wants_value: bool) -> None:
    start = Label()
    generator.assembler.place(start)
    generator.block_effect(node.receiver)
    generator.assembler.jump(start)


def _to_do(generator: Generator, node: Send, wants_value: bool) -> None:
    block = node.arguments[-1]
    assert isinstance(block, Block)
    step = node.arguments[1].value if isinstance(node.arguments[1], Literal) else 1
    counter = generator.slot(generator.analysis.scopes[id(block)].names[block.parameters[0].name])
    generator.value(node.receiver)
    _start_counter(generator, counter, wants_value)
    limit = node.arguments[0]
    if isinstance(limit, Literal):
        push_limit: Callable[[], None] = partial(generator.value, limit)
    else:
        limit_slot = generator.take_slot()
        generator.value(limit)
        generator.assembler.store_temporary(limit_slot, pops=True)
        push_limit = partial(generator.assembler.push_temporary, limit_slot)
    _check_counting(generator, node.receiver, counter, push_limit, step)
    _count(generator, counter, push_limit, step, block)


def _check_counting(
    generator: Generator, first: Expression, counter: int, push_limit: Callable[[], None], step: LiteralValue
) -> None:
    """Let the counter say, before the loop, that adding the step to it will not change it: Floats may be too large for
    that. Integers need not be asked."""
    assembler = generator.assembler
    is_exact = isinstance(step, int)
    if is_exact and isinstance(first, Literal) and isinstance(first.value, int):
        return
    start = Label()
    if is_exact:
        assembler.push_temporary(counter)
        assembler.send("isInteger", 0)
        assembler.jump_if(True, start)
    assembler.push_temporary(counter)
    push_limit()
    assembler.push_literal(step)
    assembler.send("checkCountTo:by:", 2)
    assembler.emit("pop")
    assembler.place(start)


def _times_repeat(generator: Generator, node: Send, wants_value: bool) -> None:
    counter, limit_slot = generator.take_slot(), generator.take_slot()
    generator.value(node.receiver)
    _start_counter(generator, limit_slot, wants_value)
    generator.assembler.push_literal(1)
    generator.assembler.store_temporary(counter, pops=True)
    _count(generator, counter, lambda: generator.assembler.push_temporary(limit_slot), 1, node.arguments[0])


def _start_counter(generator: Generator, slot: int, wants_value: bool) -> None:
    """Store the receiver; the value of a counting loop is its receiver, which then stays on the stack."""
    generator.assembler.store_temporary(slot, pops=not wants_value)


def _count(
    generator: Generator, counter: int, push_limit: Callable[[], None], step: LiteralValue, block: Expression
) -> None:
    """Run the block while the counter has not passed the limit."""
    assembler = generator.assembler
    place = assembler.source_offset
    start, end = Label(), Label()
    assembler.place(start)
    assembler.push_temporary(counter)
    push_limit()
    assembler.send("<=" if isinstance(step, (int, float)) and step > 0 else ">=", 1)
    assembler.jump_if(False, end)
    generator.block_effect(block)
    generator.at(place)
    assembler.push_temporary(counter)
    assembler.push_literal(step)
    assembler.send("+", 1)
    assembler.store_temporary(counter, pops=True)
    assembler.jump(start)
    assembler.place(end)


INLINED_CODE: Final[dict[str, Callable[[Generator, Send, bool], None]]] = {
    "ifTrue:": _if_one,
    "ifFalse:": _if_one,
    "ifTrue:ifFalse:": _if_both,
    "ifFalse:ifTrue:": _if_both,
    "and:": _connective,
    "or:": _connective,
    "ifNil:": _if_nil,
    "ifNotNil:": _if_not_nil,
    "ifNil:ifNotNil:": _if_nil_both,
    "ifNotNil:ifNil:": _if_nil_both,
    "whileTrue:": _while_loop,
    "whileFalse:": _while_loop,
    "whileTrue": _while_loop,
    "whileFalse": _while_loop,
    "repeat": _repeat,
    "to:do:": _to_do,
    "to:by:do:": _to_do,
    "timesRepeat:": _times_repeat,
}
