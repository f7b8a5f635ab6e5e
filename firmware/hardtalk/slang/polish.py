"""After allocation: addressing with write-back, comparisons that the operation before already made, short branches
turned into conditional instructions."""

from __future__ import annotations

from hardtalk.arm.encode import rotated_immediate
from hardtalk.slang.allocate import reachable_blocks
from hardtalk.slang.conditions import CONDITIONS
from hardtalk.slang.dispatch import split_dispatch
from hardtalk.slang.ir import TABLE
from hardtalk.slang.loops import joined, thread
from hardtalk.slang.machine import (
    COMPARES,
    CONDITIONABLE,
    DATA,
    MACHINE_OPERATIONS,
    Machine,
    MachineBlock,
    MachineCode,
    predecessors,
)
from hardtalk.slang.write_back import fuse_writeback, is_step

CONDITIONAL_LIMIT = 3
ENDING_WORDS = {"b": 0, "next": 2, "current": 2, "go": 1, "tail": 1, "transfer": 1}
"""What may end a block that runs under a condition, with the words that it becomes."""
FETCHING = ("next", "current")
"""Of these, those that wait for a byte: on the other way that is longer than a branch taken."""


def polish(code: MachineCode) -> None:
    """Improves the allocated routine in place."""
    join_chains(code)
    for block in code.blocks:
        fuse_writeback(block)
        _reuse_flags(block)
        _reuse_carry(block)
    _make_conditional(code)
    split_dispatch(code)
    for block in code.blocks:
        fuse_writeback(block)
        _split_constants(block)


def _split_constants(block: MachineBlock) -> None:
    """An addition of a constant that is no ARM immediate becomes two additions."""
    result: list[Machine] = []
    for inst in block.insts:
        if inst.op in ("add", "sub") and inst.imm is not None and rotated_immediate(inst.imm) is None:
            low = inst.imm & 0xFF
            result.append(Machine(inst.op, inst.defs, inst.uses, imm=low, cond=inst.cond, place=inst.place))
            inst.uses, inst.imm = list(inst.defs), inst.imm - low
        result.append(inst)
    block.insts = result


SIGN_ONLY = {"eq": "eq", "ne": "ne", "lt": "mi", "ge": "pl", "mi": "mi", "pl": "pl"}


def _reuse_flags(block: MachineBlock) -> None:
    """A comparison with 0 just after the operation that made the register: the operation sets the flags instead.

    Only conditions on zero and sign, since the operation sets carry and overflow by its own rules.
    """
    insts = block.insts
    for position, inst in enumerate(insts):
        if inst.op != "cmp" or inst.imm != 0 or inst.shift:
            continue
        if position + 2 != len(insts) or insts[-1].op != "bc" or insts[-1].cond not in SIGN_ONLY:
            return
        for earlier in range(position - 1, -1, -1):
            maker = insts[earlier]
            if MACHINE_OPERATIONS[maker.op].changes_flags or maker.sets_flags or maker.cond:
                return
            if inst.uses[0] in maker.defs:
                if maker.op in DATA and not maker.is_move:
                    maker.sets_flags = True
                    insts[-1].cond = SIGN_ONLY[insts[-1].cond]
                    del insts[position]
                return


CARRIED = {"lo": "hs", "hs": "lo"}


def _reuse_carry(block: MachineBlock) -> None:
    """A branch on a comparison of two registers whose difference was just made: the subtraction sets the flags instead.

    So does an addition whose sum is compared with what went into it, to see whether it fits a word.
    """
    insts = block.insts
    if len(insts) < 3 or insts[-1].op != "bc" or insts[-2].op != "cmp" or not _is_plain(insts[-2]):
        return
    compared, end = insts[-2].uses, insts[-1]
    for maker in reversed(insts[:-2]):
        if MACHINE_OPERATIONS[maker.op].changes_flags or maker.sets_flags or maker.cond:
            return
        is_difference = maker.op == "sub" and maker.uses == compared and maker.defs[0] not in compared
        is_sum = (
            maker.op == "add" and maker.defs[0] == compared[0] and compared[1] in maker.uses and end.cond in CARRIED
        ) and compared[0] != compared[1]
        if _is_plain(maker) and (is_difference or is_sum):
            maker.sets_flags = True
            end.cond = CARRIED[end.cond] if is_sum else end.cond
            del insts[-2]
            return
        if any(register in compared for register in maker.defs):
            return


def _is_plain(inst: Machine) -> bool:
    """Of two registers as they are."""
    return inst.imm is None and not inst.shift and len(inst.uses) == 2


