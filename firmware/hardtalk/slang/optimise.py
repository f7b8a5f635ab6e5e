"""The optimiser: value numbering over extended basic blocks, copies and constants, addresses, dead code.

A block with one predecessor starts from what the predecessor knew. Registers assigned more than once carry a version
number, so knowledge about them ends where they change. Loads are reused until a store or call may have changed them;
the VM state is changed only by stores to the state, calls and, for variables whose address was taken, any store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hardtalk.slang.fold import fold
from hardtalk.slang.ir import COMMUTATIVE, PURE, SIZES, SWAPPED, VM_BASE, Block, Graph, Inst, Operand, Reg, Shifted
from hardtalk.slang.loops import thread
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


def optimise(graph: Graph, exposed_offsets: frozenset[int] = frozenset()) -> None:
    """Improves the graph in place until nothing changes. `exposed_offsets`: VM state words with a taken address."""
    for _ in range(3):
        before = sum(len(block.insts) for block in graph.blocks)
        _thread_jumps(graph)
        _number_values(graph, exposed_offsets)
        graph.drop_unreachable()
        _remove_dead(graph)
        if sum(len(block.insts) for block in graph.blocks) == before:
            break
    _thread_jumps(graph)
    fold_operands(graph)
    mark_cold(graph)


def _number_values(graph: Graph, exposed: frozenset[int]) -> None:
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
            if inst.op in ("mov", "fmov") and inst.dest is not None and inst.dest.single and inst.dest.fixed is None:
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
        if inst.op in ("ld", "st", "fld", "fst"):
            _fold_address(inst, known)
        replacement = _simplify(inst)
        if replacement is None and inst.dest is not None and inst.op in PURE and inst.op not in ("mov", "fmov"):
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
    if inst.op in COMMUTATIVE and isinstance(inst.args[0], int):
        inst.args.reverse()
    if inst.op == "sub" and isinstance(inst.args[1], int):
        inst.op, inst.args[1] = "add", -inst.args[1] & WORD_MASK
    if inst.op == "ovf" and inst.detail == "add" and isinstance(inst.args[0], int):
        inst.args.reverse()
    if inst.op in ("br", "set") and isinstance(inst.args[0], int) and not isinstance(inst.args[1], int):
        inst.args.reverse()
        inst.detail = SWAPPED[inst.detail]


def _simplify(inst: Inst) -> Operand | None:
    """An operand that the instruction's result equals, or None."""
    if inst.op not in PURE or inst.op in ("mov", "fmov", "sym"):
        return None
    if inst.op == "set":
        folded = fold(f"cmp.{inst.detail}", inst.args)
        return folded
    folded = fold(inst.op, inst.args)
    if folded is not None:
        return folded
    if len(inst.args) == 2:
        left, right = inst.args
        if inst.op in ("shl", "shr", "sar") and isinstance(right, int) and right & 255 > 31:
            if inst.op != "sar":
                return 0
            inst.args[1] = right = 31
        if right == 0 and isinstance(right, int) and inst.op in ("add", "or", "xor", "shl", "shr", "sar", "sub"):
            return left
        if (right == WORD_MASK and inst.op == "and") or (right == 1 and inst.op == "mul"):
            return left
        if inst.op in ("and", "or") and left is right:
            return left
        if inst.op in ("sub", "xor") and left is right:
            return 0
        if inst.op == "mul" and isinstance(right, int) and right & (right - 1) == 0:
            inst.op, inst.args = "shl", [left, right.bit_length() - 1]
    return None


def _fold_address(inst: Inst, known: Known) -> None:
    """Moves a constant addition from the base register into the offset."""
    base_at = 1 if inst.op in ("st", "fst") else 0
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
    folded = fold(f"cmp.{inst.detail}", inst.args)
    if inst.args[0] is inst.args[1] and isinstance(inst.args[0], Reg) and inst.detail in ("eq", "ne"):
        folded = int(inst.detail == "eq")
    if folded is not None:
        inst.op, inst.args, inst.detail = "jmp", [], ""
        inst.targets = (inst.targets[0] if folded else inst.targets[1],)


def _record(inst: Inst, known: Known, exposed: frozenset[int]) -> None:
    if inst.op == "st":
        _record_store(inst, known, exposed)
    elif inst.op in ("call", "fst", "mask", "unmask"):
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
    if inst.op in ("mov", "fmov"):
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


