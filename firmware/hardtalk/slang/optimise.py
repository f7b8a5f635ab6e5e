"""The optimiser: value numbering, jumps and dead code until nothing changes, then ARM's second operands."""

from __future__ import annotations

from collections import Counter

from hardtalk.slang.ir import TABLE, Block, Graph, Inst, Reg
from hardtalk.slang.loops import thread
from hardtalk.slang.operations import MOVES, OPERATIONS, PURE, Memory
from hardtalk.slang.second_operands import fold_operands
from hardtalk.slang.value_numbering import number_values
from hardtalk.vm.constants import PENDING_BIT


def optimise(graph: Graph, exposed_offsets: frozenset[int] = frozenset()) -> None:
    """Improves the graph in place until nothing changes. `exposed_offsets`: VM state words with a taken address."""
    for _ in range(3):
        before = sum(len(block.insts) for block in graph.blocks)
        _thread_jumps(graph)
        number_values(graph, exposed_offsets)
        graph.drop_unreachable()
        _remove_dead(graph)
        if sum(len(block.insts) for block in graph.blocks) == before:
            break
    _thread_jumps(graph)
    fold_operands(graph)
    mark_cold(graph)


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
            removable = inst.op in PURE or (OPERATIONS[inst.op].memory is Memory.LOAD and not inst.volatile)
            if dest is not None and dest.fixed is None and dest not in live:
                if removable:
                    continue
                if inst.op == "call":
                    inst.dest = None
            if inst.op in MOVES and inst.args[0] is dest:
                continue
            if dest is not None:
                live.discard(dest)
            live.update(inst.registers())
            kept.append(inst)
        kept.reverse()
        block.insts = kept


def mark_cold(graph: Graph) -> None:
    """Blocks that only lead to a jump to another routine are cold: they go to the end of the routine; in a piece of a
    compiled method those that lead to a `<cold>` one. So are those of a routine with a caller by which it returns
    because an interrupt waits."""
    if not graph.is_threaded:
        mark_polled_returns(graph)
        return
    for block in reversed(graph.blocks):
        end = block.terminator
        if end is None:
            continue
        is_rare = end.op == "tail" and (not graph.is_piece or block.cold)
        if is_rare or (end.targets and all(target.cold for target in end.targets)):
            block.cold = True
    graph.blocks[0].cold = False


def mark_polled_returns(graph: Graph) -> None:
    """Polls mostly find nothing: what returns after one, and is come to from nowhere else, is cold."""
    entered = Counter(target for block in graph.blocks for target in block.successors())
    for block in graph.blocks:
        end = block.terminator
        if end is None or end.op != "br" or end.detail not in ("tn", "tz") or end.args[1] != PENDING_BIT:
            continue
        if not (isinstance(end.args[0], Reg) and end.args[0].fixed == TABLE):
            continue
        pending = end.targets[0 if end.detail == "tn" else 1]
        after = pending.terminator
        returns = after is not None and (
            after.op == "ret" or (after.op == "jmp" and [each.op for each in after.targets[0].insts] == ["ret"])
        )
        if returns and entered[pending] == 1:
            pending.cold = True
