"""Dispatch made visible: `next` and `current` as a fetch and a jump, and loads that can go straight to the pc.

As separate instructions the fetch can be scheduled away from its use and can absorb a change of `ip` by write-back.
"""

from __future__ import annotations

from hardtalk.slang.ir import Reg
from hardtalk.slang.machine import ENDINGS, Machine, MachineBlock, MachineCode
from hardtalk.slang.select import PHYSICAL
from hardtalk.vm.constants import PINNED_REGISTERS

FETCH_REGISTERS = (0, 1, 2, 3, 12, 14)
BYTECODE_POINTER = PHYSICAL[PINNED_REGISTERS["ip"]]


def split_dispatch(code: MachineCode) -> None:
    """Splits the dispatches of a routine without frame, where a register is free for the fetched byte."""
    if code.spill_words:
        return
    for block in code.blocks:
        _split(block)
        _retarget_pointer(block)
        _load_to_pc(block)


def _split(block: MachineBlock) -> None:
    if not any(inst.op in ("next", "current") for inst in block.insts):
        return
    fetched = _free_register(block)
    if fetched is None:
        return
    result: list[Machine] = []
    for inst in block.insts:
        if inst.op not in ("next", "current"):
            result.append(inst)
            continue
        is_next = inst.op == "next"
        result.append(
            Machine(
                "ld",
                [fetched, BYTECODE_POINTER] if is_next else [fetched],
                [BYTECODE_POINTER],
                imm=int(is_next),
                detail="b",
                cond=inst.cond,
                index="pre" if is_next else "offset",
                place=inst.place,
            )
        )
        result.append(Machine("go", [], [fetched], cond=inst.cond, place=inst.place))
    block.insts = result


def _free_register(block: MachineBlock) -> Reg | None:
    """One that the block does not mention; else, where the dispatch ends all, the one that was in use the earliest."""
    last = {register: at for at, inst in enumerate(block.insts) for register in (*inst.defs, *inst.uses)}
    registers = [PHYSICAL[number] for number in FETCH_REGISTERS]
    free = next((register for register in registers if register not in last), None)
    if free is not None or any(inst.op in ENDINGS for inst in block.insts[:-1]):
        return free
    return min(registers, key=lambda register: last[register])


def _is_offset(inst: Machine) -> bool:
    return inst.op in ("add", "sub") and inst.imm is not None and not inst.cond and not inst.sets_flags


def _retarget_pointer(block: MachineBlock) -> None:
    """`add x, ip, y; sub ip, x, #c` becomes `add ip, ip, y; sub ip, ip, #c`, whose constant the fetch can absorb."""
    insts = block.insts
    for position, inst in enumerate(insts):
        if not _is_offset(inst) or inst.defs[0] is not BYTECODE_POINTER or inst.uses[0] is BYTECODE_POINTER:
            continue
        scratch = inst.uses[0]
        maker_at = _last_definition(insts, position, scratch)
        if maker_at is None or insts[maker_at].op not in ("add", "sub") or insts[maker_at].cond:
            continue
        between = insts[maker_at + 1 : position]
        if any(r in (scratch, BYTECODE_POINTER) for i in between for r in (*i.defs, *i.uses)):
            continue
        if _is_read_later(insts, position, scratch):
            continue
        insts[maker_at].defs = [BYTECODE_POINTER]
        inst.uses = [BYTECODE_POINTER]


def _last_definition(insts: list[Machine], position: int, register: Reg) -> int | None:
    for earlier in range(position - 1, -1, -1):
        if register in insts[earlier].defs:
            return earlier
    return None


def _is_read_later(insts: list[Machine], position: int, register: Reg) -> bool:
    """Whether the register's value is used after `position` (beyond the block counts as used)."""
    for inst in insts[position + 1 :]:
        if register in inst.uses or (inst.cond and register in inst.defs):
            return True
        if register in inst.defs:
            return False
    return bool(insts[-1].targets) or insts[-1].op not in ("go", "transfer", "tail", "next", "current")


def _load_to_pc(block: MachineBlock) -> None:
    """A transfer to an address just loaded loads the pc itself."""
    insts = block.insts
    end = insts[-1]
    if end.op != "transfer" or end.cond:
        return
    address = end.uses[0]
    position = _last_definition(insts, len(insts) - 1, address)
    if position is None or any(address in inst.uses for inst in insts[position + 1 : -1]) or address in end.uses[1:]:
        return
    load = insts[position]
    if load.op != "ld" or load.detail != "w" or load.index != "offset" or load.imm is None or load.cond:
        return
    after = insts[position + 1 : -1]
    if any(inst.op in ("st", "bl", "fst") or load.uses[0] in inst.defs for inst in after):
        return
    del insts[position]
    insts[-1] = Machine("go_to", [], [load.uses[0], *end.uses[1:]], imm=load.imm, place=end.place)
