"""What lowering works on: the graph being built, the frames of inlined methods, and variables.

A variable that is assigned once, before all its uses, is bound straight to its value; the others get a register that
is assigned several times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NoReturn

from hardtalk.slang.errors import slang_error
from hardtalk.slang.fold import fold
from hardtalk.slang.ir import TABLE, VM_BASE, Block, Graph, Inst, Operand, Reg
from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.types import WORD_MASK, Type
from hardtalk.smalltalk import ast

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


class LoweringBase(ABC):
    """State of one routine's lowering. `index` is the constant first parameter of a routine compiled for a range."""

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

    @abstractmethod
    def value(self, node: ast.Node) -> Value:
        """Lowers an expression."""

    @abstractmethod
    def effect(self, node: ast.Node) -> None:
        """Lowers a statement whose value nobody uses."""

    @abstractmethod
    def self_send(self, node: ast.Send, wanted: bool) -> Value:
        """Lowers a send to self: a call, an inlined method or an intrinsic."""

    def new_block(self) -> Block:
        self.block_count += 1
        return Block(self.block_count, self.depth)

    def start(self, block: Block) -> None:
        if self.block.terminator is None:
            self.terminate("jmp", targets=(block,))
        block.depth = self.depth
        self.graph.blocks.append(block)
        self.block = block

    def emit(
        self,
        op: str,
        dest: Reg | None = None,
        args: list[Operand] | None = None,
        detail: str = "",
        volatile: bool = False,
    ) -> None:
        self.block.insts.append(Inst(op, dest, args or [], detail, (), self.place, volatile))

    def terminate(
        self,
        op: str,
        args: list[Operand] | None = None,
        detail: str = "",
        targets: tuple[Block, ...] = (),
        dest: Reg | None = None,
    ) -> None:
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

    def fail(self, node: ast.Node | int, message: str) -> NoReturn:
        method = self.frames[-1].method
        raise slang_error(method.definition, method.node, node, message)

    def set_place(self, node: ast.Node) -> None:
        method = self.frames[-1].method
        self.place = (method.definition.file, method.line_of(node))

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
        self.emit("ld", dest, [self.vm_base, program.state[name]], "w", volatile="volatile" in frame.method.flags)
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

    def block_of(self, node: ast.Node) -> ast.Block:
        if not isinstance(node, ast.Block):
            self.fail(node, "expected a literal block here; blocks are not values in Slang")
        return node

    def is_to_self(self, node: ast.Send) -> bool:
        return isinstance(node.receiver, ast.Variable) and node.receiver.name == "self"
