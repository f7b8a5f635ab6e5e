"""The fetch of the next bytecode, and of bytes behind it, moved up to where their delay costs nothing.

A byte is ready two cycles late, and the jump that needs it is the last thing a routine does. So the fetch goes up from
the blocks that end with it, through the tests before them, as far as those leave `ip` alone. The rare code that a test
leads to instead takes back the step of `ip`. Reading ahead harms nobody, for bytecodes are memory like any other; and
nobody sees `ip` before the routine ends, since an interrupt changes the table's register alone.

Done on virtual registers. A routine that lacks registers then is compiled without (`compile_graph`).
"""

from __future__ import annotations

from hardtalk.slang.dispatch import BYTECODE_POINTER
from hardtalk.slang.ir import Graph, Reg
from hardtalk.slang.machine import COMPARES, STAYING, Machine, MachineBlock, MachineCode, predecessors


def fetch_early(code: MachineCode, graph: Graph) -> bool:
    """Moves up the fetches of a threaded routine, in place; answers whether there were any. `graph` makes registers."""
    if not code.is_threaded:
        return False
    work = _Work(code, graph)
    return work.read_ahead() | work.fetch()


class _Work:
    """One routine. `entered` has the blocks to which one branch leads."""

    def __init__(self, code: MachineCode, graph: Graph) -> None:
        self.code = code
        self.graph = graph
        self.entered = {block for block, before in predecessors(code).items() if len(before) == 1}

    def read_ahead(self) -> bool:
        """A byte that both ways behind a test read is read before it; so is one that a single way reads, where the
        other is rare or the test waits for a load anyway."""
        moved = False
        for block in reversed(self.code.blocks):
            if block.cold or block.insts[-1].op != "bc":
                continue
            arms = [arm for arm in block.insts[-1].targets if not arm.cold]
            reads = [read for arm in arms if (read := self._first_read(arm)) is not None]
            if not reads or not (len(reads) == len(arms) or _waits(block)):
                continue
            first, *others = [read for read in reads if read.imm == reads[0].imm]
            if others and others[0].defs[0] is not first.defs[0]:
                self._rename(others[0].defs[0], first.defs[0])
            for arm in arms:
                arm.insts = [inst for inst in arm.insts if inst is not first and inst not in others]
            _put(block, first)
            moved = True
        return moved

    def _first_read(self, block: MachineBlock) -> Machine | None:
        """The instruction that reads a byte at a constant distance from `ip`, if the first that uses `ip` does."""
        found = next((inst for inst in block.insts if _touches_pointer(inst)), None)
        if found is None or block not in self.entered or found.op != "ld" or found.volatile:
            return None
        is_read = found.detail == "b" and found.index == "offset" and found.imm is not None
        return found if is_read and found.defs[0].single else None

    def _rename(self, old: Reg, new: Reg) -> None:
        for block in self.code.blocks:
            for inst in block.insts:
                inst.uses = [new if register is old else register for register in inst.uses]

    def fetch(self) -> bool:
        covered: set[MachineBlock] = set()
        moved = False
        for block in list(self.code.blocks):
            if block not in covered and self._passes_on(block):
                byte = self.graph.new_reg("next")
                pointer = BYTECODE_POINTER
                _put(block, Machine("ld", [byte, pointer], [pointer], imm=1, detail="b", index="pre",
                                    place=block.insts[-1].place))  # fmt: skip
                self._finish(block, byte, covered)
                moved = True
        return moved

    def _wants(self, block: MachineBlock) -> bool:
        """Whether each way through the block fetches the next bytecode, or is rare, and no other is in it."""
        if block.cold or block not in self.entered or any(_touches_pointer(inst) for inst in block.insts[:-1]):
            return False
        return block.insts[-1].op == "next" or self._passes_on(block)

    def _passes_on(self, block: MachineBlock) -> bool:
        end = block.insts[-1]
        if block.cold or end.op != "bc" or any(end.closes.values()):
            return False
        arms = [arm for arm in end.targets if not arm.cold]
        return bool(arms) and all(self._wants(arm) for arm in arms)

    def _finish(self, block: MachineBlock, byte: Reg, covered: set[MachineBlock]) -> None:
        """Behind a block that has the fetch: jumps where it was, and the step taken back on rare ways."""
        covered.add(block)
        end = block.insts[-1]
        if end.op == "next":
            block.insts[-1] = Machine("go", [], [byte], place=end.place)
            return
        targets = []
        for arm in end.targets:
            if arm.cold:
                targets.append(self._stepping_back(arm, end))
            else:
                targets.append(arm)
                self._finish(arm, byte, covered)
        end.targets = tuple(targets)

    def _stepping_back(self, block: MachineBlock, end: Machine) -> MachineBlock:
        step = Machine("sub", [BYTECODE_POINTER], [BYTECODE_POINTER], imm=1, place=end.place)
        if block in self.entered:
            block.insts.insert(0, step)
            return block
        added = MachineBlock(f"{block.name}b{len(self.code.blocks)}", block.depth, True)
        added.insts = [step, Machine("b", targets=(block,), place=end.place)]
        self.code.blocks.append(added)
        return added


def _touches_pointer(inst: Machine) -> bool:
    return inst.op in STAYING or BYTECODE_POINTER in inst.defs or BYTECODE_POINTER in inst.uses


def _put(block: MachineBlock, access: Machine) -> None:
    """As early in the block as what it does with `ip` allows."""
    position = max((at + 1 for at, inst in enumerate(block.insts[:-1]) if _touches_pointer(inst)), default=0)
    block.insts.insert(position, access)


def _waits(block: MachineBlock) -> bool:
    """Whether the test at the block's end compares what the block has just loaded."""
    loaded = {inst.defs[0] for inst in block.insts if inst.op == "ld"}
    test = block.insts[-2] if len(block.insts) > 1 else block.insts[-1]
    return test.op in COMPARES and not loaded.isdisjoint(test.uses)
