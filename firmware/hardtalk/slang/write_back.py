"""Addressing with write-back: a change of an address register becomes part of an access through it.

An instruction under a condition goes into one under the same condition, with nothing between them that sets flags.
"""

from __future__ import annotations

from hardtalk.arm.encode import rotated_immediate
from hardtalk.slang.dispatch import BYTECODE_POINTER
from hardtalk.slang.ir import Reg
from hardtalk.slang.machine import ENDINGS, MACHINE_OPERATIONS, Machine, MachineBlock

WRITEBACK_LIMIT = {"w": 4095, "b": 4095, "h": 255, "sh": 255, "sb": 255}
REGISTER_INDEXED = ("w", "b")


def fuse_writeback(block: MachineBlock) -> None:
    """`add r, r, #c` beside an access through r becomes part of the access; so does `add r, r, s` before one."""
    insts = block.insts
    position = 0
    while position < len(insts):
        amount = adjustment(insts[position])
        if amount is not None:
            adjusted = insts[position]
            if _fuse_forward(insts, position, adjusted, amount) or _fuse_backward(insts, position, adjusted, amount):
                continue
        position += 1
    for position, inst in enumerate(insts):
        _index_by_register(insts, position, inst)


def adjustment(inst: Machine) -> int | None:
    """The constant that `add r, r, #c` or `sub r, r, #c` adds, or None."""
    if inst.op in ("add", "sub") and inst.imm is not None and not inst.sets_flags and inst.defs[0] is inst.uses[0]:
        return inst.imm if inst.op == "add" else -inst.imm
    return None


def is_step(inst: Machine) -> bool:
    """Whether the instruction moves `ip` by a constant, which the fetch behind it absorbs."""
    return adjustment(inst) is not None and inst.defs[0] is BYTECODE_POINTER


def _base(inst: Machine, cond: str) -> Reg | None:
    """The address register of an access by a constant distance under that condition."""
    if inst.op not in ("ld", "st") or inst.detail == "spill" or inst.imm is None or inst.cond != cond:
        return None
    return inst.uses[0] if inst.op == "ld" else inst.uses[1]


def _can_write_back(inst: Machine, base: Reg) -> bool:
    return inst.defs[0] is not base if inst.op == "ld" else inst.uses[0] is not base


def _fuse_forward(insts: list[Machine], position: int, adjusted: Machine, amount: int) -> bool:
    """Pre-indexed: the adjustment, then an access at the new address."""
    register, cond = adjusted.defs[0], adjusted.cond
    for later in range(position + 1, len(insts)):
        inst = insts[later]
        if _base(inst, cond) is register and inst.imm is not None and inst.index != "post":
            limit = WRITEBACK_LIMIT[inst.detail]
            if inst.index == "pre" and abs(inst.imm + amount) <= limit:
                inst.imm += amount
                del insts[position]
                return True
            is_near = inst.imm in (0, -amount) and abs(amount) <= limit
            if inst.index == "offset" and is_near and _can_write_back(inst, register):
                inst.imm, inst.index = amount, "pre" if inst.imm == 0 else "post"
                inst.defs = [*inst.defs, register]
                del insts[position]
                return True
        if _stops(inst, register, cond) or inst.op in ("b", "bc"):
            return False
    return False


def _fuse_backward(insts: list[Machine], position: int, adjusted: Machine, amount: int) -> bool:
    """Post-indexed: an access at the old address, then the adjustment (or one that lands on the accessed address)."""
    register, cond = adjusted.defs[0], adjusted.cond
    for earlier in range(position - 1, -1, -1):
        inst = insts[earlier]
        if (
            _base(inst, cond) is register
            and inst.index == "offset"
            and abs(amount) <= WRITEBACK_LIMIT[inst.detail]
            and _can_write_back(inst, register)
            and inst.imm in (0, amount)
        ):
            inst.index = "post" if inst.imm == 0 else "pre"
            inst.imm = amount
            inst.defs = [*inst.defs, register]
            del insts[position]
            return True
        if _stops(inst, register, cond):
            return False  # an ending under a condition leaves the routine with the old value
    return False


def _stops(inst: Machine, register: Reg, cond: str) -> bool:
    """Whether a change of the register does not move across the instruction."""
    changes_flags = inst.sets_flags or MACHINE_OPERATIONS[inst.op].changes_flags
    is_apart = register not in inst.uses and register not in inst.defs
    return not is_apart or inst.op in ENDINGS or inst.op == "bl" or (bool(cond) and changes_flags)


def _index_by_register(insts: list[Machine], position: int, inst: Machine) -> None:
    """`add r, r, s; ld x, [r, #c]!` becomes `add r, r, #c; ld x, [r, s]!`: what s waits for delays one less."""
    if inst.op != "add" or inst.imm is not None or inst.shift or inst.sets_flags or inst.defs[0] is not inst.uses[0]:
        return
    register, distance = inst.uses
    if distance is register:
        return
    for access in insts[position + 1 :]:
        if access.op == "ld" and _base(access, inst.cond) is register and access.index == "pre" and access.imm:
            if access.detail in REGISTER_INDEXED and rotated_immediate(abs(access.imm)) is not None:
                inst.op, inst.imm, inst.uses = "add" if access.imm > 0 else "sub", abs(access.imm), [register]
                access.imm, access.uses = None, [register, distance]
            return
        if _stops(access, register, inst.cond) or access.op in ("b", "bc") or distance in access.defs:
            return
