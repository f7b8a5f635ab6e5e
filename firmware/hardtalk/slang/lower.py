"""Lowering: a Slang method's syntax tree to the intermediate representation, inlining and folding on the way.

A variable that is assigned once, before all its uses, is bound straight to the value; the others get a register
that is assigned several times. Calls to small or `<inline>` methods are lowered in place with the arguments bound the
same way, so constants reach the expressions that fold on them. Conditions are lowered as control flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from hardtalk.slang.errors import slang_error
from hardtalk.slang.fold import fold
from hardtalk.slang.intrinsics import (
    ARITHMETIC,
    CONDITIONALS,
    DIVISIONS,
    LOADS,
    OVERFLOWING,
    RELATIONS,
    STORES,
)
from hardtalk.slang.ir import TABLE, VM_BASE, Block, Graph, Inst, Operand, Reg
from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.types import WORD_MASK, Type, joined
from hardtalk.slang.variables import is_simple, weight
from hardtalk.smalltalk import ast

INLINE_WEIGHT = 16
PENDING_BIT = 1024
Value = tuple[Operand, Type]


@dataclass
class Frame:
    """One method being lowered, at the root or inlined, and where its `^` leads."""

    method: SlangMethod
    bindings: dict[str, Value]
    bindable: frozenset[str]
    kind: str
    result: Reg | None = None
    join: Block | None = None
    if_true: Block | None = None
    if_false: Block | None = None
    direct: Value | None = None


class Lowering:
    """Lowers one routine. `index` is the constant first parameter of a routine compiled for a range."""

    def __init__(self, program: Program, method: SlangMethod, index: int | None = None) -> None:
        self.program = program
        name = method.symbol if index is None else f"{method.symbol}#{index}"
        self.graph = Graph(name, [], [], method.is_threaded)
        self.depth = 0
        self.block_count = 0
        self.block = self.new_block()
        self.graph.blocks.append(self.block)
        self.place = ("", 0)
        self.vm_base = Reg(-VM_BASE, fixed=VM_BASE)
        self.table = Reg(-TABLE, fixed=TABLE)
        self.pinned = {name: Reg(-number, name, single=False, fixed=number) for name, number in program.pinned.items()}
        self.graph.pinned = tuple(self.pinned.values())
        self.frames: list[Frame] = []
        frame = Frame(method, {}, method.bindable, "threaded" if method.is_threaded else "root")
        self.frames.append(frame)
        for position, parameter in enumerate(method.parameters):
            declared = method.types.get(parameter, Type.INT32)
            if position == 0 and index is not None:
                frame.bindings[parameter] = (index, declared)
                continue
            incoming = self.graph.new_reg(parameter)
            self.graph.parameters.append(incoming)
            self.bind_parameter(frame, parameter, incoming, declared)

    def run(self) -> Graph:
        """The finished graph."""
        method = self.frames[0].method
        self.statements(method.node.statements)
        if self.block.terminator is None:
            self.terminate("next" if method.is_threaded else "ret")
        self.graph.drop_unreachable()
        return self.graph

    # Blocks and instructions

    def new_block(self) -> Block:
        self.block_count += 1
        return Block(self.block_count, self.depth)

    def start(self, block: Block) -> None:
        if self.block.terminator is None:
            self.terminate("jmp", targets=(block,))
        block.depth = self.depth
        self.graph.blocks.append(block)
        self.block = block

    def emit(self, op: str, dest: Reg | None = None, args: list[Operand] | None = None, detail: str = "",
             volatile: bool = False) -> None:
        self.block.insts.append(Inst(op, dest, args or [], detail, (), self.place, volatile))

    def terminate(self, op: str, args: list[Operand] | None = None, detail: str = "",
                  targets: tuple[Block, ...] = (), dest: Reg | None = None) -> None:
        if self.block.terminator is None:
            self.block.insts.append(Inst(op, dest, args or [], detail, targets, self.place))

    def after_transfer(self) -> None:
        block = self.new_block()
        self.graph.blocks.append(block)
        self.block = block

    def value_of(self, op: str, args: list[Operand], detail: str = "", is_float: bool = False) -> Operand:
        """The folded constant, or a new register that holds the operation's result."""
        folded = fold(op, args)
        if folded is not None:
            return folded
        dest = self.graph.new_reg(is_float=is_float)
        self.emit(op, dest, args, detail)
        return dest

    def fail(self, node: ast.Node, message: str) -> NoReturn:
        method = self.frames[-1].method
        raise slang_error(method.definition, method.node, node, message)

    # Variables

    def bind_parameter(self, frame: Frame, name: str, operand: Operand, declared: Type) -> None:
        if name in frame.bindable and not (isinstance(operand, Reg) and not operand.single):
            frame.bindings[name] = (operand, declared)
            return
        copy = self.graph.new_reg(name, single=name in frame.bindable, is_float=declared.is_float)
        self.emit("fmov" if declared.is_float else "mov", copy, [operand])
        frame.bindings[name] = (copy, declared)

    def read_variable(self, node: ast.Variable) -> Value:
        name, frame, program = node.name, self.frames[-1], self.program
        if name in frame.bindings:
            return frame.bindings[name]
        if name in frame.method.parameters or self.is_temporary(frame, name):
            declared = frame.method.types.get(name, Type.INT32)
            register = self.graph.new_reg(name, single=False, is_float=declared.is_float)
            frame.bindings[name] = (register, declared)
            return frame.bindings[name]
        if name in ("true", "false"):
            return int(name == "true"), Type.BOOLEAN
        if name in program.constants:
            return program.constants[name] & WORD_MASK, Type.LITERAL
        self.require_visible(node)
        declared = program.state_types.get(name, Type.INT32)
        if name in self.pinned:
            return self.pinned[name], declared
        dest = self.graph.new_reg(name)
        self.emit("ld", dest, [self.vm_base, program.state[name]], "w",
                  volatile="volatile" in frame.method.flags)
        return dest, declared

    def is_temporary(self, frame: Frame, name: str) -> bool:
        return name in frame.method.temporaries

    def require_visible(self, node: ast.Variable) -> None:
        name, program = node.name, self.program
        if name in ("nil", "self", "super", "thisContext"):
            remedy = "write 0 or nilObject" if name == "nil" else "only sends to self mean something in Slang"
            self.fail(node, f"{name} is not a value in Slang; {remedy}")
        if name not in program.state and name not in program.pinned:
            kind = "constant" if name[0].isupper() else "variable"
            self.fail(node, f"unknown {kind} {name}; declare it as a temporary, an instance variable or a constant")
        if name not in program.visible[self.frames[-1].method.class_name]:
            self.fail(node, f"{name} belongs to another class; use a method of that class")

    def assign(self, node: ast.Assignment) -> Value:
        name, frame, program = node.variable.name, self.frames[-1], self.program
        operand, value_type = self.value(node.value)
        if self.is_temporary(frame, name) or name in frame.bindings:
            declared = frame.method.types.get(name, Type.INT32)
            if declared.is_float != value_type.is_float:
                self.fail(node, f"{name} is #{declared.value}, the value is #{value_type.value}; convert with "
                          "floatFromInteger: or integerFromFloat:, or declare another type")
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
            self.emit("st", None, [operand, self.vm_base, program.state[name]], "w")
        return operand, declared

    # Statements

    def statements(self, nodes: tuple[ast.Node, ...]) -> None:
        for node in nodes:
            self.effect(node)

    def set_place(self, node: ast.Node) -> None:
        method = self.frames[-1].method
        self.place = (method.definition.file, method.line_of(node))

    def effect(self, node: ast.Node) -> None:
        """Lowers a statement whose value nobody uses."""
        self.set_place(node)
        if isinstance(node, ast.Return):
            self.return_value(node.value)
        elif isinstance(node, ast.Assignment):
            self.assign(node)
        elif isinstance(node, ast.Send) and node.selector in CONDITIONALS:
            self.conditional(node, None)
        elif isinstance(node, ast.Send) and self.is_loop(node):
            self.loop(node)
        elif isinstance(node, ast.Send) and self.is_to_self(node):
            self.self_send(node, wanted=False)
        elif isinstance(node, ast.Cascade):
            for message in node.messages:
                self.effect(ast.Send(node.receiver, message.selector, message.arguments,
                                     start=message.start, stop=message.stop))
        else:
            self.value(node)

    def return_value(self, node: ast.Node) -> None:
        frame = self.frames[-1]
        if frame.kind == "threaded":
            self.transfer(node)
        elif frame.kind == "root":
            operand, value_type = self.value(node)
            if value_type.is_float:
                self.fail(node, "a float cannot be returned; store it with floatAt:put:")
            self.terminate("ret", [operand])
            self.after_transfer()
        elif frame.kind == "condition":
            assert frame.if_true is not None and frame.if_false is not None
            self.condition(node, frame.if_true, frame.if_false)
            self.after_transfer()
        else:
            assert frame.join is not None
            if frame.kind == "effect":
                self.effect(node)
            else:
                operand, _ = self.value(node)
                assert frame.result is not None
                self.emit("fmov" if frame.result.is_float else "mov", frame.result, [operand])
            self.terminate("jmp", targets=(frame.join,))
            self.after_transfer()

    def transfer(self, node: ast.Node) -> None:
        """A threaded routine's `^`: a jump to what comes next."""
        self.set_place(node)
        if isinstance(node, ast.Send) and node.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
            arms = [argument for argument in node.arguments if isinstance(argument, ast.Block)]
            if_true, if_false = self.new_block(), self.new_block()
            self.condition(node.receiver, if_true, if_false)
            if node.selector == "ifFalse:ifTrue:":
                arms.reverse()
            for block, arm in ((if_true, arms[0]), (if_false, arms[1])):
                self.start(block)
                self.statements(arm.statements[:-1])
                last = arm.statements[-1]
                self.transfer(last.value if isinstance(last, ast.Return) else last)
            return
        if not isinstance(node, ast.Send) or not self.is_to_self(node):
            self.fail(node, "a threaded routine ends in a transfer: ^ self nextBytecode, currentBytecode, "
                      "transferTo:… or another threaded routine")
        if node.selector in ("nextBytecode", "currentBytecode"):
            self.terminate("next" if node.selector == "nextBytecode" else "current")
        elif node.selector.startswith("transferTo:"):
            self.terminate("transfer", self.values(node.arguments))
        else:
            target = self.program.methods.get(node.selector)
            if target is None:
                self.unknown(node)
            if not target.is_threaded:
                self.fail(node, f"{node.selector} is not a threaded routine, so it comes back; end with a transfer")
            if target.is_ranged:
                self.fail(node, f"{node.selector} is compiled for a range of numbers and has no single entry")
            arguments = self.values(node.arguments)
            if "inline" in target.flags:
                self.inline(node, target, arguments, "threaded")
                return
            self.terminate("tail", arguments, target.symbol)
        self.after_transfer()

    def arm(self, node: ast.Node, result: Reg | None) -> None:
        """A conditional's arm, a block or a plain expression; its value goes to `result` when that is wanted."""
        if not isinstance(node, ast.Block):
            if result is not None:
                self.move_into(result, node)
            else:
                self.effect(node)
            return
        if result is None:
            self.statements(node.statements)
            return
        self.statements(node.statements[:-1])
        if not node.statements:
            self.fail(node, "an empty block has no value; give the value, or use the conditional as a statement")
        last = node.statements[-1]
        if isinstance(last, ast.Return):
            self.effect(last)
        else:
            self.move_into(result, last)

    def move_into(self, result: Reg, node: ast.Node) -> None:
        operand, value_type = self.value(node)
        if value_type.is_float != result.is_float:
            self.fail(node, "both arms of a conditional must be words, or both floats")
        self.emit("fmov" if value_type.is_float else "mov", result, [operand])

    def conditional(self, node: ast.Send, result: Reg | None) -> None:
        wants_true = node.selector.startswith("ifTrue:")
        arms = node.arguments
        if_true, if_false, join = self.new_block(), self.new_block(), self.new_block()
        first, second = (if_true, if_false) if wants_true else (if_false, if_true)
        if len(arms) == 1:
            if result is not None:
                self.fail(node, f"{node.selector} has no value when the condition does not hold; give both arms")
            second = join
            self.condition(node.receiver, *((first, join) if wants_true else (join, first)))
        else:
            self.condition(node.receiver, if_true, if_false)
        self.start(first)
        self.arm(arms[0], result)
        self.terminate("jmp", targets=(join,))
        if len(arms) == 2:
            self.start(second)
            self.arm(arms[1], result)
            self.terminate("jmp", targets=(join,))
        self.start(join)

    # Loops

    def is_loop(self, node: ast.Send) -> bool:
        return node.selector in ("whileTrue:", "whileFalse:", "whileTrue", "whileFalse", "repeat", "to:do:",
                                 "to:by:do:", "timesRepeat:")

    def loop(self, node: ast.Send) -> None:
        if node.selector in ("to:do:", "to:by:do:"):
            self.counted_loop(node)
        elif node.selector == "timesRepeat:":
            self.times_loop(node)
        elif node.selector == "repeat":
            body = self.new_block()
            self.depth += 1
            self.start(body)
            self.statements(self.block_of(node.receiver).statements)
            self.terminate("jmp", targets=(body,))
            self.depth -= 1
            self.after_transfer()
        else:
            self.while_loop(node)

    def block_of(self, node: ast.Node) -> ast.Block:
        if not isinstance(node, ast.Block):
            self.fail(node, "expected a literal block here; blocks are not values in Slang")
        return node

    def while_loop(self, node: ast.Send) -> None:
        condition = self.block_of(node.receiver)
        body_node = self.block_of(node.arguments[0]) if node.arguments else None
        body, test, done = self.new_block(), self.new_block(), self.new_block()
        wants_true = node.selector.startswith("whileTrue")

        def test_condition() -> None:
            if not condition.statements:
                self.fail(condition, "a loop's condition block needs an expression")
            self.statements(condition.statements[:-1])
            last = condition.statements[-1]
            self.condition(last, *((body, done) if wants_true else (done, body)))

        if body_node is not None and len(condition.statements) == 1 and weight(condition) <= 12:
            test_condition()
        else:
            self.terminate("jmp", targets=(test if body_node is not None else body,))
        self.depth += 1
        self.start(body)
        if body_node is not None:
            self.statements(body_node.statements)
        self.start(test)
        test_condition()
        self.depth -= 1
        self.start(done)

    def counted_loop(self, node: ast.Send) -> None:
        block = self.block_of(node.arguments[-1])
        step = 1
        if node.selector == "to:by:do:":
            step_operand, _ = self.value(node.arguments[1])
            if not isinstance(step_operand, int) or step_operand == 0:
                self.fail(node.arguments[1], "the step of to:by:do: must be a constant other than 0")
            step = step_operand if step_operand < 1 << 31 else step_operand - (1 << 32)
        if len(block.parameters) != 1:
            self.fail(block, "the block of to:do: takes one parameter")
        frame = self.frames[-1]
        first, first_type = self.value(node.receiver)
        limit, limit_type = self.value(node.arguments[0])
        if isinstance(limit, Reg) and not limit.single:
            copy = self.graph.new_reg()
            self.emit("mov", copy, [limit])
            limit = copy
        name = block.parameters[0].name
        declared = frame.method.types.get(name, joined(first_type, limit_type))
        declared = Type.INT32 if declared is Type.LITERAL else declared
        counter = self.graph.new_reg(name, single=False)
        self.emit("mov", counter, [first])
        outer = frame.bindings.get(name)
        frame.bindings[name] = (counter, declared)
        body, done = self.new_block(), self.new_block()
        relation = "<=" if step > 0 else ">="
        code = RELATIONS[relation][1 if joined(declared, limit_type).is_unsigned else 0]
        self.branch(code, first, limit, body, done)
        self.depth += 1
        self.start(body)
        self.statements(block.statements)
        self.set_place(node)
        self.emit("add", counter, [counter, step & WORD_MASK])
        self.branch(code, counter, limit, body, done)
        self.depth -= 1
        self.start(done)
        if outer is None:
            del frame.bindings[name]
        else:
            frame.bindings[name] = outer

    def times_loop(self, node: ast.Send) -> None:
        count, _ = self.value(node.receiver)
        counter = self.graph.new_reg("count", single=False)
        self.emit("mov", counter, [count])
        body, done = self.new_block(), self.new_block()
        self.branch("gt", count, 0, body, done)
        self.depth += 1
        self.start(body)
        self.statements(self.block_of(node.arguments[0]).statements)
        self.emit("sub", counter, [counter, 1])
        self.branch("gt", counter, 0, body, done)
        self.depth -= 1
        self.start(done)

    # Conditions

    def branch(self, code: str, left: Operand, right: Operand, if_true: Block, if_false: Block) -> None:
        folded = fold(f"cmp.{code}", [left, right])
        if folded is not None:
            self.terminate("jmp", targets=(if_true if folded else if_false,))
        else:
            self.terminate("br", [left, right], code, (if_true, if_false))

    def condition(self, node: ast.Node, if_true: Block, if_false: Block) -> None:
        """Ends the current block with a branch on the node's truth."""
        self.set_place(node)
        if isinstance(node, ast.Send):
            if node.selector in ("and:", "or:") and isinstance(node.arguments[0], ast.Block):
                middle = self.new_block()
                if node.selector == "and:":
                    self.condition(node.receiver, middle, if_false)
                else:
                    self.condition(node.receiver, if_true, middle)
                self.start(middle)
                block = node.arguments[0]
                self.statements(block.statements[:-1])
                self.condition(block.statements[-1], if_true, if_false)
                return
            if node.selector == "not":
                self.condition(node.receiver, if_false, if_true)
                return
            if node.selector in RELATIONS and not self.is_to_self(node):
                self.relation(node, if_true, if_false)
                return
            if self.is_to_self(node):
                if node.selector == "isInterruptPending":
                    self.terminate("br", [self.table, PENDING_BIT], "tn", (if_true, if_false))
                    return
                target = self.program.methods.get(node.selector)
                if target is not None and self.should_inline(target):
                    arguments = self.values(node.arguments)
                    self.inline(node, target, arguments, "condition", if_true=if_true, if_false=if_false)
                    return
        operand, _ = self.value(node)
        self.branch("ne", operand, 0, if_true, if_false)

    def relation(self, node: ast.Send, if_true: Block, if_false: Block) -> None:
        pair = self.typed_values((node.receiver, node.arguments[0]))
        (left, left_type), (right, right_type) = pair
        if left_type.is_float or right_type.is_float:
            if not (left_type.is_float and right_type.is_float):
                self.fail(node, f"{node.selector} compares a float with a word; convert with floatFromInteger:")
            self.terminate("fbr", [left, right], RELATIONS[node.selector][2], (if_true, if_false))
            return
        code = RELATIONS[node.selector][1 if joined(left_type, right_type).is_unsigned else 0]
        self.branch(code, left, right, if_true, if_false)

    # Values

    def values(self, nodes: tuple[ast.Node, ...]) -> list[Operand]:
        return [operand for operand, _ in self.typed_values(nodes)]

    def typed_values(self, nodes: tuple[ast.Node, ...]) -> list[Value]:
        """The nodes' values, left to right; a variable that a later node may change is copied first."""
        result: list[Value] = []
        for position, node in enumerate(nodes):
            operand, value_type = self.value(node)
            changeable = isinstance(operand, Reg) and not operand.single
            if changeable and not all(is_simple(later) for later in nodes[position + 1:]):
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
            self.fail(node, f"{node.selector} is not for these operands; floats have + - * / and comparisons, "
                      "and both sides must be floats")
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
                return {"squareRoot:": Type.FLOAT64, "floatFromInteger:": Type.FLOAT64, "floatAt:": Type.FLOAT64,
                        "addressOf:": Type.ADDRESS, "addressOfState:": Type.ADDRESS,
                        "highProductOf:and:": Type.UINT32}.get(node.selector, Type.INT32)
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

    # Sends to self

    def is_to_self(self, node: ast.Send) -> bool:
        return isinstance(node.receiver, ast.Variable) and node.receiver.name == "self"

    def unknown(self, node: ast.Send) -> NoReturn:
        if not self.is_to_self(node):
            self.fail(node, f"unknown operator {node.selector}; methods of the program are sent to self")
        from difflib import get_close_matches

        near = get_close_matches(node.selector, [*self.program.methods, *LOADS, *STORES, *OVERFLOWING], 1)
        hint = f"did you mean {near[0]}?" if near else "define it in a class of the program"
        self.fail(node, f"unknown selector {node.selector}; {hint}")

    def self_send(self, node: ast.Send, wanted: bool) -> Value:
        self.set_place(node)
        selector = node.selector
        target = self.program.methods.get(selector)
        if target is None:
            return self.intrinsic(node)
        if len(node.arguments) != len(target.parameters):
            self.fail(node, f"{selector} takes {len(target.parameters)} arguments")
        if target.is_threaded:
            self.fail(node, f"{selector} is a threaded routine: it never comes back, so it must be returned (^ self …)")
        arguments = self.values(node.arguments)
        if self.should_inline(target):
            return self.inline(node, target, arguments, "value" if wanted else "effect")
        result = self.graph.new_reg() if wanted else None
        self.emit("call", result, arguments, target.external or target.symbol)
        return (result if result is not None else 0), target.returns

    def should_inline(self, target: SlangMethod) -> bool:
        if target.external or "noInline" in target.flags or target.is_threaded or target.recursion_depth:
            return False
        if any(frame.method is target for frame in self.frames):
            return False
        if "inline" in target.flags:
            return True
        return target.weight <= INLINE_WEIGHT

    def inline(self, node: ast.Send, target: SlangMethod, arguments: list[Operand], kind: str,
               if_true: Block | None = None, if_false: Block | None = None) -> Value:
        frame = Frame(target, {}, target.bindable, kind, if_true=if_true, if_false=if_false)
        for name, operand in zip(target.parameters, arguments, strict=True):
            self.bind_parameter(frame, name, operand, target.types.get(name, Type.INT32))
        self.frames.append(frame)
        statements = target.node.statements
        result: Value = (0, target.returns)
        if kind in ("threaded", "condition"):
            self.statements(statements)
            if kind == "threaded":
                self.terminate("next")
                self.after_transfer()
            elif self.block.terminator is None and frame.if_false is not None:
                self.terminate("jmp", targets=(frame.if_false,))
                self.after_transfer()
        elif target.returns_only_at_end:
            self.statements(statements[:-1])
            last = statements[-1] if statements else None
            if isinstance(last, ast.Return):
                if kind == "value":
                    result = (self.value(last.value)[0], target.returns)
                else:
                    self.effect(last.value)
            elif last is not None:
                self.effect(last)
        else:
            frame.join = self.new_block()
            is_float = target.returns.is_float
            frame.result = self.graph.new_reg(single=False, is_float=is_float) if kind == "value" else None
            self.statements(statements)
            self.start(frame.join)
            result = (frame.result if frame.result is not None else 0, target.returns)
        self.frames.pop()
        self.set_place(node)
        return result

    def intrinsic(self, node: ast.Send) -> Value:
        selector, volatile = node.selector, "volatile" in self.frames[-1].method.flags
        if selector in LOADS:
            base, = self.values(node.arguments)
            dest = self.graph.new_reg()
            self.emit("ld", dest, [base, 0], LOADS[selector], volatile=volatile)
            return dest, Type.INT32
        if selector in STORES:
            base, stored = self.values(node.arguments)
            self.emit("st", None, [stored, base, 0], STORES[selector], volatile=volatile)
            return stored, Type.INT32
        if selector in OVERFLOWING:
            return self.overflowing(node)
        if selector in ("countLeadingZeros:", "countTrailingZeros:"):
            operand, = self.values(node.arguments)
            if selector == "countTrailingZeros:":
                lowest = self.value_of("and", [operand, self.value_of("sub", [0, operand])])
                zeros = self.value_of("clz", [lowest])
                return self.trailing_zeros(zeros), Type.INT32
            return self.value_of("clz", [operand]), Type.INT32
        if selector == "highProductOf:and:":
            return self.value_of("mulhi", self.values(node.arguments)), Type.UINT32
        if selector == "isInterruptPending":
            return self.truth_value(node)
        if selector in ("addressOf:", "addressOfState:"):
            return self.address(node), Type.ADDRESS
        if selector in ("maskInterrupts", "unmaskInterrupts"):
            self.emit("mask" if selector == "maskInterrupts" else "unmask")
            return 0, Type.INT32
        if selector == "floatAt:":
            base, = self.values(node.arguments)
            dest = self.graph.new_reg(is_float=True)
            self.emit("fld", dest, [base, 0])
            return dest, Type.FLOAT64
        if selector in ("floatAt:put:", "squareRoot:", "floatFromInteger:", "integerFromFloat:"):
            return self.float_intrinsic(node)
        self.unknown(node)

    def trailing_zeros(self, zeros: Operand) -> Operand:
        """31 - clz(lowest bit), but 32 for zero, where clz is 32."""
        if isinstance(zeros, int):
            return 32 if zeros == 32 else 31 - zeros
        difference = self.value_of("sub", [31, zeros])
        top = self.value_of("sar", [difference, 31])
        return self.value_of("add", [difference, self.value_of("and", [top, 33])])

    def float_intrinsic(self, node: ast.Send) -> Value:
        values = self.typed_values(node.arguments)
        expects_float = node.selector in ("floatAt:put:", "squareRoot:", "integerFromFloat:")
        if values[-1][1].is_float != expects_float:
            self.fail(node, f"{node.selector} takes {'a float' if expects_float else 'an integer'}")
        if node.selector == "floatAt:put:":
            self.emit("fst", None, [values[1][0], values[0][0], 0])
            return values[1]
        op, result = {"squareRoot:": ("fsqrt", Type.FLOAT64), "floatFromInteger:": ("itof", Type.FLOAT64),
                      "integerFromFloat:": ("ftoi", Type.INT32)}[node.selector]
        operand = values[0][0]
        if isinstance(operand, int):
            copy = self.graph.new_reg()
            self.emit("mov", copy, [operand])
            operand = copy
        return self.value_of(op, [operand], is_float=result.is_float), result

    def overflowing(self, node: ast.Send) -> Value:
        block = self.block_of(node.arguments[2])
        left, right = self.values(node.arguments[:2])
        op = OVERFLOWING[node.selector]
        folded = fold(f"ovf.{op}", [left, right])
        if folded is not None:
            return folded, Type.INT32
        dest, proceed, overflow = self.graph.new_reg(), self.new_block(), self.new_block()
        self.terminate("ovf", [left, right], op, (proceed, overflow), dest)
        overflow.cold = True
        self.start(overflow)
        self.statements(block.statements)
        is_reached = self.block is overflow or any(self.block in b.successors() for b in self.graph.blocks)
        if self.block.terminator is None and is_reached:
            self.fail(block, "the overflow block must leave the method with ^")
        self.start(proceed)
        return dest, Type.INT32

    def address(self, node: ast.Send) -> Operand:
        argument = node.arguments[0]
        name = argument.value if isinstance(argument, ast.Literal) else None
        if not isinstance(name, str):
            self.fail(node, f"{node.selector} takes a literal symbol")
        dest = self.graph.new_reg()
        if node.selector == "addressOfState:":
            if name not in self.program.state:
                self.fail(argument, f"unknown variable {name}")
            self.emit("add", dest, [self.vm_base, self.program.state[name]])
        else:
            target = self.program.methods.get(name)
            self.emit("sym", dest, [], (target.external or target.symbol) if target else name)
        return dest