def join_chains(code: MachineCode) -> None:
    """A block whose only predecessor jumps to it is appended there; empty blocks vanish."""

    def jump_of(block: MachineBlock) -> Machine | None:
        return block.insts[0] if len(block.insts) == 1 and block.insts[0].op == "b" else None

    for block in code.blocks:
        if block.insts and block.insts[-1].targets:
            end = block.insts[-1]
            thread(end, jump_of)
            if end.op == "bc" and end.targets[0] is end.targets[1]:
                end.op, end.cond, end.targets = "b", "", end.targets[:1]
    code.blocks = reachable_blocks(code)
    before = predecessors(code)
    gone: set[MachineBlock] = set()
    for block in code.blocks:
        while block not in gone and block.insts and block.insts[-1].op == "b":
            target = block.insts[-1].targets[0]
            if target is block or len(before[target]) != 1 or target is code.blocks[0]:
                break
            block.insts = block.insts[:-1] + target.insts
            target.insts = []
            gone.add(target)
            for successor in block.successors():
                before[successor] = [block if p is target else p for p in before[successor]]
    code.blocks = [block for block in code.blocks if block not in gone]


def _is_conditionable(block: MachineBlock) -> bool:
    """Whether the block can run under a condition: short, touching no flags, not itself branching."""
    *body, end = block.insts
    if end.op not in ENDING_WORDS:
        return False
    size = len(body) + ENDING_WORDS[end.op]
    if end.op == "current" and any(is_step(inst) for inst in body):
        size -= 1
    if size > CONDITIONAL_LIMIT:
        return False
    return all(inst.op in CONDITIONABLE and not inst.cond and not inst.sets_flags for inst in body)


def _make_conditional(code: MachineCode) -> None:
    changed = True
    while changed:
        before = predecessors(code)
        changed = any(absorb(code, block, before) for block in code.blocks for absorb in ABSORBING)
        if changed:
            join_chains(code)


def _absorb_test(code: MachineCode, block: MachineBlock, before: dict[MachineBlock, list[MachineBlock]]) -> bool:
    """A second comparison that fails to where the first one does is made under the first one's condition."""
    end = block.insts[-1]
    if end.op != "bc" or any(end.closes.values()) or any(_is_poll(inst) for inst in block.insts):
        return False
    for side in (0, 1):
        target, other = end.targets[side], end.targets[1 - side]
        if len(before[target]) != 1 or target.cold or len(target.insts) != 2:
            continue
        test, last = target.insts
        if test.op not in COMPARES or test.cond or _is_poll(test) or last.op != "bc" or any(last.closes.values()):
            continue
        cond = end.cond if side == 0 else CONDITIONS[end.cond].inverse
        if last.targets[last.cond == cond] is not other or last.cond not in (cond, CONDITIONS[cond].inverse):
            continue  # the first comparison's flags must lead there too
        test.cond = cond
        block.insts[-1:] = [test, last]
        code.blocks.remove(target)
        return True
    return False


def _is_poll(inst: Machine) -> bool:
    """The proof knows the tests for interrupts by their form: they stay alone."""
    return inst.op in COMPARES and inst.uses[0].fixed == TABLE


def _absorb_arm(code: MachineCode, block: MachineBlock, before: dict[MachineBlock, list[MachineBlock]]) -> bool:
    """An arm that rejoins the other side, or leaves the routine, runs under the branch's condition instead."""
    end = block.insts[-1]
    if end.op != "bc":
        return False
    for side in (0, 1):
        target, other = end.targets[side], end.targets[1 - side]
        if len(before[target]) != 1 or target is other or target.cold != block.cold or not _is_conditionable(target):
            continue
        last = target.insts[-1]
        if last.op in FETCHING and not other.cold:
            continue
        if (last.targets[0] is not other) if last.op == "b" else bool(code.spill_words):
            continue
        cond = end.cond if side == 0 else CONDITIONS[end.cond].inverse
        block.insts.pop()
        block.insts += _under(cond, target.insts if last.op != "b" else target.insts[:-1])
        closes = joined((end, last), other)
        block.insts.append(Machine("b", targets=(other,), place=end.place, closes=closes))
        code.blocks.remove(target)
        return True
    return False


def _absorb_diamond(code: MachineCode, block: MachineBlock, before: dict[MachineBlock, list[MachineBlock]]) -> bool:
    """Two short arms that meet again run under opposite conditions."""
    end = block.insts[-1]
    if end.op != "bc":
        return False
    arms = end.targets
    if any(len(before[arm]) != 1 or arm.insts[-1].op != "b" or not _is_conditionable(arm) for arm in arms):
        return False
    join = arms[0].insts[-1].targets[0]
    if arms[1].insts[-1].targets[0] is not join or join in arms or len(arms[0].insts) + len(arms[1].insts) > 6:
        return False
    block.insts.pop()
    block.insts += _under(end.cond, arms[0].insts[:-1]) + _under(CONDITIONS[end.cond].inverse, arms[1].insts[:-1])
    closes = joined([arm.insts[-1] for arm in arms], join)
    block.insts.append(Machine("b", targets=(join,), place=end.place, closes=closes))
    for arm in arms:
        code.blocks.remove(arm)
    return True


ABSORBING = (_absorb_test, _absorb_arm, _absorb_diamond)


def _under(cond: str, insts: list[Machine]) -> list[Machine]:
    for inst in insts:
        inst.cond = cond
    return insts
