"""The check of expressions: literals, variables, assignments, operators."""

from __future__ import annotations

from difflib import get_close_matches

from hardtalk.slang.check_fields import CheckFields
from hardtalk.slang.fields import message_of
from hardtalk.slang.fold import fold
from hardtalk.slang.operators import INTRINSICS, JUNCTIONS, OPERATORS, Kind, Operator, shift_of_division
from hardtalk.slang.tree import (
    AssignLocal,
    AssignState,
    Binary,
    Cast,
    Constant,
    Junction,
    Not,
    PartAddress,
    ReadLocal,
    ReadState,
    Relation,
    Unary,
    Value,
)
from hardtalk.slang.types import WORD_MASK, Type, joined, record_of
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.literals import Character

EQUALITIES = {"=", "==", "~=", "~~"}


class CheckValues(CheckFields):
    """The part of the check that gives values their types."""

    def value(self, node: ast.Node) -> Value:
        if isinstance(node, ast.Literal):
            return self.literal(node)
        if isinstance(node, ast.Variable):
            return self.variable(node)
        if isinstance(node, ast.Assignment):
            return self.assignment(node)
        if isinstance(node, ast.Send):
            result = self.send(node, wanted=True)
            if not isinstance(result, Value) or result.type is Type.NOTHING:
                return self.complain(node, f"{node.selector} has no value here; use it as a statement")
            return result
        if isinstance(node, ast.Cascade):
            return self.complain(node, "a cascade has no value in Slang; write each message as a statement")
        if isinstance(node, ast.Block):
            return self.complain(node, "blocks are not values in Slang; only control structures take them")
        return self.complain(node, "this has no meaning in Slang; see docs/slang.md")

    def literal(self, node: ast.Literal) -> Value:
        value = node.value
        if isinstance(value, bool):
            return Constant(node.start, Type.BOOLEAN, int(value))
        if isinstance(value, int):
            if not -(1 << 31) <= value < 1 << 32:
                return self.complain(node, f"{value} does not fit in 32 bits; a word has no more")
            return Constant(node.start, Type.LITERAL, value & WORD_MASK)
        if isinstance(value, Character):
            return Constant(node.start, Type.LITERAL, value.code)
        return self.complain(
            node, "only integers and characters are values in Slang; a Symbol names things for addressOf:"
        )

    def variable(self, node: ast.Variable) -> Value:
        name = node.name
        local = self.local(name)
        if local is not None:
            return ReadLocal(node.start, local.type, local)
        if name in ("true", "false"):
            return Constant(node.start, Type.BOOLEAN, int(name == "true"))
        if name in self.program.constants:
            return Constant(node.start, Type.LITERAL, self.program.constants[name] & WORD_MASK)
        return ReadState(node.start, self.state_type(node), name)

    def assignment(self, node: ast.Assignment) -> Value:
        name = node.variable.name
        value = self.value(node.value)
        local = self.local(name)
        if local is not None:
            if local.is_counter:
                self.complain(node, f"{name} counts a loop and cannot be assigned; use another variable")
            self.require_fit(node, name, value, local.type)
            return AssignLocal(node.start, local.type, local, value)
        declared = self.state_type(node.variable)
        if value.type.is_float and declared is not Type.UNKNOWN:
            self.complain(node, f"{name} is a word of the VM state; a float lives only in temporaries")
        else:
            self.require_fit(node, name, value, declared)
        return AssignState(node.start, declared, name, value)

    def operation(self, node: ast.Send) -> Value:
        """A send whose receiver is a value: an operator."""
        selector = node.selector
        if selector in JUNCTIONS:
            return self.junction(node)
        if selector == "not":
            return Not(node.start, Type.BOOLEAN, self.condition(node.receiver))
        message = message_of(node)
        if message is not None:
            return self.record_message(node, message)
        operator = OPERATORS.get(selector)
        if operator is None:
            record = record_of(self.value(node.receiver).type)
            if record is not None:
                return self.complain(node.selector_start, self.no_such_field(record, selector))
            return self.complain(
                node.selector_start, f"unknown operator {selector}; methods of the program are sent to self"
            )
        operands = [self.value(each) for each in (node.receiver, *node.arguments)]
        types = [operand.type for operand in operands]
        if Type.UNKNOWN in types:
            return Constant(node.start, Type.UNKNOWN, 0)
        if Type.BOOLEAN in types and not (set(types) == {Type.BOOLEAN} and selector in EQUALITIES):
            return self.complain(node, f"{selector} is not for #boolean; use and:, or:, not, or ifTrue:ifFalse:")
        if types[0].is_float != types[-1].is_float:
            return self.mixed(node, operator)
        together = (types[0] if operator.kind is Kind.SHIFT else joined(types[0], types[-1])).plain
        form = operator.form(together)
        if form is None:
            return self.mixed(node, operator)
        if isinstance(operands[0], PartAddress) and selector in ("+", "-"):
            distance = constant_of(operands[1])
            if distance is not None:
                return self.moved(operands[0], distance if selector == "+" else -distance)
        if operator.kind is Kind.RELATION:
            return Relation(node.start, Type.BOOLEAN, form, *operands)
        if operator.kind is Kind.UNARY:
            return Unary(node.start, together, form, *operands)
        if operator.kind is Kind.DIVISION:
            divisor = constant_of(operands[1])
            if divisor is None or shift_of_division(selector, together.is_unsigned, divisor) is None:
                self.divisions.setdefault(form.operation, node)
        return Binary(node.start, together, operator, form, *operands)

    def mixed(self, node: ast.Send, operator: Operator) -> Value:
        if operator.kind is Kind.RELATION:
            return self.complain(
                node, f"{operator.selector} compares a float with a word; convert with floatFromInteger:"
            )
        return self.complain(
            node,
            f"{operator.selector} is not for these operands; floats have + - * / and comparisons, "
            "and both sides must be floats",
        )

    def junction(self, node: ast.Send) -> Value:
        left = self.condition(node.receiver)
        block = self.block_of(node.arguments[0])
        if block is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        right = self.body(block, wanted=True)
        if right.value is not None:
            self.require_boolean(block.statements[-1] if block.statements else block, right.value)
        return Junction(node.start, Type.BOOLEAN, node.selector == "and:", left, right)

    def unknown(self, node: ast.Send) -> Value:
        """A send to self that means nothing."""
        near = get_close_matches(node.selector, [*self.program.methods, *INTRINSICS], 1)
        hint = f"did you mean {near[0]}?" if near else "define it in a class of the program"
        return self.complain(node.selector_start, f"unknown selector {node.selector}; {hint}")


def constant_of(value: Value) -> int | None:
    """The word that an expression of constants without divisions comes to."""
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Cast):
        return constant_of(value.operand)
    if isinstance(value, Unary):
        operand, before = constant_of(value.operand), value.form.before
        if operand is None:
            return None
        return fold(value.form.operation, [operand] if before is None else [before, operand])
    if isinstance(value, Binary) and value.operator.kind is not Kind.DIVISION:
        left, right = constant_of(value.left), constant_of(value.right)
        return None if left is None or right is None else fold(value.form.operation, [left, right])
    return None
