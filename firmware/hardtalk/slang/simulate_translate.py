"""Translates one Slang method to the source of one Python function with the same meaning.

Words are unsigned Python integers; signedness is chosen here from the declared types. An expression becomes Python
text; whatever needs statements of its own (a loop, a conditional value, an overflow block) is emitted before the
statement it stands in, and operands already translated are first kept in a local so that evaluation stays left to
right. Python locals: `p_x`/`v_x` parameters and temporaries, `k_n` kept values. Globals: `m_selector_` the other
methods, `S` the VM state's words, `R` the pinned registers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from hardtalk.slang.errors import slang_error
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.simulate_operations import (
    BITWISE,
    COMPARISONS,
    CONDITIONALS,
    DIVISIONS,
    FLOAT_OPERATIONS,
    LOADS,
    LOOPS,
    MAX_LOOP_STEPS,
    OVERFLOW,
    SIGN,
    STORES,
    TRANSFERS,
    UNARY_INTRINSICS,
    WORD,
    WRAPPING,
)
from hardtalk.slang.types import Type, joined
from hardtalk.smalltalk.ast import Assignment, Block, Cascade, Literal, Node, Return, Send, Variable
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Character, Symbol


def function_name(selector: str) -> str:
    return "m_" + selector.replace(":", "_")


class Scope(Protocol):
    """What a method sees of its program."""

    constants: dict[str, int]

    def state_type(self, name: str) -> Type | None: ...
    def state_text(self, name: str) -> str: ...
    def state_address(self, name: str) -> int | None: ...
    def method(self, selector: str) -> SlangMethod | None: ...


@dataclass(frozen=True)
class Value:
    """Python text of an expression, its Slang type, and whether nothing done later can change it."""

    text: str
    type: Type
    settled: bool = False
    constant: int | None = None


NOTHING = Value("0", Type.LITERAL, True, 0)


@dataclass
class _Lines:
    lines: list[tuple[int, str, int]] = field(default_factory=list)


class MethodTranslator:
    """One method; `translate` answers its Python source and the Slang source offset of each of its lines."""

    def __init__(self, method: SlangMethod, scope: Scope) -> None:
        self.method = method
        self.scope = scope
        self.loop_locals: dict[str, str] = {}
        self.loop_count = 0
        self.types: dict[str, Type] = {}
        self.output = _Lines()
        self.depth = 1
        self.kept = 0
        self.offset = method.node.start

    def translate(self) -> tuple[str, list[int]]:
        node = self.method.node
        for variable in (*node.parameters, *node.temporaries):
            self.types[variable.name] = self.method.types.get(variable.name, Type.INT32)
        parameters = ", ".join(f"v_{variable.name}" for variable in node.parameters)
        for statement in node.statements:
            self.statement(statement)
        if self.method.is_threaded:
            self.emit("return NEXT")
        elif not self.output.lines:
            self.emit("pass")
        header = f"def {function_name(self.method.selector)}({parameters}):"
        lines = [header, *("    " * depth + text for depth, text, _ in self.output.lines)]
        return "\n".join(lines) + "\n", [node.start, *(offset for _, _, offset in self.output.lines)]

    # Emission

    def error(self, node: Node, message: str) -> SourceError:
        return slang_error(self.method.definition, self.method.node, node, message)

    def emit(self, text: str) -> None:
        self.output.lines.append((self.depth, text, self.offset))

    @contextmanager
    def indented(self) -> Iterator[None]:
        self.depth += 1
        before = len(self.output.lines)
        yield
        if len(self.output.lines) == before:
            self.emit("pass")
        self.depth -= 1

    @contextmanager
    def buffered(self) -> Iterator[list[tuple[int, str, int]]]:
        saved = self.output
        self.output = _Lines()
        yield self.output.lines
        self.output = saved

    def keep(self, value: Value) -> Value:
        if value.settled:
            return value
        self.kept += 1
        name = f"k_{self.kept}"
        self.emit(f"{name} = {value.text}")
        return Value(name, value.type, True)

    # Statements

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

    # Expressions

    def operands(self, nodes: Sequence[Node]) -> list[Value]:
        """Translate in order; what a later operand's statements could change is kept first."""
        values: list[Value] = []
        for node in nodes:
            with self.buffered() as lines:
                value = self.expression(node)
            if lines:
                values = [self.keep(earlier) for earlier in values]
                self.output.lines.extend(lines)
            values.append(value)
        return values

    def condition(self, node: Node) -> str:
        return self.truth(node, self.expression(node))

    def truth(self, node: Node, value: Value) -> str:
        """A word counts as true when it is not 0: a boolean kept in an undeclared temporary is a word."""
        if value.type.is_float:
            raise self.error(node, "a #boolean is wanted here, this is #float64")
        return value.text if value.type is Type.BOOLEAN else f"({value.text} != 0)"

    def check_assignable(self, node: Node, value: Value, wanted: Type) -> None:
        if value.type.is_float != wanted.is_float and not (value.constant == 0 and value.type is Type.LITERAL):
            raise self.error(node, f"#{wanted.value} is wanted here, this is #{value.type.value}")

    def expression(self, node: Node) -> Value:
        if isinstance(node, Literal):
            return self.literal(node)
        if isinstance(node, Variable):
            return self.variable(node)
        if isinstance(node, Assignment):
            return self.assignment(node)
        if isinstance(node, Send):
            return self.send(node)
        if isinstance(node, Cascade):
            *others, last = (
                Send(node.receiver, m.selector, m.arguments, start=node.start, stop=node.stop) for m in node.messages
            )
            for other in others:
                self.statement(other)
            return self.expression(last)
        if isinstance(node, Block):
            raise self.error(node, "blocks are not values in Slang")
        raise self.error(node, "this is not Slang")

    def literal(self, node: Literal) -> Value:
        value = node.value
        if isinstance(value, bool):
            return Value(str(int(value)), Type.BOOLEAN, True, int(value))
        if isinstance(value, Character):
            return self.constant(node, value.code)
        if isinstance(value, int):
            return self.constant(node, value)
        if isinstance(value, float):
            return Value(repr(value), Type.FLOAT64, True)
        raise self.error(node, "only integers, floats, characters, true and false are literals in Slang")

    def constant(self, node: Node, value: int) -> Value:
        if not -(1 << 31) <= value < 1 << 32:
            raise self.error(node, f"{value} does not fit in a word")
        return Value(str(value & 0xFFFFFFFF), Type.LITERAL, True, value & 0xFFFFFFFF)

    def local(self, name: str) -> str:
        """The Python local of a variable; an inner loop's counter hides an outer one of the same name."""
        return self.loop_locals.get(name, f"v_{name}")

    def variable(self, node: Variable) -> Value:
        name = node.name
        if name in self.types:
            return Value(self.local(name), self.types[name])
        if name in ("true", "false"):
            return Value(str(int(name == "true")), Type.BOOLEAN, True, int(name == "true"))
        if name in ("nil", "self", "super", "thisContext"):
            raise self.error(node, f"{name} has no value in Slang")
        if name in self.scope.constants:
            return self.constant(node, self.scope.constants[name])
        state_type = self.scope.state_type(name)
        if state_type is not None:
            return Value(self.scope.state_text(name), state_type)
        raise self.error(node, f"unknown name {name}")

    def assignment(self, node: Assignment) -> Value:
        name = node.variable.name
        value = self.expression(node.value)
        if name in self.types:
            target, target_type = self.local(name), self.types[name]
        else:
            state_type = self.scope.state_type(name)
            if state_type is None:
                raise self.error(node, f"unknown variable {name}")
            target, target_type = self.scope.state_text(name), state_type
        self.check_assignable(node.value, value, target_type)
        text = f"float({value.text})" if target_type.is_float and not value.type.is_float else value.text
        self.emit(f"{target} = {text}")
        return Value(target, target_type, True)

    def send(self, node: Send) -> Value:
        selector = node.selector
        if selector in LOOPS and (
            isinstance(node.receiver, Block) or selector in ("to:do:", "to:by:do:", "timesRepeat:")
        ):
            self.loop(node)
            return NOTHING
        if selector in CONDITIONALS:
            return self.conditional_value(node)
        if selector in ("and:", "or:"):
            return self.short_circuit(node)
        if isinstance(node.receiver, Variable) and node.receiver.name == "self":
            return self.self_send(node)
        if selector == "not":
            return Value(f"(not {self.condition(node.receiver)})", Type.BOOLEAN)
        if not node.arguments:
            return self.unary(node)
        left, right = self.operands((node.receiver, *node.arguments))
        return self.binary(node, left, right)

    def conditional_value(self, node: Send) -> Value:
        condition = self.condition(node.receiver)
        when_true, when_false = self.branches(node)
        self.kept += 1
        name = f"k_{self.kept}"
        self.emit(f"if {condition}:")
        types: list[Type] = []
        for index, branch in enumerate((when_true, when_false)):
            if index:
                self.emit("else:")
            with self.indented():
                value = NOTHING if branch is None else self.block_value(branch)
                self.emit(f"{name} = {value.text}")
                if branch is not None and value is not NOTHING:
                    types.append(value.type)
        return Value(name, joined(types[0], types[-1]) if types else Type.LITERAL, True)

    def short_circuit(self, node: Send) -> Value:
        left = self.condition(node.receiver)
        argument = node.arguments[0]
        word = "and" if node.selector == "and:" else "or"
        with self.buffered() as lines:
            self.depth += 1
            right = self.truth(argument, self.block_value(argument))
            self.depth -= 1
        if not lines:
            return Value(f"({left} {word} {right})", Type.BOOLEAN)
        self.kept += 1
        name = f"k_{self.kept}"
        self.emit(f"{name} = {left}")
        self.emit(f"if {name}:" if word == "and" else f"if not {name}:")
        self.output.lines.extend(lines)
        self.depth += 1
        self.emit(f"{name} = {right}")
        self.depth -= 1
        return Value(name, Type.BOOLEAN, True)

    def unary(self, node: Send) -> Value:
        value = self.expression(node.receiver)
        if node.selector == "negated":
            if value.type.is_float:
                return Value(f"(-{value.text})", Type.FLOAT64)
            return Value(f"(-{value.text} & {WORD})", value.type, value.settled)
        if node.selector == "bitInvert" and not value.type.is_float:
            return Value(f"({value.text} ^ {WORD})", value.type, value.settled)
        raise self.error(node, f"unknown message #{node.selector} to #{value.type.value}")

    def compare(self, operator: str, left: Value, right: Value) -> str:
        if operator in ("==", "!=") or left.type.is_float or joined(left.type, right.type).is_unsigned:
            return f"({left.text} {operator} {right.text})"
        texts = (
            str(v.constant ^ 0x80000000) if v.constant is not None else f"({v.text} ^ {SIGN})" for v in (left, right)
        )
        return f"({next(texts)} {operator} {next(texts)})"

    def binary(self, node: Send, left: Value, right: Value) -> Value:
        selector = node.selector
        result = joined(left.type, right.type)
        settled = left.settled and right.settled
        if left.type.is_float or right.type.is_float:
            if not (left.type.is_float and right.type.is_float):
                raise self.error(node, "one side is a #float64 and the other is not")
            if selector in COMPARISONS:
                return Value(self.compare(COMPARISONS[selector], left, right), Type.BOOLEAN, settled)
            if selector in FLOAT_OPERATIONS:
                return Value(f"{FLOAT_OPERATIONS[selector]}({left.text}, {right.text})", Type.FLOAT64, settled)
        elif selector in WRAPPING:
            text = f"(({left.text} {WRAPPING[selector]} {right.text}) & {WORD})"
            constant = None
            if left.constant is not None and right.constant is not None:
                a, b = left.constant, right.constant
                constant = {"+": a + b, "-": a - b, "*": a * b}[selector] & 0xFFFFFFFF
            return Value(text, result, settled, constant)
        elif selector in BITWISE:
            return Value(f"({left.text} {BITWISE[selector]} {right.text})", result, settled)
        elif selector in COMPARISONS:
            return Value(self.compare(COMPARISONS[selector], left, right), Type.BOOLEAN, settled)
        elif selector == "<<":
            return Value(self.shift_left_text(left, right), left.type, settled)
        elif selector == ">>":
            function = "shift_right_logical" if left.type.is_unsigned else "shift_right_arithmetic"
            if left.type.is_unsigned and right.constant is not None and right.constant < 32:
                return Value(f"({left.text} >> {right.constant})", left.type, settled)
            return Value(f"{function}({left.text}, {right.text})", left.type, settled)
        elif selector in DIVISIONS:
            return Value(f"{DIVISIONS[selector][result.is_unsigned]}({left.text}, {right.text})", result, settled)
        raise self.error(node, f"unknown message #{selector} to #{left.type.value}")

    def shift_left_text(self, left: Value, right: Value) -> str:
        if right.constant is not None and right.constant < 32:
            return f"(({left.text} << {right.constant}) & {WORD})"
        return f"shift_left({left.text}, {right.text})"

    # Sends to self

    def self_send(self, node: Send) -> Value:
        selector = node.selector
        if selector in LOADS:
            function, result = LOADS[selector]
            (address,) = self.operands(node.arguments)
            return Value(f"{function}({address.text})", result)
        if selector in STORES:
            address, value = self.operands(node.arguments)
            result = Type.FLOAT64 if selector == "floatAt:put:" else Type.INT32
            return Value(f"{STORES[selector]}({address.text}, {value.text})", result)
        if selector in UNARY_INTRINSICS:
            template, result = UNARY_INTRINSICS[selector]
            (operand,) = self.operands(node.arguments)
            return Value(template.format(operand.text), result)
        if selector in OVERFLOW:
            return self.overflow(node)
        if selector == "highProductOf:and:":
            left, right = self.operands(node.arguments)
            return Value(f"({left.text} * {right.text} >> 32)", Type.UINT32)
        if selector == "isInterruptPending":
            return Value("(R[8] & 1024 != 0)", Type.BOOLEAN)
        if selector in ("maskInterrupts", "unmaskInterrupts"):
            return Value(f"{'mask' if selector == 'maskInterrupts' else 'unmask'}_interrupts()", Type.INT32)
        if selector in ("addressOf:", "addressOfState:"):
            return self.address_of(node)
        if selector in TRANSFERS:
            raise self.error(node, f"#{selector} ends a threaded routine: write ^ before it")
        return self.call(node)

    def overflow(self, node: Send) -> Value:
        left, right = self.operands(node.arguments[:2])
        block = self.block(node.arguments[2])
        self.kept += 1
        name = f"k_{self.kept}"
        self.emit(f"{name} = signed({left.text}) {OVERFLOW[node.selector]} signed({right.text})")
        self.emit(f"if not -0x80000000 <= {name} < 0x80000000:")
        with self.indented():
            for statement in block.statements:
                self.statement(statement)
        self.emit(f"{name} &= {WORD}")
        return Value(name, Type.INT32, True)

    def address_of(self, node: Send) -> Value:
        argument = node.arguments[0]
        if not (isinstance(argument, Literal) and isinstance(argument.value, str | Symbol)):
            raise self.error(argument, "a symbol is wanted here")
        name = str(argument.value)
        if node.selector == "addressOf:":
            return Value(f"address_of({name!r})", Type.ADDRESS, True)
        address = self.scope.state_address(name)
        if address is None:
            raise self.error(argument, f"{name} is no VM variable in memory")
        return Value(str(address), Type.ADDRESS, True)

    def call(self, node: Send) -> Value:
        method = self.scope.method(node.selector)
        if method is None:
            raise self.error(node, f"unknown selector #{node.selector}")
        if method.is_threaded:
            raise self.error(node, f"#{node.selector} is threaded: it can only be jumped to, with ^")
        values = self.operands(node.arguments)
        for argument, value in zip(node.arguments, values, strict=True):
            if value.type.is_float:
                raise self.error(argument, "parameters are not allowed to be floats")
        texts = ", ".join(value.text for value in values)
        return Value(f"{function_name(node.selector)}({texts})", method.returns)