def _thread_jumps(graph: Graph) -> None:
    """Jumps to blocks that only jump go straight on; a block with one predecessor that jumps to it joins that one."""

    def jump_of(block: Block) -> Inst | None:
        return block.insts[0] if len(block.insts) == 1 and block.insts[0].op == "jmp" else None

    for block in graph.blocks:
        end = block.terminator
        if end is not None and end.targets:
            thread(end, jump_of)
            if end.op == "br" and end.targets[0] is end.targets[1]:
                end.op, end.args, end.detail, end.targets = "jmp", [], "", end.targets[:1]
    graph.drop_unreachable()
    predecessors = graph.predecessors()
    merged: set[Block] = set()
    for block in graph.blocks:
        if block in merged:
            continue
        end = block.terminator
        while (
            end is not None
            and end.op == "jmp"
            and end.targets[0] is not block
            and end.targets[0] is not graph.blocks[0]
            and len(predecessors[end.targets[0]]) == 1
        ):
            target = end.targets[0]
            block.insts = block.insts[:-1] + target.insts
            merged.add(target)
            target.insts = []
            end = block.terminator
            for successor in block.successors():
                predecessors[successor] = [block if p is target else p for p in predecessors[successor]]
    graph.blocks = [block for block in graph.blocks if block not in merged]


def live_out(graph: Graph) -> dict[Block, set[Reg]]:
    """For each block the registers whose values are used after it."""
    use: dict[Block, set[Reg]] = {}
    define: dict[Block, set[Reg]] = {}
    for block in graph.blocks:
        used: set[Reg] = set()
        defined: set[Reg] = set()
        for inst in block.insts:
            used.update(register for register in inst.registers() if register not in defined)
            if inst.dest is not None:
                defined.add(inst.dest)
        use[block], define[block] = used, defined
    result: dict[Block, set[Reg]] = {block: set() for block in graph.blocks}
    live_in: dict[Block, set[Reg]] = {block: set(use[block]) for block in graph.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(graph.blocks):
            out: set[Reg] = set()
            for successor in block.successors():
                out |= live_in[successor]
            if len(out) != len(result[block]):
                result[block] = out
                live_in[block] = use[block] | (out - define[block])
                changed = True
    return result


def _remove_dead(graph: Graph) -> None:
    outs = live_out(graph)
    for block in graph.blocks:
        live = set(outs[block])
        kept: list[Inst] = []
        for inst in reversed(block.insts):
            dest = inst.dest
            removable = inst.op in PURE or (inst.op in ("ld", "fld") and not inst.volatile)
            if dest is not None and dest.fixed is None and dest not in live:
                if removable:
                    continue
                if inst.op == "call":
                    inst.dest = None
            if inst.op in ("mov", "fmov") and inst.args[0] is dest:
                continue
            if dest is not None:
                live.discard(dest)
            live.update(inst.registers())
            kept.append(inst)
        kept.reverse()
        block.insts = kept


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


_SHIFTS = {"shl": "lsl", "shr": "lsr", "sar": "asr"}
Source = Callable[[Operand, tuple[str, ...]], "tuple[int, Inst] | None"]


def _shifted(operand: Operand, source: Source, gone: set[int]) -> Operand:
    found = source(operand, ("shl", "shr", "sar"))
    if found is None:
        return operand
    register, amount = found[1].args
    if not isinstance(register, Reg) or not isinstance(amount, int):
        return operand
    gone.add(found[0])
    return Shifted(register, _SHIFTS[found[1].op], amount)


def _fold_into(inst: Inst, source: Source, gone: set[int]) -> None:
    if inst.op in ("add", "and", "or", "xor", "sub"):
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
                    inst.detail = SWAPPED[inst.detail]
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


def mark_cold(graph: Graph) -> None:
    """Blocks that only lead to a jump to another routine are cold: they go to the end of the routine."""
    if not graph.is_threaded:
        return
    for block in reversed(graph.blocks):
        end = block.terminator
        if end is None:
            continue
        if end.op == "tail" or (end.targets and all(target.cold for target in end.targets)):
            block.cold = True
    graph.blocks[0].cold = False
