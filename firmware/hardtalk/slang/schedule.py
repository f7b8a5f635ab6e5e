"""Instruction scheduling after allocation: fills the ARM926's load-use delays without adding instructions.

A word loaded is ready one cycle late, a byte or half two (`arm926` timing, DDI 0222B table 8.2). The fetch of the next
bytecode moves up between the other instructions, so that its delay is covered; it reads only the bytecodes and `ip`,
so it may pass stores. The jump itself stays last and reads the table register last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hardtalk.slang.dispatch import BYTECODE_POINTER
from hardtalk.slang.ir import Reg
from hardtalk.slang.machine import COMPARES, ENDINGS, MACHINE_OPERATIONS, STAYING, Machine, MachineBlock, MachineCode

RESULT_DELAY = {"w": 2, "spill": 2, "b": 3, "h": 3, "sb": 3, "sh": 3}


def schedule(code: MachineCode) -> None:
    """Reorders the instructions inside each block."""
    for block in code.blocks:
        _schedule_block(block)


@dataclass(eq=False, slots=True)
class _Node:
    inst: Machine
    position: int
    successors: list[tuple[_Node, int]] = field(default_factory=list)
    waiting: int = 0
    ready_at: int = 0
    height: int = 0


def _delay(inst: Machine) -> int:
    if inst.op == "ld":
        return RESULT_DELAY[inst.detail]
    return MACHINE_OPERATIONS[inst.op].delay


def _schedule_block(block: MachineBlock) -> None:
    insts = block.insts
    ending = [insts[-1]] if insts[-1].targets or insts[-1].op in ENDINGS else []
    body = insts[: len(insts) - len(ending)]
    result: list[Machine] = []
    run: list[Machine] = []
    for inst in body:
        if inst.op in STAYING or inst.op in ENDINGS:
            result += [*_ordered(run, [inst] if inst.op == "go" else []), inst]
            run = []
        else:
            run.append(inst)
    result += _ordered(run, ending)
    block.insts = result + ending


def _depends(earlier: Machine, later: Machine) -> int | None:
    """Cycles that `later` must wait after `earlier` starts, or None when they are independent."""
    wait: int | None = None
    written = earlier.defs
    read = [*later.uses, *(later.defs if later.cond else ())]
    if any(r in read for r in written):
        is_address_update = (
            earlier.op in ("ld", "st") and earlier.index != "offset" and not any(r in read for r in earlier.defs[:-1])
        )
        wait = 1 if is_address_update else _delay(earlier)
    elif any(r in later.defs for r in written) or any(r in later.defs for r in _read(earlier)):
        wait = 1
    sets, needs = _sets_flags(earlier), bool(later.cond)
    if (sets and (needs or _sets_flags(later))) or (bool(earlier.cond) and _sets_flags(later)):
        wait = max(wait or 0, 1)
    if (
        earlier.op in ("ld", "st")
        and later.op in ("ld", "st")
        and (_conflict(earlier, later) or (earlier.volatile and later.volatile))
    ):
        wait = max(wait or 0, 1)
    return wait


def _read(inst: Machine) -> list[Reg]:
    return [*inst.uses, *(inst.defs if inst.cond else ())]


def _sets_flags(inst: Machine) -> bool:
    return inst.sets_flags or inst.op in COMPARES


def _conflict(earlier: Machine, later: Machine) -> bool:
    """Whether two accesses must keep their order: one stores, and they are not evidently apart."""
    if earlier.op == "ld" and later.op == "ld":
        return False
    if any(i.op == "ld" and i.uses[0] is BYTECODE_POINTER for i in (earlier, later)):
        return False
    base, other = (i.uses[0] if i.op == "ld" else i.uses[1] for i in (earlier, later))
    is_simple = earlier.index == later.index == "offset" and earlier.imm is not None and later.imm is not None
    if base is other and is_simple and base not in earlier.defs:
        return abs((earlier.imm or 0) - (later.imm or 0)) < 4
    return True


def _ordered(run: list[Machine], ending: list[Machine]) -> list[Machine]:
    if len(run) + len(ending) < 3:
        return run
    nodes = [_Node(inst, position) for position, inst in enumerate([*run, *ending])]
    for later_at, later in enumerate(nodes):
        for earlier in nodes[:later_at]:
            wait = _depends(earlier.inst, later.inst)
            if wait is not None:
                earlier.successors.append((later, wait))
                later.waiting += 1
    for node in reversed(nodes):
        node.height = max((wait + successor.height for successor, wait in node.successors), default=0)
    ready = [node for node in nodes[: len(run)] if node.waiting == 0]
    clock = 0
    result: list[Machine] = []
    while ready:
        node = min(ready, key=lambda n: (max(n.ready_at, clock), -n.height, n.position))
        ready.remove(node)
        clock = max(clock, node.ready_at) + 1
        result.append(node.inst)
        for successor, wait in node.successors:
            successor.ready_at = max(successor.ready_at, clock - 1 + wait)
            successor.waiting -= 1
            if successor.waiting == 0 and successor.position < len(run):
                ready.append(successor)
    return result
