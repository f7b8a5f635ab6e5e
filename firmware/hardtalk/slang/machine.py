"""Machine instructions before they are words: the table of operations, and operations on virtual or machine registers.

`defs` and `uses` are what the register allocator needs; the other fields say how the operands combine:
a data operation takes `uses[0]` and then `imm`, or `uses[1]` shifted by `shift` (kind and amount; amount None means by
`uses[2]`). Loads take base `uses[0]`, stores value `uses[0]` and base `uses[1]`, then an index register or `imm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hardtalk.slang.ir import Reg
from hardtalk.slang.loops import Closed


@dataclass(frozen=True, slots=True, eq=False)
class MachineOperation:
    """What the stages behind selection want to know of an operation; `form` is the emitter's method for it.

    `delay` are the cycles from its start until its result can be used (DDI 0222B), `is_apart` says that its result is
    not in the register of its first operand, `changes_flags` that flags made before it are gone behind it,
    `is_conditional` that it may run under a condition, `stays` that scheduling moves nothing across it, `keeps_pinned`
    that the pinned variables are read behind it, by a callee or by the next routine.
    """

    name: str
    form: str
    delay: int = 1
    is_data: bool = False
    is_compare: bool = False
    is_conditional: bool = False
    is_ending: bool = False
    stays: bool = False
    keeps_pinned: bool = False
    is_apart: bool = False
    changes_flags: bool = False


def _data(name: str, form: str = "data") -> MachineOperation:
    return MachineOperation(name, form, is_data=True, is_conditional=True)


def _ending(name: str, form: str, is_conditional: bool = False) -> MachineOperation:
    return MachineOperation(name, form, is_conditional=is_conditional, is_ending=True, keeps_pinned=True)


ROWS: Final = (
    *(_data(name) for name in ("and", "eor", "sub", "rsb", "add", "orr", "bic")),
    *(_data(name, "move") for name in ("mov", "mvn")),
    *(MachineOperation(name, "compare", is_compare=True, changes_flags=True) for name in ("cmp", "cmn", "tst")),
    MachineOperation("mul", "multiply", delay=3, is_conditional=True, is_apart=True),
    MachineOperation("umull", "multiply_long", delay=4, is_apart=True),
    MachineOperation("smull", "multiply_long", delay=4, is_apart=True),
    MachineOperation("clz", "count_zeros", is_conditional=True),
    MachineOperation("ld", "access", is_conditional=True),
    MachineOperation("st", "access", is_conditional=True),
    MachineOperation("const", "pooled", delay=2, is_conditional=True),
    MachineOperation("sym", "pooled", delay=2, is_conditional=True),
    MachineOperation("set", "truth", stays=True, changes_flags=True),
    MachineOperation("b", "branch"),
    MachineOperation("bc", "branch"),
    MachineOperation("bl", "call", stays=True, keeps_pinned=True, changes_flags=True),
    MachineOperation("mask", "mask", stays=True),
    MachineOperation("unmask", "mask", stays=True),
    _ending("ret", "return"),
    _ending("next", "dispatch", is_conditional=True),
    _ending("current", "dispatch", is_conditional=True),
    _ending("go", "go"),
    _ending("go_to", "go_to"),
    _ending("tail", "call", is_conditional=True),
    _ending("transfer", "transfer", is_conditional=True),
    MachineOperation("fld", "float_load", stays=True),
    MachineOperation("fst", "float_store", stays=True),
    *(MachineOperation(name, "float_data", stays=True) for name in ("fadd", "fsub", "fmul", "fdiv")),
    *(MachineOperation(name, "float_unary", stays=True) for name in ("fsqrt", "fneg")),
    MachineOperation("fmov", "float_move", stays=True),
    MachineOperation("fcmp", "float_compare", stays=True, changes_flags=True),
    MachineOperation("itof", "float_from_word", stays=True),
    MachineOperation("ftoi", "word_from_float", stays=True),
)

MACHINE_OPERATIONS: Final = {row.name: row for row in ROWS}
DATA: Final = frozenset(row.name for row in ROWS if row.is_data)
COMPARES: Final = frozenset(row.name for row in ROWS if row.is_compare)
CONDITIONABLE: Final = frozenset(row.name for row in ROWS if row.is_conditional)
ENDINGS: Final = frozenset(row.name for row in ROWS if row.is_ending)
STAYING: Final = frozenset(row.name for row in ROWS if row.stays)
KEEPS_PINNED: Final = frozenset(row.name for row in ROWS if row.keeps_pinned)


@dataclass(slots=True, eq=False)
class Machine:
    """One machine instruction or pseudo-instruction (`next`, `set`, `const` … expand to one or two words)."""

    op: str
    defs: list[Reg] = field(default_factory=list)
    uses: list[Reg] = field(default_factory=list)
    imm: int | None = None
    shift: tuple[str, int | None] | None = None
    detail: str = ""
    cond: str = ""
    sets_flags: bool = False
    index: str = "offset"
    targets: tuple[MachineBlock, ...] = ()
    place: tuple[str, int] = ("", 0)
    volatile: bool = False
    object_offset: int | None = None
    closes: Mapping[MachineBlock, Closed] = field(default_factory=dict)

    @property
    def is_move(self) -> bool:
        return (
            self.op in ("mov", "fmov")
            and len(self.uses) == 1
            and self.shift is None
            and self.imm is None
            and not self.cond
        )

    def __repr__(self) -> str:
        parts = [repr(r) for r in self.defs] + [repr(r) for r in self.uses]
        if self.imm is not None:
            parts.append(f"#{self.imm:#x}")
        if self.shift:
            parts.append(f"{self.shift[0]} {self.shift[1]}")
        parts += [target.name for target in self.targets]
        name = self.op + ("s" if self.sets_flags else "") + self.cond
        detail = f".{self.detail}" if self.detail else ""
        return f"{name}{detail} {', '.join(parts)}{'' if self.index == 'offset' else self.index}"


@dataclass(slots=True, eq=False)
class MachineBlock:
    """A basic block of machine instructions. `depth` counts the loops around it."""

    name: str
    depth: int
    cold: bool
    insts: list[Machine] = field(default_factory=list)

    def successors(self) -> tuple[MachineBlock, ...]:
        return self.insts[-1].targets if self.insts else ()

    def __repr__(self) -> str:
        return self.name


@dataclass
class MachineCode:
    """One routine in machine instructions, with the registers the allocator may give out."""

    name: str
    blocks: list[MachineBlock]
    is_threaded: bool
    touches_pinned: bool
    has_calls: bool = False
    spill_words: int = 0

    def listing(self) -> str:
        lines = [self.name]
        for block in self.blocks:
            lines.append(f" {block.name}:{' cold' if block.cold else ''}")
            lines += [f"    {inst!r}" for inst in block.insts]
        return "\n".join(lines)


def predecessors(code: MachineCode) -> dict[MachineBlock, list[MachineBlock]]:
    """Of each block those whose end may lead to it."""
    result: dict[MachineBlock, list[MachineBlock]] = {block: [] for block in code.blocks}
    for block in code.blocks:
        for target in block.successors():
            result[target].append(block)
    return result
