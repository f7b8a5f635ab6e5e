"""What one instruction costs on an ARM926EJ-S, and what of it others wait for: the table of `hardtalk.board.cycles`."""

from dataclasses import dataclass
from functools import lru_cache

import capstone
from capstone import arm_const as arm

EXCEPTION_ENTRY_CYCLES = 3


@dataclass(frozen=True)
class Timing:
    """One instruction: cycles until the next may issue, and how much later its result can be used."""

    cycles: int
    latency: int = 0


MOVES = {arm.ARM_INS_MOV, arm.ARM_INS_MVN, arm.ARM_INS_LSL, arm.ARM_INS_LSR, arm.ARM_INS_ASR, arm.ARM_INS_ROR,
         arm.ARM_INS_RRX, arm.ARM_INS_AND, arm.ARM_INS_ORR, arm.ARM_INS_EOR, arm.ARM_INS_BIC}  # fmt: skip
SHIFTS = {arm.ARM_INS_LSL, arm.ARM_INS_LSR, arm.ARM_INS_ASR, arm.ARM_INS_ROR}
REGISTER_SHIFTS = {arm.ARM_SFT_ASR_REG, arm.ARM_SFT_LSL_REG, arm.ARM_SFT_LSR_REG, arm.ARM_SFT_ROR_REG}
BRANCHES = {arm.ARM_INS_B, arm.ARM_INS_BL, arm.ARM_INS_BX, arm.ARM_INS_BLX}
BLOCK_ENDS = {arm.ARM_INS_SVC, arm.ARM_INS_UDF, arm.ARM_INS_BKPT, arm.ARM_INS_MSR, arm.ARM_INS_MCR, arm.ARM_INS_VMSR}
NARROW_LOADS = {arm.ARM_INS_LDRB, arm.ARM_INS_LDRH, arm.ARM_INS_LDRSB, arm.ARM_INS_LDRSH, arm.ARM_INS_LDRBT}
WORD_LOADS = {arm.ARM_INS_LDR, arm.ARM_INS_LDRT, arm.ARM_INS_POP}
STORES = {arm.ARM_INS_STR, arm.ARM_INS_STRB, arm.ARM_INS_STRH, arm.ARM_INS_STRT, arm.ARM_INS_STRBT, arm.ARM_INS_PUSH}

# Instruction: cycles and latency, where nothing but the instruction decides.
FIXED = {
    arm.ARM_INS_LDRD: Timing(2, 1),
    arm.ARM_INS_STRD: Timing(2),
    arm.ARM_INS_UMULL: Timing(3, 1),
    arm.ARM_INS_SMULL: Timing(3, 1),
    arm.ARM_INS_UMLAL: Timing(3, 1),
    arm.ARM_INS_SMLAL: Timing(3, 1),
    arm.ARM_INS_MUL: Timing(2, 1),
    arm.ARM_INS_MLA: Timing(2, 1),
    arm.ARM_INS_SMULBB: Timing(1, 1),
    arm.ARM_INS_SMULBT: Timing(1, 1),
    arm.ARM_INS_SMULTB: Timing(1, 1),
    arm.ARM_INS_SMULTT: Timing(1, 1),
    arm.ARM_INS_SMULWB: Timing(1, 1),
    arm.ARM_INS_SMULWT: Timing(1, 1),
    arm.ARM_INS_SMLABB: Timing(1, 1),
    arm.ARM_INS_SMLABT: Timing(1, 1),
    arm.ARM_INS_SMLATB: Timing(1, 1),
    arm.ARM_INS_SMLATT: Timing(1, 1),
    arm.ARM_INS_SMLAWB: Timing(1, 1),
    arm.ARM_INS_SMLAWT: Timing(1, 1),
    arm.ARM_INS_SWP: Timing(2, 1),
    arm.ARM_INS_SWPB: Timing(2, 2),
    arm.ARM_INS_MRS: Timing(2),
    arm.ARM_INS_MCR: Timing(2),
    arm.ARM_INS_MRC: Timing(2, 1),
    arm.ARM_INS_SVC: Timing(EXCEPTION_ENTRY_CYCLES),
    arm.ARM_INS_UDF: Timing(EXCEPTION_ENTRY_CYCLES),
    arm.ARM_INS_VADD: Timing(1, 3),
    arm.ARM_INS_VSUB: Timing(1, 3),
    arm.ARM_INS_VNEG: Timing(1, 3),
    arm.ARM_INS_VABS: Timing(1, 3),
    arm.ARM_INS_VCMP: Timing(1, 3),
    arm.ARM_INS_VCMPE: Timing(1, 3),
    arm.ARM_INS_VCVT: Timing(1, 3),
    arm.ARM_INS_VCVTR: Timing(1, 3),
    arm.ARM_INS_VMUL: Timing(2, 3),
    arm.ARM_INS_VNMUL: Timing(2, 3),
    arm.ARM_INS_VMLA: Timing(2, 6),
    arm.ARM_INS_VMLS: Timing(2, 6),
    arm.ARM_INS_VDIV: Timing(28, 3),
    arm.ARM_INS_VSQRT: Timing(28, 3),
    arm.ARM_INS_VMOV: Timing(1, 1),
    arm.ARM_INS_VMRS: Timing(2, 1),
    arm.ARM_INS_VMSR: Timing(2),
    arm.ARM_INS_VLDR: Timing(2, 1),
    arm.ARM_INS_VSTR: Timing(2),
}
FLAG_SETTING_MULTIPLY = {
    arm.ARM_INS_MUL: Timing(4), arm.ARM_INS_MLA: Timing(4), arm.ARM_INS_UMULL: Timing(5), arm.ARM_INS_SMULL: Timing(5),
    arm.ARM_INS_UMLAL: Timing(5), arm.ARM_INS_SMLAL: Timing(5),
}  # fmt: skip
VFP_MULTIPLES = {arm.ARM_INS_VLDMIA, arm.ARM_INS_VLDMDB, arm.ARM_INS_VSTMIA, arm.ARM_INS_VSTMDB, arm.ARM_INS_VPUSH,
                 arm.ARM_INS_VPOP}  # fmt: skip


