"""ARM's second operands and addresses: a shift, sum or mask used once moves into its user."""

from __future__ import annotations

from collections.abc import Callable

from hardtalk.slang.conditions import CONDITIONS
from hardtalk.slang.ir import Block, Graph, Inst, Operand, Reg, Shifted
from hardtalk.slang.operations import OPERATIONS, SHIFTS
from hardtalk.slang.types import WORD_BITS

Source = Callable[[Operand, tuple[str, ...]], "tuple[int, Inst] | None"]


def fold_operands(graph: Graph) -> None:
    """Forms ARM's second operands and addresses: a shift, sum or mask used once moves into its user."""
    uses: dict[Reg, int] = {}
    for block in graph.blocks:
        for inst in block.insts:
            for register in inst.registers():
                uses[register] = uses.get(register, 0) + 1
    for block in graph.blocks:
        defined: dict[Reg, int] = {}
        changed_at: dict[Reg, int] = {}
        gone: set[int] = set()

        def source(
            operand: Operand,
            ops: tuple[str, ...],
            block: Block = block,
            defined: dict[Reg, int] = defined,
            changed_at: dict[Reg, int] = changed_at,
        ) -> tuple[int, Inst] | None:
            """The instruction that makes the operand for this use alone, its own operands unchanged since."""
            if not isinstance(operand, Reg) or not operand.single or uses.get(operand) != 1 or operand not in defined:
                return None
            position = defined[operand]
            maker = block.insts[position]
            if maker.op not in ops or any(changed_at.get(r, -1) > position for r in maker.registers()):
                return None
            return position, maker

        for position, inst in enumerate(block.insts):
            _fold_into(inst, source, gone)
            if inst.dest is not None:
                defined[inst.dest] = position
                changed_at[inst.dest] = position
            if inst.op == "call":
                for register in graph.pinned:
                    changed_at[register] = position
        block.insts = [inst for position, inst in enumerate(block.insts) if position not in gone]


def _shifted(operand: Operand, source: Source, gone: set[int]) -> Operand:
    found = source(operand, SHIFTS)
    if found is None:
        return operand
    register, amount = found[1].args
    if not isinstance(register, Reg) or not isinstance(amount, int) or not 0 < amount < WORD_BITS:
        return operand
    gone.add(found[0])
    return Shifted(register, OPERATIONS[found[1].op].machine, amount)


def _fold_into(inst: Inst, source: Source, gone: set[int]) -> None:
    if OPERATIONS[inst.op].form == "data":
        left, right = inst.args
        inst.args[1] = _shifted(right, source, gone)
        if isinstance(inst.args[1], Reg) and isinstance(left, Reg) and left is not right:
            folded = _shifted(left, source, gone)
            if folded is not left:
                inst.args = [right, folded]
                inst.op = "rsb" if inst.op == "sub" else inst.op
        if inst.op == "and" and isinstance(inst.args[1], Reg):
            for position in (1, 0):
                found = source(inst.args[position], ("mvn",))
                if found is not None and isinstance(found[1].args[0], Reg):
                    gone.add(found[0])
                    inst.args = [inst.args[1 - position], found[1].args[0]]
                    inst.op = "bic"
                    break
    elif inst.op == "br":
        if inst.detail in ("eq", "ne") and inst.args[1] == 0 and isinstance(inst.args[1], int):
            found = source(inst.args[0], ("and",))
            if found is not None:
                gone.add(found[0])
                inst.args = list(found[1].args)
                inst.detail = "tz" if inst.detail == "eq" else "tn"
        if not isinstance(inst.args[1], Shifted):
            inst.args[1] = _shifted(inst.args[1], source, gone)
            if isinstance(inst.args[0], Reg) and isinstance(inst.args[1], Reg):
                folded = _shifted(inst.args[0], source, gone)
                if folded is not inst.args[0]:
                    inst.args = [inst.args[1], folded]
                    inst.detail = CONDITIONS[inst.detail].swapped
    elif inst.op in ("ld", "st") and inst.args[-1] == 0 and isinstance(inst.args[-1], int):
        found = source(inst.args[-2], ("add",))
        if found is None:
            return
        base, index = found[1].args
        if not isinstance(base, Reg) or isinstance(index, int):
            return
        if isinstance(index, Shifted) and (index.kind != "lsl" or inst.detail not in ("w", "b")):
            return
        gone.add(found[0])
        inst.args[-2:] = [base, index]
