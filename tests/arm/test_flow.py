"""What `flow` says of an instruction, against Capstone: over all code of the VM and the boot stub, and every row."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO

import capstone
import pytest
from capstone import arm_const as cs
from elftools.elf.elffile import ELFFile

from hardtalk.arm import encode as arm
from hardtalk.arm.flow import Access, Flow, Instruction, decode
from hardtalk.arm.rows import ROWS
from hardtalk.build import build

AT = 0x1000

CORE = {getattr(cs, f"ARM_REG_R{number}"): number for number in range(13)} | {
    cs.ARM_REG_SP: 13, cs.ARM_REG_LR: 14, cs.ARM_REG_PC: 15
}  # fmt: skip
BRANCHES = (cs.ARM_INS_B, cs.ARM_INS_BL)
SHIFTS_BY_REGISTER = (cs.ARM_SFT_ASR_REG, cs.ARM_SFT_LSL_REG, cs.ARM_SFT_LSR_REG, cs.ARM_SFT_ROR_REG)
ACCUMULATING = ("umlal", "smlal")
CARRYING = ("adc", "sbc", "rsc")


@pytest.fixture(scope="module")
def decoder() -> capstone.Cs:
    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
    decoder.detail = True
    return decoder


def words_of_every_row() -> Iterator[int]:
    """Some words of each row, with registers that give no architecturally void combination."""
    chooser = random.Random(1)
    for row in ROWS:
        for _ in range(40):
            registers = chooser.sample((0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12), 8)
            fields = {
                name: registers.pop() if name in "dnmkab" else chooser.getrandbits(row.width(name))
                for name in row.parts
            }
            fields |= {"cond": chooser.choice((0, 5, 14))} if "cond" in fields else {}
            if row.mnemonic in ("ldrd", "strd"):
                fields["d"] &= ~1
                if "m" in fields and fields["m"] in (fields["d"], fields["d"] + 1):
                    continue
                if fields["n"] in (fields["d"], fields["d"] + 1):
                    continue
            if "f" in fields and not fields["f"]:
                continue
            for mask in ("l", "L"):
                if mask in fields:
                    fields[mask] = (fields[mask] | 1) & ~(1 << fields["n"])
            if row.mnemonic.startswith(("fldm", "fstm")):
                fields |= {"d": 0, "i": 1 + fields["i"] % 15}
            try:
                yield row.encode(fields)
            except arm.EncodingError:
                continue


def registers(ours: Instruction, theirs: capstone.CsInsn) -> tuple[set[int], set[int]]:
    """What Capstone says is read and written, made good where it is wrong (Capstone 5): the register that says how far
    to shift, the accumulators of long multiplications, the coprocessor's direction, lists of STM, banked results."""
    read, written = ({CORE[each] for each in part if each in CORE} for part in theirs.regs_access())
    name, fields = ours.mnemonic, ours.fields
    for operand in theirs.operands:
        if operand.shift.type in SHIFTS_BY_REGISTER:
            read.add(CORE[operand.shift.value])
    if name in ACCUMULATING:
        read |= {fields["a"], fields["b"]}
        written |= {fields["a"], fields["b"]}
    elif name == "mrc":
        read, written = set(), {fields["d"]}
    elif name == "fmxr":
        read.add(fields["d"])
    elif name == "stm":
        read |= {CORE[each.reg] for each in theirs.operands if each.type == cs.ARM_OP_REG}
        written |= {fields["n"]} if fields["w"] else set()
    elif name == "bx":
        read.add(fields["m"])
    elif name == "swi":
        written.discard(14)
    elif fields.get("x") == 0:
        written.add(fields["n"])
    return read, written


def difference(ours: Instruction, theirs: capstone.CsInsn) -> str:
    """What the two say differently, empty when they agree."""
    faults = []
    read, written = registers(ours, theirs)
    for name, mine, other in (("reads", ours.reads, read), ("writes", ours.writes, written)):
        expected = set(other)
        given = set(mine)
        if theirs.id in BRANCHES or ours.mnemonic in ("bx", "blx", "swi", "bkpt"):
            expected.discard(15)
            given.discard(15)
        if given != expected:
            faults.append(f"{name} {sorted(given)} for {sorted(expected)}")
    if theirs.id in BRANCHES and ours.target != theirs.operands[0].imm & 0xFFFFFFFF:
        faults.append(f"target {ours.target} for {theirs.operands[0].imm}")
    memory = [each for each in theirs.operands if each.type == cs.ARM_OP_MEM]
    access = ours.access
    if memory and ours.mnemonic != "pld":
        assert access is not None
        (place,) = memory
        if access.base != CORE[place.mem.base]:
            faults.append(f"base {access.base}")
        is_post = ours.fields.get("x") == 0
        sign = -1 if place.subtracted and place.mem.disp > 0 else 1
        if not is_post and place.mem.index == 0 and access.offset != place.mem.disp * sign:
            faults.append(f"offset {access.offset} for {place.mem.disp}")
        if not is_post and access.index != CORE.get(place.mem.index):
            faults.append(f"index {access.index}")
        if access.writes_back != (theirs.writeback or is_post):
            faults.append("write-back")
    goes_elsewhere = any(theirs.group(group) for group in (capstone.CS_GRP_JUMP, capstone.CS_GRP_CALL))
    writes_pc = 15 in written
    if (goes_elsewhere or writes_pc) != (ours.flow not in (Flow.NEXT, Flow.TRAP)) and ours.flow is not Flow.TRAP:
        faults.append(f"flow {ours.flow}")
    if ours.is_conditional != (theirs.cc not in (cs.ARM_CC_AL, cs.ARM_CC_INVALID)):
        faults.append("condition")
    if ours.mnemonic not in ("fmrx", "msr", *CARRYING) and ours.sets_flags != theirs.update_flags:
        faults.append("flags")
    return "; ".join(faults)


