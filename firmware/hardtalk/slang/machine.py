"""Machine instructions before they are words: an ARM operation on virtual or machine registers.

`defs` and `uses` are what the register allocator needs; the other fields say how the operands combine:
a data operation takes `uses[0]` and then `imm`, or `uses[1]` shifted by `shift` (kind and amount; amount None means by
`uses[2]`). Loads take base `uses[0]`, stores value `uses[0]` and base `uses[1]`, then an index register or `imm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hardtalk.slang.ir import Reg
from hardtalk.slang.loops import Closed

DATA = {"and", "eor", "sub", "rsb", "add", "orr", "bic", "mov", "mvn"}
COMPARES = {"cmp", "cmn", "tst"}
ENDINGS = {"ret", "next", "current", "tail", "transfer", "go", "go_to"}


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
