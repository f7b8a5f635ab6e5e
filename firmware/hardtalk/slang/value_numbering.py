"""Value numbering over extended basic blocks: copies, constants, addresses, loads and sums made once.

A block with one predecessor starts from what the predecessor knew. Registers assigned more than once carry a version
number, so knowledge about them ends where they change. Loads are reused until a store or call may have changed them;
the VM state is changed only by stores to the state, calls and, for variables whose address was taken, any store.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hardtalk.slang.conditions import CONDITIONS
from hardtalk.slang.fold import fold, fold_comparison
from hardtalk.slang.ir import VM_BASE, Block, Graph, Inst, Operand, Reg
from hardtalk.slang.operations import MOVES, OPERATIONS, PURE, SHIFTS, SIZES, Memory
from hardtalk.slang.types import WORD_MASK, signed

Key = tuple[object, ...]
MAX_OFFSET = 4095


@dataclass
class Known:
    """What is known at a point: versions of reassigned registers, values' holders, copies and memory words."""

    pinned: tuple[Reg, ...] = ()
    versions: dict[Reg, int] = field(default_factory=dict)
    holders: dict[Key, tuple[Reg, int]] = field(default_factory=dict)
    copies: dict[Reg, tuple[Operand, int, int]] = field(default_factory=dict)
    memory: dict[Key, tuple[Operand, int]] = field(default_factory=dict)
    sums: dict[Reg, tuple[Reg, int, int]] = field(default_factory=dict)

    def copy(self) -> Known:
        return Known(
            self.pinned, dict(self.versions), dict(self.holders), dict(self.copies), dict(self.memory), dict(self.sums)
        )

    def version(self, operand: Operand) -> int:
        return self.versions.get(operand, 0) if isinstance(operand, Reg) else 0


def number_values(graph: Graph, exposed: frozenset[int]) -> None:
    """Replaces what is known by its holder, in place. `exposed`: VM state words with a taken address."""
    predecessors = graph.predecessors()
    constants = _global_constants(graph)
    at_exit: dict[Block, Known] = {}
    for block in graph.blocks:
        before = predecessors[block]
        known = Known(graph.pinned)
        if len(before) == 1 and before[0] in at_exit:
            known = at_exit[before[0]].copy()
            _learn_from_branch(before[0], block, known)
        _number_block(block, known, exposed, constants)
        at_exit[block] = known


def _learn_from_branch(source: Block, block: Block, known: Known) -> None:
    """On the equal side of a comparison with a constant the register is that constant."""
    end = source.terminator
    if end is None or end.op != "br" or end.targets[0] is end.targets[1]:
        return
    left, right = end.args
    is_equal_side = (end.detail == "eq") == (block is end.targets[0]) and end.detail in ("eq", "ne")
    if is_equal_side and isinstance(left, Reg) and left.fixed is None and isinstance(right, int):
        known.copies[left] = (right, 0, known.version(left))


def _global_constants(graph: Graph) -> dict[Reg, Operand]:
    """Single registers that are moves of a constant or of another single register, wherever they are used."""
    result: dict[Reg, Operand] = {}
    for block in graph.blocks:
        for inst in block.insts:
            if inst.op in MOVES and inst.dest is not None and inst.dest.single and inst.dest.fixed is None:
                source = inst.args[0]
                if isinstance(source, int) or (isinstance(source, Reg) and source.single and source.fixed is None):
                    result[inst.dest] = source
    for register, source in list(result.items()):
        while isinstance(source, Reg) and source in result:
            source = result[source]
        result[register] = source
    return result


def _number_block(block: Block, known: Known, exposed: frozenset[int], constants: dict[Reg, Operand]) -> None:
    kept: list[Inst] = []

    def resolve(operand: Operand) -> Operand:
        if isinstance(operand, Reg):
            operand = constants.get(operand, operand)
        if isinstance(operand, Reg):
            entry = known.copies.get(operand)
            if entry is not None and entry[2] == known.version(operand) and entry[1] == known.version(entry[0]):
                return entry[0]
        return operand

    for inst in block.insts:
        inst.args = [resolve(argument) for argument in inst.args]
        _canonicalise(inst)
        base_at = OPERATIONS[inst.op].base_at
        if base_at is not None:
            _fold_address(inst, base_at, known)
        replacement = _simplify(inst)
        if replacement is None and inst.dest is not None and inst.op in PURE and inst.op not in MOVES:
            replacement = _holder(inst, known)
        elif replacement is None and inst.op == "ld" and not inst.volatile:
            replacement = _loaded(inst, known)
        if replacement is not None:
            inst.op, inst.args, inst.detail = ("fmov" if _is_float(inst) else "mov"), [replacement], ""
        if inst.op == "br":
            _simplify_branch(inst, known)
        _record(inst, known, exposed)
        kept.append(inst)
    block.insts = kept


def _is_float(inst: Inst) -> bool:
    return inst.dest is not None and inst.dest.is_float


def _canonicalise(inst: Inst) -> None:
    if OPERATIONS[inst.op].is_commutative and isinstance(inst.args[0], int):
        inst.args.reverse()
    if inst.op == "sub" and isinstance(inst.args[1], int):
        inst.op, inst.args[1] = "add", -inst.args[1] & WORD_MASK
    if inst.op == "ovf" and inst.detail == "add" and isinstance(inst.args[0], int):
        inst.args.reverse()
    if inst.op in ("br", "set") and isinstance(inst.args[0], int) and not isinstance(inst.args[1], int):
        inst.args.reverse()
        inst.detail = CONDITIONS[inst.detail].swapped


