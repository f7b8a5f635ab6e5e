"""The check of statements: blocks, conditionals, loops and their bounds, and what leaves a method."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.slang.check_base import is_to_self
from hardtalk.slang.check_values import CheckValues, constant_of
from hardtalk.slang.tree import (
    Body,
    Conditional,
    Constant,
    Count,
    Ends,
    Local,
    Repeat,
    Return,
    Statement,
    Times,
    Value,
    While,
)
from hardtalk.slang.types import Type, joined, signed
from hardtalk.slang.variables import leaves, walk, weight
from hardtalk.smalltalk import ast

NO_BOUND = (
    "this loop has no stated bound; begin its body with <bound: n>, the greatest number of iterations, "
    "or test isInterruptPending in it"
)
ONLY_PROCESSES = "<inProcess> is for loops of native routines; state a bound here, or test isInterruptPending"


def polls(node: ast.Node) -> bool:
    """Whether a look at waiting interrupts is written in the loop."""
    return any(isinstance(each, ast.Send) and each.selector == "isInterruptPending" for each in walk(node))


class CheckControl(CheckValues):
    """The part of the check that follows the control flow."""

    def statements(self, nodes: Sequence[ast.Node]) -> list[Statement]:
        result: list[Statement] = []
        for node in nodes:
            if isinstance(node, ast.Cascade):
                result += self.cascade(node)
            else:
                result.append(self.statement(node))
        return result

    def statement(self, node: ast.Node) -> Statement:
        if isinstance(node, ast.Return):
            return self.return_value(node)
        if isinstance(node, ast.Send):
            return self.send(node, wanted=False)
        return self.value(node)

    def cascade(self, node: ast.Cascade) -> list[Statement]:
        if not (isinstance(node.receiver, ast.Variable) and node.receiver.name == "self"):
            return [self.complain(node, "a cascade is a sequence of sends to self; write a statement for each")]
        return [
            self.send(
                ast.Send(
                    node.receiver,
                    message.selector,
                    message.arguments,
                    start=message.start,
                    stop=message.stop,
                    selector_start=message.start,
                ),
                wanted=False,
            )
            for message in node.messages
        ]

    def return_value(self, node: ast.Return) -> Statement:
        if self.method.is_threaded:
            return self.transfer(node.value)
        value = self.returned(node)
        if value.type.is_float:
            self.complain(node.value, "a float cannot be returned; store it with floatAt:put:")
        elif value.type is not Type.NOTHING:
            self.require_fit(node.value, f"the result of {self.method.selector}", value, self.method.returns)
        return Return(node.start, value)

    def transfer(self, node: ast.Node) -> Statement:
        """What a threaded routine's `^` goes to."""
        if isinstance(node, ast.Send) and node.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
            condition = self.condition(node.receiver)
            bodies = [self.transfer_body(argument) for argument in node.arguments]
            if node.selector == "ifFalse:ifTrue:":
                bodies.reverse()
            return Conditional(node.start, Type.NOTHING, condition, ((True, bodies[0]), (False, bodies[1])))
        if not isinstance(node, ast.Send) or not is_to_self(node):
            return self.complain(
                node,
                "a threaded routine ends in a transfer: ^ self nextBytecode, currentBytecode, "
                "transferTo:… or another threaded routine",
            )
        return self.transfer_send(node)

    def transfer_body(self, node: ast.Node) -> Body:
        block = self.block_of(node)
        if block is None:
            return Body(node.start, (), None)
        self.require_parameters(block, 0)
        if not block.statements:
            self.complain(block, "this path of a threaded routine has no transfer; give one in each arm")
            return Body(block.start, (), None)
        last = block.statements[-1]
        statements = self.statements(block.statements[:-1])
        statements.append(self.transfer(last.value if isinstance(last, ast.Return) else last))
        return Body(block.start, tuple(statements), None)

    def body(self, node: ast.Node, wanted: bool = False, parameters: int = 0) -> Body:
        if not isinstance(node, ast.Block):
            if wanted:
                return Body(node.start, (), self.value(node))
            return Body(node.start, tuple(self.statements((node,))), None)
        self.require_parameters(node, parameters)
        if not wanted or leaves(node.statements):
            return Body(node.start, tuple(self.statements(node.statements)), None)
        if not node.statements:
            empty = self.complain(
                node, "an empty block has no value; give the value, or use the conditional as a statement"
            )
            return Body(node.start, (), empty)
        statements = self.statements(node.statements[:-1])
        return Body(node.start, tuple(statements), self.value(node.statements[-1]))

    def require_parameters(self, block: ast.Block, count: int) -> None:
        if len(block.parameters) != count:
            self.complain(block, f"this block takes {'one parameter' if count else 'no parameters'}; correct its head")

    def conditional(self, node: ast.Send, wanted: bool) -> Value:
        condition = self.condition(node.receiver)
        first = node.selector.startswith("ifTrue:")
        arms = tuple(
            (first if position == 0 else not first, self.body(argument, wanted))
            for position, argument in enumerate(node.arguments)
        )
        if not wanted:
            return Conditional(node.start, Type.NOTHING, condition, arms)
        if len(arms) == 1:
            return self.complain(node, f"{node.selector} has no value when the condition does not hold; give both arms")
        values = [body.value for _, body in arms if body.value is not None]
        if not values:
            return self.complain(node, "neither arm has a value here; both leave the method")
        types = [value.type for value in values]
        if Type.UNKNOWN in types:
            return Constant(node.start, Type.UNKNOWN, 0)
        if len({(each.is_float, each is Type.BOOLEAN) for each in types}) > 1:
            return self.complain(node, "both arms of a conditional must be words, or both floats, or both booleans")
        return Conditional(node.start, joined(types[0], types[-1]), condition, arms)

    # Loops

    def while_loop(self, node: ast.Send) -> Statement:
        ends = self.ends(node)
        test = self.block_of(node.receiver)
        block = self.block_of(node.arguments[0]) if node.arguments else None
        if test is None or (node.arguments and block is None):
            return Constant(node.start, Type.UNKNOWN, 0)
        if node.selector == "repeat":
            return Repeat(node.start, self.body(test), ends)
        if not test.statements:
            return self.complain(test, "a loop's condition block needs an expression")
        decision = self.body(test, wanted=True)
        if decision.value is None:
            return self.complain(test, "a loop's condition block needs an expression")
        self.require_boolean(test.statements[-1], decision.value)
        repeated = None if block is None else self.body(block)
        expected = node.selector.startswith("whileTrue")
        return While(node.start, decision, expected, repeated, ends, weight(test))

    def ends(self, node: ast.Send, required: bool = True) -> Ends:
        """What is stated; a loop has a bound or polls for interrupts, so that no path is without a longest time."""
        block = node.arguments[-1] if node.arguments else node.receiver
        bound: int | None = None
        limited_by: list[str] = []
        start, is_in_process = node.start, False
        for pragma in block.pragmas if isinstance(block, ast.Block) else ():
            stated = pragma.values[0] if pragma.arguments else None
            if pragma.selector == "bound:":
                start, bound = pragma.start, self.number(stated)
                if bound is None:
                    self.complain(pragma, "the bound of a loop is an integer or a constant")
                    bound = 0
            elif pragma.selector == "limitedBy:":
                limited_by.append(str(stated))
            elif pragma.selector == "inProcess":
                is_in_process = True
                if self.method.class_name in self.program.declared:
                    self.complain(pragma, ONLY_PROCESSES)
            else:
                self.complain(pragma, f"<{pragma.selector}> says nothing of a loop; see docs/slang.md, Loops")
        if required and bound is None and not polls(node) and not is_in_process:
            self.complain(node, NO_BOUND)
        return Ends(start, bound, tuple(limited_by), polls(node), is_in_process)

    def number(self, stated: object) -> int | None:
        """The number, or that of the constant which is named."""
        found = self.program.constants.get(stated) if isinstance(stated, str) else stated
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def counted_loop(self, node: ast.Send) -> Statement:
        first, limit = self.count(node, node.receiver), self.count(node, node.arguments[0])
        step = self.step(node.arguments[1]) if node.selector == "to:by:do:" else 1
        block = self.block_of(node.arguments[-1])
        if block is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        if len(block.parameters) != 1:
            return self.complain(block, "the block of to:do: takes one parameter")
        name = block.parameters[0].name
        found = joined(first.type, limit.type)
        declared = self.method.types.get(name, Type.INT32 if found is Type.LITERAL else found.plain)
        if not declared.is_word and declared is not Type.UNKNOWN:
            self.complain(block, f"{name} counts in words, it is declared #{declared.value}")
        self.counter_count += 1
        counter = Local(name, declared, self.counter_count)
        outer = dict(self.counters)
        self.counters[name] = counter
        body = self.body(block, parameters=1)
        self.counters = outer
        is_unsigned = joined(declared, limit.type).is_unsigned
        ends = self.ends(node, required=False)
        return Count(node.start, counter, first, limit, step, is_unsigned, body, ends)

    def times_loop(self, node: ast.Send) -> Statement:
        count = self.count(node, node.receiver)
        block = self.block_of(node.arguments[0])
        if block is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        return Times(node.start, count, self.body(block), self.ends(node, required=False))

    def count(self, node: ast.Send, place: ast.Node) -> Value:
        value = self.value(place)
        if not value.type.is_word and value.type is not Type.UNKNOWN:
            return self.complain(place, f"{node.selector} counts in words, this is #{value.type.value}")
        return value

    def step(self, node: ast.Node) -> int:
        value = self.value(node)
        step = constant_of(value)
        if step:
            return signed(step)
        if value.type is not Type.UNKNOWN:
            self.complain(node, "the step of to:by:do: must be a constant other than 0")
        return 1
