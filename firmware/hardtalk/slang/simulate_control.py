"""Statements, conditionals and loops of a Slang method as Python statements."""

from __future__ import annotations

from hardtalk.slang.simulate_base import NOTHING, TranslatorBase, Value, function_name
from hardtalk.slang.simulate_operations import (
    CONDITIONALS,
    MAX_LOOP_STEPS,
    TRANSFERS,
    WORD,
)
from hardtalk.slang.types import Type, joined
from hardtalk.smalltalk.ast import Block, Cascade, Node, Return, Send, Variable


class ControlTranslator(TranslatorBase):
    """What has no value, or a value by way of its branches."""

    def statement(self, node: Node) -> None:
        self.offset = node.start
        if isinstance(node, Return):
            self.return_value(node.value)
        elif isinstance(node, Send) and node.selector in CONDITIONALS:
            self.conditional_statement(node)
        elif isinstance(node, Cascade):
            for message in node.messages:
                self.statement(
                    Send(node.receiver, message.selector, message.arguments, start=node.start, stop=node.stop)
                )
        else:
            value = self.expression(node)
            if not value.settled:
                self.emit(value.text)

    def return_value(self, node: Node) -> None:
        if not self.method.is_threaded:
            value = self.expression(node)
            self.check_assignable(node, value, self.method.returns)
            self.emit(f"return {value.text}")
            return
        if not isinstance(node, Send):
            raise self.error(node, "a threaded routine ends in a transfer, not in a value")
        if node.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
            self.conditional_statement(node, returning=True)
            return
        if not (isinstance(node.receiver, Variable) and node.receiver.name == "self"):
            raise self.error(node, "a threaded routine ends in a transfer, not in a value")
        if node.selector == "nextBytecode":
            self.emit("return NEXT")
        elif node.selector == "currentBytecode":
            self.emit("return CURRENT")
        elif node.selector in TRANSFERS:
            texts = [value.text for value in self.operands(node.arguments)]
            self.emit(f"return ({texts[0]}, ({''.join(text + ', ' for text in texts[1:])}))")
        else:
            target = self.scope.method(node.selector)
            if target is None:
                raise self.error(node, f"unknown selector #{node.selector}")
            if not target.is_threaded:
                raise self.error(node, f"#{node.selector} is not threaded: a threaded routine cannot end in it")
            texts = [value.text for value in self.operands(node.arguments)]
            self.emit(f"return ({function_name(node.selector)}, ({''.join(text + ', ' for text in texts)}))")

    def branches(self, node: Send) -> tuple[Node | None, Node | None]:
        if node.selector == "ifTrue:":
            return node.arguments[0], None
        if node.selector == "ifFalse:":
            return None, node.arguments[0]
        first, second = node.arguments
        return (first, second) if node.selector == "ifTrue:ifFalse:" else (second, first)

    def conditional_statement(self, node: Send, returning: bool = False) -> None:
        condition = self.condition(node.receiver)
        when_true, when_false = self.branches(node)
        if when_true is None:
            self.emit(f"if not ({condition}):")
            when_true, when_false = when_false, None
        else:
            self.emit(f"if {condition}:")
        assert when_true is not None
        with self.indented():
            self.branch_statements(when_true, returning)
        if when_false is not None:
            self.emit("else:")
            with self.indented():
                self.branch_statements(when_false, returning)

    def branch_statements(self, node: Node, returning: bool) -> None:
        statements = self.block(node).statements if isinstance(node, Block) else (node,)
        for index, statement in enumerate(statements):
            if returning and index == len(statements) - 1 and not isinstance(statement, Return):
                self.offset = statement.start
                self.return_value(statement)
            else:
                self.statement(statement)

    def block(self, node: Node, parameters: int = 0) -> Block:
        if not isinstance(node, Block):
            raise self.error(node, "a block is wanted here")
        if len(node.parameters) != parameters:
            raise self.error(node, f"a block with {parameters} parameters is wanted here")
        for variable in (*node.parameters, *node.temporaries):
            self.types.setdefault(variable.name, self.method.types.get(variable.name, Type.INT32))
        return node

    def block_value(self, node: Node) -> Value:
        """The value of the block's last statement, its statements emitted here."""
        if not isinstance(node, Block):
            return self.expression(node)
        block = self.block(node)
        if not block.statements:
            return NOTHING
        for statement in block.statements[:-1]:
            self.statement(statement)
        last = block.statements[-1]
        self.offset = last.start
        if isinstance(last, Return):
            self.statement(last)
            return NOTHING
        return self.expression(last)

    # Loops

    def loop(self, node: Send) -> None:
        selector = node.selector
        if selector == "repeat":
            self.while_loop(None, False, self.block(node.receiver))
        elif selector in ("whileTrue", "whileFalse"):
            self.while_loop(self.block(node.receiver), selector == "whileFalse", None)
        elif selector in ("whileTrue:", "whileFalse:"):
            self.while_loop(self.block(node.receiver), selector == "whileFalse:", self.block(node.arguments[0]))
        elif selector == "timesRepeat:":
            self.times_repeat(node)
        else:
            self.count_loop(node)

    def bound_counter(self, *blocks: Block | None) -> tuple[str, int]:
        limit = MAX_LOOP_STEPS
        for block in blocks:
            for pragma in block.pragmas if block is not None else ():
                if pragma.selector == "bound:":
                    argument = pragma.arguments[0].value
                    if isinstance(argument, str):
                        argument = self.scope.constants.get(argument)
                    if not isinstance(argument, int):
                        raise self.error(pragma, "the bound of a loop is an integer or a constant")
                    limit = argument
        self.kept += 1
        name = f"n_{self.kept}"
        self.emit(f"{name} = 0")
        return name, limit

    def emit_bound_check(self, name: str, limit: int) -> None:
        self.emit(f"{name} += 1")
        self.emit(f"if {name} > {limit}: loop_bound_exceeded({limit})")

    def while_loop(self, test: Block | None, negated: bool, body: Block | None) -> None:
        counter, limit = self.bound_counter(test, body)
        self.emit("while True:")
        with self.indented():
            if body is None:
                self.emit_bound_check(counter, limit)
            if test is not None:
                holds = self.truth(test, self.block_value(test))
                self.emit(f"if {holds}: break" if negated else f"if not ({holds}): break")
            if body is not None:
                self.emit_bound_check(counter, limit)
                for statement in body.statements:
                    self.statement(statement)

    def times_repeat(self, node: Send) -> None:
        body = self.block(node.arguments[0])
        count = self.keep(self.expression(node.receiver))
        counter, limit = self.bound_counter(body)
        limit_text = count.text if count.type.is_unsigned else f"signed({count.text})"
        self.emit(f"while {counter} < {limit_text}:")
        with self.indented():
            self.emit_bound_check(counter, limit)
            for statement in body.statements:
                self.statement(statement)

    def count_loop(self, node: Send) -> None:
        body = self.block(node.arguments[-1], 1)
        name = body.parameters[0].name
        start, stop = self.operands((node.receiver, node.arguments[0]))
        step = 1
        if node.selector == "to:by:do:":
            step_value = self.expression(node.arguments[1])
            if step_value.constant is None or step_value.constant & 0xFFFFFFFF == 0:
                raise self.error(node.arguments[1], "the step of to:by:do: is a constant other than 0")
            step = step_value.constant
            step = step - (1 << 32) if step & 0x80000000 and step > 0 else step
        if name not in self.method.types:
            self.types[name] = joined(start.type, stop.type)
            if self.types[name] is Type.LITERAL:
                self.types[name] = Type.INT32
        variable_type = self.types[name]
        stop = self.keep(stop)
        outer = self.loop_locals.get(name)
        self.loop_count += 1
        local = self.loop_locals[name] = f"v_{name}_{self.loop_count}"
        self.emit(f"{local} = {start.text}")
        counter, limit = self.bound_counter(body)
        operator = "<=" if step > 0 else ">="
        self.emit(f"while {self.compare(operator, Value(local, variable_type), stop)}:")
        with self.indented():
            self.emit_bound_check(counter, limit)
            for statement in body.statements:
                self.statement(statement)
            self.emit(f"{local} = ({local} + {step}) & {WORD}")
        if outer is None:
            del self.loop_locals[name]
        else:
            self.loop_locals[name] = outer
