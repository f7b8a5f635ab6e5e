"""Bytecodes of expressions and statements.

Every expression is generated for what is wanted of it: its value on the stack, its effect only, a jump on its truth, or
its value as the answer of a method or block. So nothing is pushed to be popped at once, and conditions become jumps
without booleans in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hardtalk.smalltalk.assembler import Label, LimitError, encode
from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Return,
    Send,
    Statement,
    Variable,
)
from hardtalk.smalltalk.bindings import Scope
from hardtalk.smalltalk.bytecodes import SPECIAL_CONSTANTS
from hardtalk.smalltalk.compiled_method import GREATEST_ARGUMENT_COUNT
from hardtalk.smalltalk.inlined_code import INLINED_CODE
from hardtalk.smalltalk.inlining import inlined_message
from hardtalk.smalltalk.literals import LiteralValue
from hardtalk.smalltalk.loop_turns import begin_turns, check_no_turns, count_turn
from hardtalk.smalltalk.variable_code import GREATEST_BRACE_ELEMENTS, SHORTER, VariableCode

_GREATEST_STACKED_ELEMENTS: Final = 16
_GREATEST_BLOCK_ARGUMENTS: Final = 15
_GREATEST_COPIED_VALUES: Final = 15
_GREATEST_CHARACTER: Final = 255
_RETURNABLE: Final = frozenset({"self", "true", "false", "nil"})


class Generator(VariableCode):
    """Generates one method's code."""

    # Statements

    def effect(self, node: Statement) -> None:
        """Generate for the effect only."""
        if isinstance(node, Return):
            self.answer(node.value, is_from_block=False)
        elif isinstance(node, Assignment):
            self.value(node.value)
            self.store(node.variable, pops=True)
        elif isinstance(node, Send):
            if not self.inlined(node, wants_value=False):
                self.send(node)
                self.assembler.emit("pop")
        elif isinstance(node, Cascade):
            self.cascade(node)
            self.assembler.emit("pop")
        elif isinstance(node, BraceArray):
            self.brace_array(node)
            self.assembler.emit("pop")

    def answer(self, node: Expression, is_from_block: bool) -> None:
        """Generate the return of a value, from the method or from the closure to who evaluates it."""
        if isinstance(node, Send):
            row = inlined_message(node)
            if row is not None and row.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
                otherwise = Label()
                self.branch(node.receiver, row.selector != "ifTrue:ifFalse:", otherwise)
                self.answer_block(node.arguments[0], is_from_block)
                self.assembler.place(otherwise)
                self.answer_block(node.arguments[1], is_from_block)
                return
        if not is_from_block and isinstance(node, Variable) and node.name in _RETURNABLE:
            self.at(node.start)
            self.assembler.return_constant(node.name)
            return
        self.value(node)
        self.assembler.return_top(is_from_block)

    def answer_block(self, node: Expression, is_from_block: bool) -> None:
        """Generate the return of an inlined block's value."""
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        last = block.statements[-1] if block.statements else Variable("nil", start=block.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.answer(last, is_from_block)
        self.end_block()

    def leading_statements(self, statements: Sequence[Statement]) -> None:
        for statement in statements[:-1]:
            self.effect(statement)

    # Inlined blocks

    def begin_block(self, node: Expression) -> Block:
        assert isinstance(node, Block)
        self.enter(self.analysis.scopes[id(node)])
        count_turn(self, node)
        return node

    def end_block(self) -> None:
        assert self.scope.parent is not None
        self.scope = self.scope.parent

    def block_effect(self, node: Expression) -> None:
        block = self.begin_block(node)
        for statement in block.statements:
            self.effect(statement)
        self.end_block()

    def block_value(self, node: Expression) -> None:
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        if not block.statements:
            self.assembler.push_constant("nil")
        else:
            last = block.statements[-1]
            if isinstance(last, Return):
                self.effect(last)
            else:
                self.value(last)
        self.end_block()

    def block_result(self, node: Expression, wants_value: bool) -> None:
        if wants_value:
            self.block_value(node)
        else:
            self.block_effect(node)

    # Conditions

    def branch(self, node: Expression, condition: bool, label: Label) -> None:
        """Jump to the label if the value is the boolean `condition`; go on if it is the other."""
        if isinstance(node, Variable) and node.name in ("true", "false"):
            if (node.name == "true") == condition:
                self.assembler.jump(label)
            return
        if isinstance(node, Send):
            row = inlined_message(node)
            if row is not None and row.selector in ("and:", "or:"):
                # `and:` is decided by false, `or:` by true.
                decisive = row.selector == "or:"
                if decisive == condition:
                    self.branch(node.receiver, condition, label)
                    self.branch_block(node.arguments[0], condition, label)
                else:
                    decided = Label()
                    self.branch(node.receiver, decisive, decided)
                    self.branch_block(node.arguments[0], condition, label)
                    self.assembler.place(decided)
                return
        self.value(node)
        self.assembler.jump_if(condition, label)

    def branch_block(self, node: Expression, condition: bool, label: Label) -> None:
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        last = block.statements[-1] if block.statements else Variable("nil", start=block.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.branch(last, condition, label)
        self.end_block()

    # Values

    def value(self, node: Expression) -> None:
        """Generate a push of the value."""
        if isinstance(node, Variable):
            self.at(node.start)
            self.push(node)
        elif isinstance(node, Send):
            if not self.inlined(node, wants_value=True):
                self.send(node)
        elif isinstance(node, Literal):
            self.at(node.start)
            self.check_characters(node, node.value)
            self.assembler.push_literal(node.value)
        elif isinstance(node, Block):
            self.closure(node)
        elif isinstance(node, Assignment):
            self.value(node.value)
            self.store(node.variable)
        elif isinstance(node, Cascade):
            self.cascade(node)
        else:
            self.brace_array(node)

    def check_characters(self, node: Literal, value: LiteralValue) -> None:
        """Strings hold bytes, so a character beyond 255 cannot be in one."""
        if isinstance(value, str):
            for character in value:
                if ord(character) > _GREATEST_CHARACTER:
                    raise self.node.error(
                        node, f"The character `{character}` does not fit a byte.", "Use characters up to code 255."
                    )
        elif isinstance(value, tuple):
            for element in value:
                self.check_characters(node, element)

    def brace_array(self, node: BraceArray) -> None:
        count = len(node.elements)
        if count > GREATEST_BRACE_ELEMENTS:
            raise self.node.error(
                node,
                f"The brace array has {count} elements; at most {GREATEST_BRACE_ELEMENTS} are possible.",
                "Make several arrays and join them.",
            )
        if count <= _GREATEST_STACKED_ELEMENTS:
            for element in node.elements:
                self.value(element)
            self.at(node.start)
            self.assembler.emit("pushNewArray", int(count > 0), count)
            return
        self.at(node.start)
        self.assembler.emit("pushNewArray", 0, count)
        for index, element in enumerate(node.elements, 1):
            self.assembler.emit("duplicate")
            self.assembler.push_literal(index)
            self.value(element)
            self.assembler.send("at:put:", 2)
            self.assembler.emit("pop")

    # Sends

    def send(self, node: Send) -> None:
        is_super = self.receiver(node.receiver)
        for argument in node.arguments:
            self.value(argument)
        self.at(node.selector_start)
        self.send_message(node.selector, node.arguments, is_super)

    def receiver(self, node: Expression) -> bool:
        """Push a receiver; answer whether it is `super`."""
        if isinstance(node, Variable) and node.name == "super":
            self.at(node.start)
            self.assembler.push_constant("self")
            return True
        self.value(node)
        return False

    def send_message(self, selector: str, arguments: Sequence[Expression], is_super: bool) -> None:
        if len(arguments) > GREATEST_ARGUMENT_COUNT:
            raise LimitError(
                self.assembler.source_offset,
                f"The message has more than {GREATEST_ARGUMENT_COUNT} arguments.",
                "Pass several values in one object.",
            )
        self.assembler.send(selector, len(arguments), is_super)

    def cascade(self, node: Cascade) -> None:
        is_super = self.receiver(node.receiver)
        for index, message in enumerate(node.messages):
            is_last = index == len(node.messages) - 1
            if not is_last:
                self.assembler.emit("duplicate")
            for argument in message.arguments:
                self.value(argument)
            self.at(message.start)
            self.send_message(message.selector, message.arguments, is_super)
            if not is_last:
                self.assembler.emit("pop")

    # Closures

    def closure(self, node: Block) -> None:
        assembler = self.assembler
        if not assembler.is_reachable:
            return
        scope = self.analysis.scopes[id(node)]
        self.check_closure(node, scope)
        check_no_turns(self.node, node)
        self.at(node.start)
        for holder in scope.copied:
            assembler.push_temporary(self.slot(holder))
        end = assembler.push_closure(len(scope.copied), len(node.parameters))
        outer_scope, outer_activation = self.scope, self.activation
        self.scope = self.activation = scope
        frame_start = len(node.parameters) + len(scope.copied)
        prologue = assembler.reserve()
        self.closure_body(node)
        assembler.fill(prologue, self.frame(scope, frame_start))
        self.scope, self.activation = outer_scope, outer_activation
        assembler.place(end)

    def check_closure(self, node: Block, scope: Scope) -> None:
        if len(node.parameters) > _GREATEST_BLOCK_ARGUMENTS:
            raise self.node.error(
                node, f"The block has more than {_GREATEST_BLOCK_ARGUMENTS} parameters.", "Pass several in one object."
            )
        if len(scope.copied) > _GREATEST_COPIED_VALUES:
            raise self.node.error(
                node, f"The block uses more than {_GREATEST_COPIED_VALUES} variables from outside.", SHORTER
            )

    def closure_body(self, node: Block) -> None:
        self.leading_statements(node.statements)
        last = node.statements[-1] if node.statements else Variable("nil", start=node.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.answer(last, is_from_block=True)

    def frame(self, scope: Scope, frame_start: int) -> bytes:
        """The instructions with which a closure makes its own temporaries: its vector and nils."""
        vector_slot = scope.slots[scope.vector] if scope.vector is not None else -1
        return b"".join(
            encode("pushNewArray", 0, self.vector_size(scope))
            if slot == vector_slot
            else encode("pushConstant", SPECIAL_CONSTANTS.index("nil"))
            for slot in range(frame_start, scope.slot_count)
        )

    # Inlined messages

    def inlined(self, node: Send, wants_value: bool) -> bool:
        """Generate an inlined message; answer False, having done nothing, if the send is not one."""
        row = inlined_message(node)
        if row is None:
            return False
        self.at(node.selector_start)
        begin_turns(self, node, row)
        INLINED_CODE[row.selector](self, node, wants_value)
        return True
