"""What lowering works on: the graph being built, the frames of inlined methods, and variables.

A variable that is assigned once, before all its uses, is bound straight to its value; the others get a register that
is assigned several times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from hardtalk.slang import tree
from hardtalk.slang.check import CheckedProgram
from hardtalk.slang.fold import fold
from hardtalk.slang.ir import TABLE, VM_BASE, Block, Graph, Inst, Operand, Reg
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.tree import Local


@dataclass
class Frame:
    """One method being lowered, at the root or inlined, and where its `^` leads."""

    tree: tree.Tree
    bindings: dict[Local, Operand]
    kind: str
    result: Reg | None = None
    join: Block | None = None
    if_true: Block | None = None
    if_false: Block | None = None

    @property
    def method(self) -> SlangMethod:
        return self.tree.method

    @property
    def is_volatile(self) -> bool:
        return "volatile" in self.method.flags

    def is_bindable(self, local: Local) -> bool:
        return not local.is_counter and local.name in self.method.bindable


class LoweringBase(ABC):
    """State of one routine's lowering. `index` is the constant first parameter of a routine compiled for a range."""

    def __init__(self, checked: CheckedProgram, method: SlangMethod, index: int | None = None) -> None:
        self.checked = checked
        self.program = program = checked.program
        name = method.symbol if index is None else f"{method.symbol}#{index}"
        self.graph = Graph(name, [], [], method.is_threaded)
        self.depth = 0
        self.block_count = 0
        self.block = self.new_block()
        self.block.is_entered = True
        self.graph.blocks.append(self.block)
        self.place = ("", 0)
        self.vm_base = Reg(-VM_BASE, fixed=VM_BASE)
        self.table = Reg(-TABLE, fixed=TABLE)
        self.pinned = {name: Reg(-number, name, single=False, fixed=number) for name, number in program.pinned.items()}
        self.graph.pinned = tuple(self.pinned.values())
        self.graph.is_piece = "piece" in method.flags
        self.frames: list[Frame] = []
        frame = Frame(checked.tree(method), {}, "threaded" if method.is_threaded else "root")
        self.frames.append(frame)
        for position, parameter in enumerate(frame.tree.parameters):
            if position == 0 and index is not None:
                frame.bindings[parameter] = index
                continue
            incoming = self.graph.new_reg(parameter.name)
            self.graph.parameters.append(incoming)
            self.bind_parameter(frame, parameter, incoming)

    @abstractmethod
    def value(self, node: tree.Value) -> Operand:
        """Lowers an expression."""

    @abstractmethod
    def effect(self, node: tree.Statement) -> None:
        """Lowers a statement whose value nobody uses."""

    @abstractmethod
    def call(self, node: tree.Call, wanted: bool) -> Operand:
        """Lowers a call: in place, or as one."""

    @abstractmethod
    def enter(self, node: tree.Node, target: SlangMethod, arguments: list[Operand], wanted: bool) -> Operand:
        """Lowers the entry of a routine with arguments that are at hand."""

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
        object_offset: int | None = None,
    ) -> None:
        self.block.insts.append(Inst(op, dest, args or [], detail, (), self.place, volatile, object_offset))

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
            if self.block.is_entered:
                for target in targets:
                    target.is_entered = True

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

    def move(self, dest: Reg, source: Operand) -> None:
        self.emit("fmov" if dest.is_float else "mov", dest, [source])

    def copied(self, operand: Operand, name: str = "", is_float: bool = False) -> Reg:
        """The operand in a register of its own."""
        copy = self.graph.new_reg(name, is_float=is_float)
        self.move(copy, operand)
        return copy

    def set_place(self, node: tree.Node) -> None:
        method = self.frames[-1].method
        self.place = (method.definition.file, method.line_at(node.start))

    def bind_parameter(self, frame: Frame, local: Local, operand: Operand) -> None:
        is_bindable = frame.is_bindable(local)
        if not is_bindable or is_changeable(operand):
            copy = self.graph.new_reg(local.name, single=is_bindable)
            self.move(copy, operand)
            operand = copy
        frame.bindings[local] = operand

    def read_local(self, local: Local) -> Operand:
        bindings = self.frames[-1].bindings
        if local not in bindings:
            bindings[local] = self.graph.new_reg(local.name, single=False, is_float=local.type.is_float)
        return bindings[local]

    def read_state(self, name: str) -> Operand:
        if name in self.pinned:
            return self.pinned[name]
        dest = self.graph.new_reg(name)
        volatile = self.frames[-1].is_volatile
        self.emit("ld", dest, [self.vm_base, self.program.state[name]], "w", volatile=volatile)
        return dest

    def write_state(self, name: str, operand: Operand) -> None:
        if name in self.pinned:
            self.emit("mov", self.pinned[name], [operand])
            return
        volatile = self.frames[-1].is_volatile
        self.emit("st", None, [operand, self.vm_base, self.program.state[name]], "w", volatile=volatile)

    def assign_local(self, local: Local, operand: Operand) -> Operand:
        frame = self.frames[-1]
        if frame.is_bindable(local):
            if is_changeable(operand):
                operand = self.copied(operand, local.name, local.type.is_float)
            frame.bindings[local] = operand
            return operand
        register = frame.bindings.get(local)
        if not isinstance(register, Reg):
            register = self.graph.new_reg(local.name, single=False, is_float=local.type.is_float)
            frame.bindings[local] = register
        self.move(register, operand)
        return register


def is_changeable(operand: Operand) -> bool:
    """Whether a later assignment may change what the operand is."""
    return isinstance(operand, Reg) and not operand.single
