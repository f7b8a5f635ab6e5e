"""Translates one Slang method to the source of one Python function with the same meaning.

An expression becomes Python text; whatever needs statements of its own (a loop, a conditional value, an overflow block)
is emitted before the statement it stands in, and operands already translated are first kept in a local so that
evaluation stays left to right.
"""

from __future__ import annotations

from hardtalk.slang.simulate_base import NOTHING, Value, function_name
from hardtalk.slang.simulate_control import ControlTranslator
from hardtalk.slang.simulate_operations import (
    BITWISE,
    COMPARISONS,
    CONDITIONALS,
    DIVISIONS,
    FLOAT_OPERATIONS,
    LOADS,
    LOOPS,
    OVERFLOW,
    STORES,
    TRANSFERS,
    UNARY_INTRINSICS,
    WORD,
    WRAPPING,
)
from hardtalk.slang.types import Type, joined
from hardtalk.smalltalk.ast import Assignment, Block, Cascade, Literal, Node, Send, Variable
from hardtalk.smalltalk.literals import Character, Symbol


class MethodTranslator(ControlTranslator):
    """One method; `translate` answers its Python source and the Slang source offset of each of its lines."""

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
