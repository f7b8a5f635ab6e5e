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

ACCESSES = ("ld", "st")
RESULT_DELAY = {"w": 2, "spill": 2, "b": 3, "h": 3, "sb": 3, "sh": 3}

MOST_TOGETHER = 200
"""Each instruction is compared with each before it; what a longer run would gain is no more."""


def schedule(code: MachineCode) -> None:
    """Reorders the instructions inside each block."""
    for block in code.blocks:
        _schedule_block(block, keeps_pointer=code.touches_pinned)


@dataclass(eq=False, slots=True)
class _Node:
    """An instruction of a run. `reads` and `writes` have a bit for each register: each pair of a run is compared.
    `reads_bytecodes`: a load through `ip`; where nothing pinned is used, that register holds any address."""

    inst: Machine
    position: int
    reads: int
    writes: int
    sets_flags: bool
    needs_flags: bool
    is_access: bool
    reads_bytecodes: bool
    successors: list[tuple[_Node, int]] = field(default_factory=list)
    waiting: int = 0
    ready_at: int = 0
    height: int = 0


def _delay(inst: Machine) -> int:
    if inst.op == "ld":
        return RESULT_DELAY[inst.detail]
    return MACHINE_OPERATIONS[inst.op].delay


def _schedule_block(block: MachineBlock, *, keeps_pointer: bool) -> None:
    insts = block.insts
    ending = [insts[-1]] if insts[-1].targets or insts[-1].op in ENDINGS else []
    body = insts[: len(insts) - len(ending)]
    result: list[Machine] = []
    run: list[Machine] = []
    for inst in body:
        if inst.op in STAYING or inst.op in ENDINGS:
            result += [*_ordered(run, [inst] if inst.op == "go" else [], keeps_pointer), inst]
            run = []
        else:
            run.append(inst)
            if len(run) == MOST_TOGETHER:
                result += _ordered(run, [], keeps_pointer)
                run = []
    result += _ordered(run, ending, keeps_pointer)
    block.insts = result + ending


def _nodes(insts: list[Machine], keeps_pointer: bool) -> list[_Node]:
    bits: dict[Reg, int] = {}

    def mask(registers: list[Reg]) -> int:
        found = 0
        for register in registers:
            found |= bits.setdefault(register, 1 << len(bits))
        return found

    return [
        _Node(
            inst,
            position,
            reads=mask([*inst.uses, *(inst.defs if inst.cond else ())]),
            writes=mask(inst.defs),
            sets_flags=inst.sets_flags or inst.op in COMPARES,
            needs_flags=bool(inst.cond),
            is_access=inst.op in ACCESSES,
            reads_bytecodes=keeps_pointer and inst.op == "ld" and inst.uses[0] is BYTECODE_POINTER,
        )
        for position, inst in enumerate(insts)
    ]


def _wait(earlier: _Node, later: _Node) -> int:
    """Cycles that `later` must wait after `earlier` starts, 0 when they are independent."""
    wait = 0
    if earlier.writes & later.reads:
        wait = _wait_for_result(earlier, later)
    elif later.writes & (earlier.writes | earlier.reads):
        wait = 1
    if not wait and (
        (earlier.sets_flags and (later.needs_flags or later.sets_flags))
        or (earlier.needs_flags and later.sets_flags)
        or (earlier.is_access and later.is_access and _must_keep_order(earlier, later))
    ):
        return 1
    return wait


def _wait_for_result(earlier: _Node, later: _Node) -> int:
    """An updated address is there at once."""
    inst = earlier.inst
    if earlier.is_access and inst.index != "offset":
        read = [*later.inst.uses, *(later.inst.defs if later.inst.cond else ())]
        if not any(register in read for register in inst.defs[:-1]):
            return 1
    return _delay(inst)


def _must_keep_order(earlier: _Node, later: _Node) -> bool:
    if earlier.inst.volatile and later.inst.volatile:
        return True
    return not (earlier.reads_bytecodes or later.reads_bytecodes) and _conflict(earlier.inst, later.inst)


def _conflict(earlier: Machine, later: Machine) -> bool:
    """Whether two accesses must keep their order: one stores, and they are not evidently apart."""
    if earlier.op == "ld" and later.op == "ld":
        return False
    base, other = (i.uses[0] if i.op == "ld" else i.uses[1] for i in (earlier, later))
    is_simple = earlier.index == later.index == "offset" and earlier.imm is not None and later.imm is not None
    if base is other and is_simple and base not in earlier.defs:
        return abs((earlier.imm or 0) - (later.imm or 0)) < 4
    return True


def _ordered(run: list[Machine], ending: list[Machine], keeps_pointer: bool) -> list[Machine]:
    if len(run) + len(ending) < 3:
        return run
    nodes = _nodes([*run, *ending], keeps_pointer)
    for later_at, later in enumerate(nodes):
        for earlier in nodes[:later_at]:
            if wait := _wait(earlier, later):
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