def is_scaled(instruction: capstone.CsInsn) -> bool:
    """A load or store whose offset is a shifted register."""
    return any(
        operand.type == arm.ARM_OP_MEM and operand.mem.index != 0 and operand.shift.type != 0
        for operand in instruction.operands
    )


def is_multiple(instruction: capstone.CsInsn) -> bool:
    """LDM or STM by its encoding; the disassembler also calls some single transfers push and pop."""
    return int.from_bytes(instruction.bytes, "little") >> 25 & 7 == 0b100


def timing_of(instruction: capstone.CsInsn, written: tuple[int, ...]) -> Timing:
    """The row of the table for one instruction, as executed."""
    code = instruction.id
    writes_pc = arm.ARM_REG_PC in written
    if code in BRANCHES:
        return Timing(3)
    if is_multiple(instruction):
        word = int.from_bytes(instruction.bytes, "little")
        count = (word & 0xFFFF).bit_count()
        is_load = word >> 20 & 1
        if is_load and word >> 15 & 1:
            return Timing(count + 4)
        return Timing(max(count, 2), 1 if is_load else 0)
    if code in NARROW_LOADS:
        return Timing(2 if is_scaled(instruction) else 1, 2)
    if code in WORD_LOADS:
        scaled = is_scaled(instruction)
        if writes_pc:
            return Timing(6 if scaled else 5)
        return Timing(2 if scaled else 1, 1)
    if code in STORES:
        return Timing(2 if is_scaled(instruction) else 1)
    if code in FLAG_SETTING_MULTIPLY and instruction.update_flags:
        return FLAG_SETTING_MULTIPLY[code]
    if code in VFP_MULTIPLES:
        words = int.from_bytes(instruction.bytes, "little") & 0xFF
        return Timing(1 + words, 1)
    if code in FIXED:
        return FIXED[code]
    if code == arm.ARM_INS_MSR:
        fields = int.from_bytes(instruction.bytes, "little") >> 16 & 0xF
        return Timing(1 if fields == 0b1000 else 3)
    shifted_by_register = any(operand.shift.type in REGISTER_SHIFTS for operand in instruction.operands) or (
        code in SHIFTS and instruction.operands[-1].type == arm.ARM_OP_REG and len(instruction.operands) == 3
    )
    if writes_pc:
        shifted = shifted_by_register or any(operand.shift.type for operand in instruction.operands)
        return Timing(4 if code in MOVES or shifted else 3)
    return Timing(2 if shifted_by_register else 1)


def ends_block(instruction: capstone.CsInsn, written: tuple[int, ...]) -> bool:
    """Whether the translator ends a block after the instruction wherever it lies: it may go elsewhere, or the state
    that code was translated for may be another one."""
    return instruction.id in BRANCHES or instruction.id in BLOCK_ENDS or arm.ARM_REG_PC in written


def results_of(instruction: capstone.CsInsn, written: tuple[int, ...]) -> tuple[int, ...]:
    """The registers whose values come late: not a base register that is written back; of LDM only the last."""
    if is_multiple(instruction):
        registers = [operand.reg for operand in instruction.operands if operand.type == arm.ARM_OP_REG]
        return (registers[-1],) if registers and registers[-1] in written else ()
    if not instruction.writeback:
        return written
    bases = {operand.mem.base for operand in instruction.operands if operand.type == arm.ARM_OP_MEM}
    return tuple(register for register in written if register not in bases)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the table needs of one instruction: the registers it reads and writes, those whose values come late."""

    read: tuple[int, ...]
    written: tuple[int, ...]
    results: tuple[int, ...]
    timing: Timing
    ends_block: bool
    is_conditional: bool


_DECODER = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
_DECODER.detail = True


@lru_cache(maxsize=1 << 16)
def decoded(word: bytes) -> Decoded | None:
    """The instruction of these four bytes, wherever it lies; None for what is none."""
    for instruction in _DECODER.disasm(word, 0):
        read, written = map(tuple, instruction.regs_access())
        return Decoded(
            read,
            written,
            results_of(instruction, written),
            timing_of(instruction, written),
            ends_block(instruction, written),
            instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID),
        )
    return None