def agree(decoder: capstone.Cs, words: Iterable[int]) -> int:
    """How many words both decode; what they differ in fails."""
    count, faults = 0, []
    for word in sorted(set(words)):
        ours = decode(word, AT)
        theirs = next(decoder.disasm(word.to_bytes(4, "little"), AT), None)
        if ours is None or theirs is None:
            continue
        count += 1
        if fault := difference(ours, theirs):
            faults.append(f"{word:#010x} {theirs.mnemonic} {theirs.op_str}: {fault}")
    assert not faults, "\n".join(faults[:20])
    return count


def test_every_row_as_capstone_reads_it(decoder: capstone.Cs) -> None:
    assert agree(decoder, words_of_every_row()) > 20 * len(ROWS)


def test_all_code_of_the_firmware_as_capstone_reads_it(decoder: capstone.Cs) -> None:
    elf = ELFFile(BytesIO(build().elf))
    code = b"".join(elf.get_section_by_name(name).data() for name in (".boot", ".vm"))
    assert agree(decoder, (word for (word,) in struct.iter_unpack("<I", code))) > 5000


@pytest.mark.parametrize(
    ("word", "flow"),
    [
        (arm.branch(-8), Flow.JUMP),
        (arm.branch(64, link=True, cond=arm.NE), Flow.CALL),
        (arm.encode("bx", m=arm.LR), Flow.RETURN),
        (arm.encode("bx", m=3), Flow.JUMP_COMPUTED),
        (arm.encode("blx", m=12), Flow.CALL_COMPUTED),
        (arm.data("mov", arm.PC, 0, arm.LR), Flow.RETURN),
        (arm.data("mov", arm.PC, 0, 3), Flow.JUMP_COMPUTED),
        (arm.data("sub", arm.PC, arm.LR, arm.Immediate(4), s=True), Flow.EXCEPTION_RETURN),
        (arm.load(arm.PC, 8, arm.Shifted(0, "lsl", 2)), Flow.JUMP_COMPUTED),
        (arm.load(arm.PC, arm.SP, 4, index="post"), Flow.RETURN),
        (arm.load_multiple(arm.SP, [4, arm.PC], writeback=True), Flow.RETURN),
        (arm.load_multiple(arm.SP, [4, arm.PC], writeback=True, banked=True), Flow.EXCEPTION_RETURN),
        (arm.load_multiple(arm.SP, [4, arm.LR], writeback=True), Flow.NEXT),
        (arm.encode("swi", i=1), Flow.TRAP),
        (arm.data("add", 0, 1, 2), Flow.NEXT),
    ],
)
def test_where_an_instruction_goes_on(word: int, flow: Flow) -> None:
    instruction = decode(word)
    assert instruction is not None and instruction.flow is flow


def test_branch_targets_and_literals() -> None:
    back, literal = decode(arm.branch(-8), 0x1000), decode(arm.load(3, arm.PC, 16), 0x1000)
    assert back is not None and back.target == 0xFF8 and back.literal is None
    assert literal is not None and literal.literal == 0x1018 and literal.target is None


def test_accesses() -> None:
    def access(word: int) -> Access | None:
        instruction = decode(word)
        assert instruction is not None
        return instruction.access

    assert access(arm.load(1, 2, -12, width="half")) == Access(2, -12, None, 2, True, False, False)
    assert access(arm.store(1, 2, 8, index="pre")) == Access(2, 8, None, 4, False, True, True)
    assert access(arm.store(1, 2, 8, index="post")) == Access(2, 0, None, 4, False, True, True)
    assert access(arm.load(1, 2, arm.Shifted(3, "lsl", 2))) == Access(2, None, 3, 4, True, False, False)
    for mode, lowest in (("ia", 0), ("ib", 4), ("da", -8), ("db", -12)):
        assert access(arm.load_multiple(4, [0, 1, 2], mode)) == Access(4, lowest, None, 12, True, False, False)
    assert access(arm.vfp_load(1, 2, 16)) == Access(2, 16, None, 8, True, False, False)
    assert access(arm.data("add", 0, 1, 2)) is None


def test_writes_of_the_interrupt_masks() -> None:
    masks = decode(arm.encode("msr", p=0, f=1, r=0, i=0xDF))
    flags, by_register = decode(arm.encode("msr", p=0, f=8, r=0, i=0)), decode(arm.encode("msr", r=0, f=1, m=2))
    assert masks is not None and masks.writes_status and masks.status_bits == 0xDF
    assert flags is not None and not flags.writes_status and flags.sets_flags
    assert by_register is not None and by_register.writes_status and by_register.status_bits is None


def test_blocks_end_where_code_goes_on_elsewhere_or_a_status_register_changes() -> None:
    ending = (arm.branch(8), arm.branch(8, link=True), arm.encode("bx", m=arm.LR), arm.encode("msr", r=1, f=15, m=1))
    within = (arm.data("add", 0, 1, 2), arm.encode("swi", i=1), arm.encode("mrs", d=1, r=0))
    for words, ends in ((ending, True), (within, False)):
        for word in words:
            instruction = decode(word)
            assert instruction is not None and instruction.ends_block is ends


def test_data_is_no_instruction() -> None:
    assert decode(0xFFFFFFFF) is None
