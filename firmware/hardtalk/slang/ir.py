"""The intermediate representation: three-address instructions on virtual registers in basic blocks.

A temporary is a `Reg` that is assigned once (`single`), a Slang variable assigned in several places is one that is
not, and a pinned variable is a `Reg` with a `fixed` machine register. Constants are Python integers 0..2^32-1.
`print_graph` shows it, `verify` checks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hardtalk.slang.loops import Closed
from hardtalk.slang.operations import OPERATIONS, TERMINATORS
from hardtalk.vm.constants import PINNED_REGISTERS, STATE_REGISTER

VM_BASE, TABLE = STATE_REGISTER, PINNED_REGISTERS["dispatchBase"]


class Reg:
    """A virtual register; `fixed` is a machine register's number, `is_float` says a double."""

    __slots__ = ("fixed", "is_float", "name", "number", "single")

    def __init__(
        self, number: int, name: str = "", *, single: bool = True, fixed: int | None = None, is_float: bool = False
    ) -> None:
        self.number = number
        self.name = name
        self.single = single
        self.fixed = fixed
        self.is_float = is_float

    def __hash__(self) -> int:
        return self.number  # not the address, so that sets of registers come in the same order in every run

    def __repr__(self) -> str:
        if self.fixed is not None:
            return f"r{self.fixed}"
        return f"{'f' if self.is_float else 'v'}{self.number}{'.' + self.name if self.name else ''}"


@dataclass(frozen=True, slots=True)
class Shifted:
    """A register shifted by a constant, as ARM's second operand takes it; `kind` lsl, lsr or asr."""

    reg: Reg
    kind: str
    amount: int

    def __repr__(self) -> str:
        return f"{self.reg!r} {self.kind} {self.amount}"


Operand = Reg | int | Shifted


@dataclass(slots=True)
class Inst:
    """One instruction; `detail` is its size, symbol or condition, `targets` the blocks a terminator may go to.

    `object_offset`: a load or store so many bytes behind where an object begins; None when nobody knows.
    """

    op: str
    dest: Reg | None = None
    args: list[Operand] = field(default_factory=list)
    detail: str = ""
    targets: tuple[Block, ...] = ()
    place: tuple[str, int] = ("", 0)
    volatile: bool = False
    object_offset: int | None = None
    closes: Mapping[Block, Closed] = field(default_factory=dict)

    def registers(self) -> Iterator[Reg]:
        for argument in self.args:
            if isinstance(argument, Reg):
                yield argument
            elif isinstance(argument, Shifted):
                yield argument.reg

    def __repr__(self) -> str:
        left = f"{self.dest!r} = " if self.dest is not None else ""
        detail = f".{self.detail}" if self.detail else ""
        words = [hex(a) if isinstance(a, int) and a > 9 else repr(a) for a in self.args]
        words += [target.name for target in self.targets]
        return f"{left}{self.op}{detail} {', '.join(words)}".rstrip()


class Block:
    """A basic block: instructions of which only the last is a terminator. `depth` counts enclosing loops; while a
    routine is lowered `is_entered` says whether a path is known to lead here."""

    __slots__ = ("cold", "depth", "insts", "is_entered", "number")

    def __init__(self, number: int, depth: int) -> None:
        self.number = number
        self.depth = depth
        self.insts: list[Inst] = []
        self.cold = False
        self.is_entered = False

    @property
    def name(self) -> str:
        return f"B{self.number}"

    @property
    def terminator(self) -> Inst | None:
        return self.insts[-1] if self.insts and self.insts[-1].op in TERMINATORS else None

    def successors(self) -> tuple[Block, ...]:
        end = self.terminator
        return end.targets if end else ()

    def __repr__(self) -> str:
        return self.name


@dataclass
class Graph:
    """One routine's control-flow graph; the first block is the entry, `parameters` its incoming registers. Of a piece
    of a compiled method (`is_piece`) only those ways are rare that are said to be."""

    name: str
    parameters: list[Reg]
    blocks: list[Block]
    is_threaded: bool
    pinned: tuple[Reg, ...] = ()
    register_count: int = 0
    is_piece: bool = False

    def new_reg(self, name: str = "", *, single: bool = True, is_float: bool = False) -> Reg:
        self.register_count += 1
        return Reg(self.register_count, name, single=single, is_float=is_float)

    def predecessors(self) -> dict[Block, list[Block]]:
        result: dict[Block, list[Block]] = {block: [] for block in self.blocks}
        for block in self.blocks:
            for target in block.successors():
                result[target].append(block)
        return result

    def drop_unreachable(self) -> None:
        """Removes blocks that no path reaches, keeping order."""
        reached, work = set(), [self.blocks[0]]
        while work:
            block = work.pop()
            if block not in reached:
                reached.add(block)
                work.extend(block.successors())
        self.blocks = [block for block in self.blocks if block in reached]


def print_graph(graph: Graph) -> str:
    """The graph as text, a line an instruction."""
    lines = [f"{graph.name}({', '.join(map(repr, graph.parameters))})"]
    for block in graph.blocks:
        lines.append(f" {block.name}:{' cold' if block.cold else ''}")
        lines += [f"    {inst!r}" for inst in block.insts]
    return "\n".join(lines)


def verify(graph: Graph) -> None:
    """Fails when the graph is none: a defect of the stage before, so what it raises is no message for users.

    A block ends in its only terminator and goes to blocks of the graph, operands and results are of their operation's
    kinds, a register that is read is defined somewhere, a single one once.
    """
    defined: dict[Reg, int] = {parameter: 1 for parameter in graph.parameters}
    known = set(graph.blocks)
    for block in graph.blocks:
        if block.terminator is None:
            raise _defect(graph, block)
        last = block.insts[-1]
        for inst in block.insts:
            if (inst is not last and inst.op in TERMINATORS) or not _has_kinds(inst):
                raise _defect(graph, inst)
            if inst.dest is not None and inst.dest.fixed is None:
                defined[inst.dest] = defined.get(inst.dest, 0) + 1
        if not known.issuperset(last.targets):
            raise _defect(graph, last)
    for block in graph.blocks:
        for inst in block.insts:
            for reg in inst.registers():
                if reg.fixed is None and reg not in defined:
                    raise _defect(graph, inst)
    for reg, count in defined.items():
        if reg.single and count > 1:
            raise _defect(graph, reg)


def _has_kinds(inst: Inst) -> bool:
    """Whether operands and result are as many and of the kinds that the operation's row says."""
    row = OPERATIONS[inst.op]
    kinds = row.operands
    if row.is_variadic:
        kinds = kinds[:-1] + "w" * (len(inst.args) + 1 - len(kinds))
    if len(kinds) != len(inst.args) or (inst.dest is not None and inst.dest.is_float != (row.result == "f")):
        return False
    for position, argument in enumerate(inst.args):
        if isinstance(argument, Reg) and argument.is_float != (kinds[position] == "f"):
            return False
    return True


def _defect(graph: Graph, culprit: object) -> AssertionError:
    return AssertionError(f"no graph: {culprit!r}\n{print_graph(graph)}")