def _simplify(inst: Inst) -> Operand | None:
    """An operand that the instruction's result equals, or None."""
    row = OPERATIONS[inst.op]
    if inst.op == "set":
        return fold_comparison(inst.detail, *inst.args)
    if not row.is_pure or row.meaning is None or inst.op in MOVES:
        return None
    folded = fold(inst.op, inst.args)
    if folded is not None:
        return folded
    if len(inst.args) == 2:
        left, right = inst.args
        if inst.op in SHIFTS and isinstance(right, int) and right & 255 > 31:
            if inst.op != "sar":
                return 0
            inst.args[1] = right = 31
        if row.neutral is not None and isinstance(right, int) and right == row.neutral:
            return left
        if row.of_same and left is right:
            return left if row.of_same == "left" else 0
        if inst.op == "mul" and isinstance(right, int) and right & (right - 1) == 0:
            inst.op, inst.args = "shl", [left, right.bit_length() - 1]
    return None


def _fold_address(inst: Inst, base_at: int, known: Known) -> None:
    """Moves a constant addition from the base register into the offset."""
    base, offset = inst.args[base_at], inst.args[base_at + 1]
    if not isinstance(base, Reg) or not isinstance(offset, int):
        return
    entry = known.sums.get(base)
    if entry is None or entry[2] != known.version(entry[0]) or not base.single:
        return
    total = signed((offset + entry[1]) & WORD_MASK)
    limit = MAX_OFFSET if inst.op in ("ld", "st") and inst.detail in ("w", "b") else 255
    if inst.op in ("fld", "fst"):
        limit = 1020
    if -limit <= total <= limit:
        inst.args[base_at], inst.args[base_at + 1] = entry[0], total & WORD_MASK


def _key(inst: Inst, known: Known) -> Key:
    return (inst.op, inst.detail, *((a, known.version(a)) for a in inst.args))


def _holder(inst: Inst, known: Known) -> Operand | None:
    first = inst.args[0] if inst.args else None
    if inst.op == "add" and isinstance(first, Reg) and first.fixed is not None and isinstance(inst.args[1], int):
        return None  # cheaper made again, beside its use, than kept in a register
    entry = known.holders.get(_key(inst, known))
    return entry[0] if entry and entry[1] == known.version(entry[0]) else None


def _loaded(inst: Inst, known: Known) -> Operand | None:
    entry = known.memory.get(_memory_key(inst.args[0], inst.args[1], inst.detail, known))
    return entry[0] if entry and entry[1] == known.version(entry[0]) else None


def _memory_key(base: Operand, offset: Operand, size: str, known: Known) -> Key:
    return base, known.version(base), offset, size


def _simplify_branch(inst: Inst, known: Known) -> None:
    folded = fold_comparison(inst.detail, *inst.args)
    if inst.args[0] is inst.args[1] and isinstance(inst.args[0], Reg) and inst.detail in ("eq", "ne"):
        folded = inst.detail == "eq"
    if folded is not None:
        inst.op, inst.args, inst.detail = "jmp", [], ""
        inst.targets = (inst.targets[0] if folded else inst.targets[1],)


def _record(inst: Inst, known: Known, exposed: frozenset[int]) -> None:
    memory = OPERATIONS[inst.op].memory
    if memory is Memory.STORE:
        _record_store(inst, known, exposed)
    elif memory is Memory.ANYTHING:
        known.memory.clear()
        if inst.op == "call":
            for register in known.pinned:
                known.versions[register] = known.versions.get(register, 0) + 1
    dest = inst.dest
    if dest is None:
        return
    if not dest.single:
        known.versions[dest] = known.versions.get(dest, 0) + 1
    version = known.version(dest)
    if inst.op in MOVES:
        source = inst.args[0]
        if dest.fixed is not None and isinstance(source, Reg) and source.single:
            known.copies[source] = (dest, version, 0)
        elif source is not dest:
            known.copies[dest] = (source, known.version(source), version)
        return
    if any(argument is dest for argument in inst.args):
        return
    if inst.op in PURE:
        known.holders[_key(inst, known)] = (dest, version)
        if inst.op == "add" and isinstance(inst.args[0], Reg) and isinstance(inst.args[1], int) and dest.single:
            known.sums[dest] = (inst.args[0], signed(inst.args[1]), known.version(inst.args[0]))
    elif inst.op == "ld" and not inst.volatile:
        known.memory[_memory_key(inst.args[0], inst.args[1], inst.detail, known)] = (dest, version)


def _record_store(inst: Inst, known: Known, exposed: frozenset[int]) -> None:
    value, base, offset = inst.args
    to_state = isinstance(base, Reg) and base.fixed == VM_BASE
    size = SIZES[inst.detail]
    start = offset if isinstance(offset, int) else None

    def survives(key: Key) -> bool:
        other_base, other_version, other_offset, other_size = key
        other_is_state = isinstance(other_base, Reg) and other_base.fixed == VM_BASE
        if other_is_state != to_state:
            state_offset = other_offset if other_is_state else start
            return not (isinstance(state_offset, int) and state_offset in exposed)
        if (
            other_base is base
            and other_version == known.version(base)
            and start is not None
            and isinstance(other_offset, int)
        ):
            return start + size <= other_offset or other_offset + SIZES[str(other_size)] <= start
        return False

    known.memory = {key: entry for key, entry in known.memory.items() if survives(key)}
    if inst.detail == "w" and not inst.volatile:
        known.memory[_memory_key(base, offset, "w", known)] = (value, known.version(value))
