"""Lowering of expressions: assignments, literals, operators and truth values."""

from __future__ import annotations

from hardtalk.slang.fold import fold
from hardtalk.slang.intrinsics import ARITHMETIC, CONDITIONALS, DIVISIONS, RELATIONS, RESULT_TYPES
from hardtalk.slang.ir import Operand, Reg
from hardtalk.slang.lower_base import Value
from hardtalk.slang.lower_control import LoweringControl
from hardtalk.slang.types import WORD_MASK, Type, joined
from hardtalk.slang.variables import is_simple
from hardtalk.smalltalk import ast


class LoweringValues(LoweringControl):
    """The part of lowering that makes values."""

    def assign(self, node: ast.Assignment) -> Value:
        name, frame, program = node.variable.name, self.frames[-1], self.program
        operand, value_type = self.value(node.value)
        if self.is_temporary(frame, name) or name in frame.bindings:
            declared = frame.method.types.get(name, Type.INT32)
            if declared.is_float != value_type.is_float:
                self.fail(
                    node,
                    f"{name} is #{declared.value}, the value is #{value_type.value}; convert with "
                    "floatFromInteger: or integerFromFloat:, or declare another type",
                )
            move = "fmov" if declared.is_float else "mov"
            if name in frame.bindable:
                if isinstance(operand, Reg) and not operand.single:
                    copy = self.graph.new_reg(name, is_float=declared.is_float)
                    self.emit(move, copy, [operand])
                    operand = copy
                frame.bindings[name] = (operand, declared)
            else:
                register = frame.bindings.get(name, (None, declared))[0]
                if not isinstance(register, Reg):
                    register = self.graph.new_reg(name, single=False, is_float=declared.is_float)
                    frame.bindings[name] = (register, declared)
                self.emit(move, register, [operand])
            return frame.bindings[name][0], declared
        self.require_visible(node.variable)
        declared = program.state_types.get(name, Type.INT32)
        if value_type.is_float:
            self.fail(node, f"{name} is a word of the VM state; a float lives only in temporaries")
        if name in self.pinned:
            self.emit("mov", self.pinned[name], [operand])
        else:
            self.emit(
                "st", None, [operand, self.vm_base, program.state[name]], "w", volatile="volatile" in frame.method.flags
            )
        return operand, declared

    def typed_values(self, nodes: tuple[ast.Node, ...]) -> list[Value]:
        """The nodes' values, left to right; a variable that a later node may change is copied first."""
        result: list[Value] = []
        for position, node in enumerate(nodes):
            operand, value_type = self.value(node)
            changeable = isinstance(operand, Reg) and not operand.single
            if changeable and not all(is_simple(later) for later in nodes[position + 1 :]):
                copy = self.graph.new_reg(is_float=value_type.is_float)
                self.emit("fmov" if value_type.is_float else "mov", copy, [operand])
                operand = copy
            result.append((operand, value_type))
        return result

    def value(self, node: ast.Node) -> Value:
        if isinstance(node, ast.Literal):
            return self.literal(node)
        if isinstance(node, ast.Variable):
            return self.read_variable(node)
        if isinstance(node, ast.Assignment):
            return self.assign(node)
        if isinstance(node, ast.Send):
            if self.is_to_self(node):
                return self.self_send(node, wanted=True)
            return self.operation(node)
        self.fail(node, "this has no meaning in Slang; see docs/slang.md")

    def literal(self, node: ast.Literal) -> Value:
        value = node.value
        if isinstance(value, bool):
            return int(value), Type.BOOLEAN
        if isinstance(value, int):
            if not -(1 << 31) <= value < 1 << 32:
                self.fail(node, f"{value} does not fit in 32 bits")
            return value & WORD_MASK, Type.LITERAL
        code = getattr(value, "code", None)
        if isinstance(code, int):
            return code, Type.LITERAL
        self.fail(node, "only integers and characters are values in Slang; a Symbol names things for addressOf:")

    def operation(self, node: ast.Send) -> Value:
        """A send whose receiver is a value: an operator."""
        selector = node.selector
        self.set_place(node)
        if selector in CONDITIONALS:
            return self.conditional_value(node)
        if selector in RELATIONS or selector in ("and:", "or:", "not"):
            return self.truth_value(node)
        if selector == "negated":
            operand, value_type = self.value(node.receiver)
            if value_type.is_float:
                return self.value_of("fneg", [operand], is_float=True), value_type
            return self.value_of("sub", [0, operand]), value_type
        if selector == "bitInvert":
            operand, value_type = self.value(node.receiver)
            return self.value_of("mvn", [operand]), value_type
        if selector not in ARITHMETIC and selector not in DIVISIONS:
            self.unknown(node)
        (left, left_type), (right, right_type) = self.typed_values((node.receiver, node.arguments[0]))
        if Type.BOOLEAN in (left_type, right_type):
            self.fail(node, f"{selector} is not for #boolean; use and:, or:, not, or ifTrue:ifFalse:")
        if left_type.is_float or right_type.is_float:
            return self.float_operation(node, (left, left_type), (right, right_type))
        if selector == ">>":
            return self.value_of("shr" if left_type.is_unsigned else "sar", [left, right]), left_type
        if selector == "<<":
            return self.value_of("shl", [left, right]), left_type
        value_type = joined(left_type, right_type)
        if selector in DIVISIONS:
            return self.division(node, left, right, value_type), value_type
        return self.value_of(ARITHMETIC[selector], [left, right]), value_type

    def float_operation(self, node: ast.Send, left: Value, right: Value) -> Value:
        names = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
        if not (left[1].is_float and right[1].is_float) or node.selector not in names:
            self.fail(
                node,
                f"{node.selector} is not for these operands; floats have + - * / and comparisons, "
                "and both sides must be floats",
            )
        return self.value_of(names[node.selector], [left[0], right[0]], is_float=True), Type.FLOAT64

    def division(self, node: ast.Send, left: Operand, right: Operand, value_type: Type) -> Operand:
        power = right.bit_length() - 1 if isinstance(right, int) and right and right & (right - 1) == 0 else None
        rounds_down = node.selector in ("//", "\\\\")
        if power is not None and right != 1 << 31 and (rounds_down or value_type.is_unsigned):
            if node.selector in ("\\\\", "rem:"):
                return self.value_of("and", [left, (1 << power) - 1])
            return self.value_of("shr" if value_type.is_unsigned else "sar", [left, power])
        selector = DIVISIONS[node.selector][0 if value_type.is_unsigned else 1]
        target = self.program.methods.get(selector)
        if target is None:
            self.fail(node, f"the run-time method {selector} is missing from the program")
        result = self.graph.new_reg()
        self.emit("call", result, [left, right], target.symbol)
        return result

    def conditional_value(self, node: ast.Send) -> Value:
        """The value of ifTrue:ifFalse:; its type is that of the first arm."""
        arm_type = self.type_of_arm(node.arguments[0])
        if arm_type is Type.LITERAL and len(node.arguments) > 1:
            arm_type = self.type_of_arm(node.arguments[1])
        result = self.graph.new_reg(single=False, is_float=arm_type.is_float)
        self.conditional(node, result)
        return result, arm_type

    def type_of_arm(self, node: ast.Node) -> Type:
        """The type an arm's value will have, found without lowering it."""
        if isinstance(node, ast.Block):
            return self.type_of_arm(node.statements[-1]) if node.statements else Type.LITERAL
        frame, program = self.frames[-1], self.program
        if isinstance(node, ast.Literal):
            return Type.LITERAL
        if isinstance(node, ast.Assignment):
            return self.type_of_arm(node.variable)
        if isinstance(node, ast.Variable):
            if node.name in frame.bindings:
                return frame.bindings[node.name][1]
            if self.is_temporary(frame, node.name):
                return frame.method.types.get(node.name, Type.INT32)
            if node.name in ("true", "false"):
                return Type.BOOLEAN
            return Type.LITERAL if node.name in program.constants else program.state_types.get(node.name, Type.INT32)
        if isinstance(node, ast.Send):
            if self.is_to_self(node):
                if node.selector in program.methods:
                    return program.methods[node.selector].returns
                return RESULT_TYPES.get(node.selector, Type.INT32)
            if node.selector in RELATIONS or node.selector in ("and:", "or:", "not"):
                return Type.BOOLEAN
            if node.selector in CONDITIONALS or node.selector in ("negated", "bitInvert", "<<", ">>"):
                return self.type_of_arm(node.arguments[0] if node.selector in CONDITIONALS else node.receiver)
            if node.arguments:
                return joined(self.type_of_arm(node.receiver), self.type_of_arm(node.arguments[0]))
        return Type.INT32

    def truth_value(self, node: ast.Node) -> Value:
        """A condition used as a value: 1 or 0."""
        if isinstance(node, ast.Send) and node.selector in RELATIONS:
            (left, left_type), (right, right_type) = self.typed_values((node.receiver, node.arguments[0]))
            if not left_type.is_float and not right_type.is_float:
                code = RELATIONS[node.selector][1 if joined(left_type, right_type).is_unsigned else 0]
                folded = fold(f"cmp.{code}", [left, right])
                if folded is not None:
                    return folded, Type.BOOLEAN
                dest = self.graph.new_reg()
                self.emit("set", dest, [left, right], code)
                return dest, Type.BOOLEAN
        result = self.graph.new_reg(single=False)
        if_true, if_false, join = self.new_block(), self.new_block(), self.new_block()
        self.condition(node, if_true, if_false)
        self.start(if_true)
        self.emit("mov", result, [1])
        self.terminate("jmp", targets=(join,))
        self.start(if_false)
        self.emit("mov", result, [0])
        self.start(join)
        return result, Type.BOOLEAN
