"""From mnemonics and operands to instruction words; see the package's docstring for the whole interface."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hardtalk.arm.pattern import EncodingError, Row
from hardtalk.arm.rows import BY_MNEMONIC, COMPARISONS, DATA_OPERATIONS, INDEX_MODES, MOVES, SHIFTS

EQ, NE, CS, CC, MI, PL, VS, VC, HI, LS, GE, LT, GT, LE, AL = range(15)
SP, LR, PC = 13, 14, 15

WIDTHS = {
    "word": ("ldr", "str"),
    "byte": ("ldrb", "strb"),
    "half": ("ldrh", "strh"),
    "signed_byte": ("ldrsb", ""),
    "signed_half": ("ldrsh", ""),
    "double": ("ldrd", "strd"),
}
MULTIPLE_MODES = {"da": (0, 0), "ia": (0, 1), "db": (1, 0), "ib": (1, 1)}
"""Mode to the bits P (before) and U (upwards)."""


@dataclass(frozen=True, slots=True)
class Immediate:
    """A constant operand; must be eight bits rotated right by an even amount."""

    value: int


@dataclass(frozen=True, slots=True)
class Shifted:
    """A register shifted by a constant: lsl 0..31, lsr and asr 1..32, ror 1..31, rrx (through carry, amount 1)."""

    register: int
    shift: str = "lsl"
    amount: int = 0


@dataclass(frozen=True, slots=True)
class ShiftedBy:
    """A register shifted by the low byte of another."""

    register: int
    shift: str
    amount_register: int


Operand2 = int | Immediate | Shifted | ShiftedBy


def _rotations() -> dict[int, int]:
    table: dict[int, int] = {}
    for rotation in range(16):
        for byte in range(256):
            value = (byte >> 2 * rotation | byte << 32 - 2 * rotation) & 0xFFFFFFFF
            table.setdefault(value, rotation << 8 | byte)
    return table


_ROTATED = _rotations()


def rotated_immediate(value: int) -> int | None:
    """The twelve bits (rotation, byte) that make `value` modulo 2^32 an immediate, smallest rotation; or None."""
    return _ROTATED.get(value & 0xFFFFFFFF)


def encode(mnemonic: str, **fields: int) -> int:
    """The word of the row with this mnemonic and exactly these fields; `cond` is AL and `s` 0 when not given."""
    for row in BY_MNEMONIC.get(mnemonic, ()):
        complete = dict(fields)
        if "cond" in row.parts:
            complete.setdefault("cond", AL)
        if "s" in row.parts:
            complete.setdefault("s", 0)
        if complete.keys() == row.parts.keys():
            return row.encode(complete)
    given = " ".join(sorted(fields))
    forms = "; ".join(" ".join(row.parts) for row in BY_MNEMONIC.get(mnemonic, ()))
    if not forms:
        raise EncodingError(f"no instruction {mnemonic}")
    raise EncodingError(f"{mnemonic} with fields {given} does not exist; fields are: {forms}")


def shift_fields(operand: Shifted) -> tuple[int, int]:
    """The shift type and the five-bit amount of a constant shift."""
    kind, amount = operand.shift, operand.amount
    if kind == "rrx":
        return 3, 0
    lowest, highest = {"lsl": (0, 31), "lsr": (1, 32), "asr": (1, 32), "ror": (1, 31)}.get(kind, (1, 0))
    if not lowest <= amount <= highest:
        raise EncodingError(f"{kind} #{amount} is not a shift: {kind} takes {lowest} to {highest}")
    return SHIFTS.index(kind), amount & 31


def _row(mnemonic: str, form: int) -> Row:
    return BY_MNEMONIC[mnemonic][form]


_DATA = {name: (_row(name, 0).value, _row(name, 1).value, _row(name, 2).value) for name in DATA_OPERATIONS}


def data(op: str, rd: int, rn: int, operand2: Operand2, s: bool = False, cond: int = AL) -> int:
    """A data-processing instruction; `rd` of a comparison and `rn` of a move must be 0."""
    forms = _DATA.get(op)
    if forms is None:
        raise EncodingError(f"{op} is no data-processing instruction")
    if (op in COMPARISONS and rd) or (op in MOVES and rn):
        raise EncodingError(f"{op} has no {'first operand' if op in MOVES else 'destination'}: give 0")
    head = cond << 28 | (s and op not in COMPARISONS) << 20 | _register(rn) << 16 | _register(rd) << 12
    if isinstance(operand2, int):
        return head | forms[1] | _register(operand2)
    if isinstance(operand2, Immediate):
        bits = rotated_immediate(operand2.value)
        if bits is None:
            raise EncodingError(f"{op}: {operand2.value:#x} is not eight bits rotated by an even amount")
        return head | forms[0] | bits
    if isinstance(operand2, Shifted):
        kind, amount = shift_fields(operand2)
        return head | forms[1] | amount << 7 | kind << 5 | _register(operand2.register)
    if operand2.shift not in SHIFTS:
        raise EncodingError(f"{operand2.shift} by a register does not exist")
    amount_register = _register(operand2.amount_register)
    return head | forms[2] | amount_register << 8 | SHIFTS.index(operand2.shift) << 5 | _register(operand2.register)


def _register(number: int) -> int:
    if not 0 <= number <= 15:
        raise EncodingError(f"no register {number}")
    return number


def multiply(rd: int, rm: int, rs: int, s: bool = False, cond: int = AL) -> int:
    """rd := rm * rs; on ARMv5 rd and rm must differ."""
    if rd == rm:
        raise EncodingError("mul: destination and first factor must be different registers before ARMv6")
    return encode("mul", d=rd, m=rm, k=rs, s=int(s), cond=cond)


def multiply_accumulate(rd: int, rm: int, rs: int, rn: int, s: bool = False, cond: int = AL) -> int:
    """rd := rm * rs + rn; on ARMv5 rd and rm must differ."""
    if rd == rm:
        raise EncodingError("mla: destination and first factor must be different registers before ARMv6")
    return encode("mla", d=rd, m=rm, k=rs, n=rn, s=int(s), cond=cond)


def multiply_long(op: str, low: int, high: int, rm: int, rs: int, s: bool = False, cond: int = AL) -> int:
    """umull umlal smull smlal; on ARMv5 low, high and rm must differ."""
    if len({low, high, rm}) != 3:
        raise EncodingError(f"{op}: both results and the first factor must be different registers before ARMv6")
    return encode(op, a=low, b=high, m=rm, k=rs, s=int(s), cond=cond)


def load(rd: int, rn: int, offset: int | Shifted = 0, width: str = "word", index: str = "offset",
         subtract: bool = False, cond: int = AL) -> int:  # fmt: skip
    return _transfer(0, rd, rn, offset, width, index, subtract, cond)


def store(rd: int, rn: int, offset: int | Shifted = 0, width: str = "word", index: str = "offset",
          subtract: bool = False, cond: int = AL) -> int:  # fmt: skip
    return _transfer(1, rd, rn, offset, width, index, subtract, cond)


def _transfer(direction: int, rd: int, rn: int, offset: int | Shifted, width: str, index: str, subtract: bool,
              cond: int) -> int:  # fmt: skip
    mnemonic = WIDTHS[width][direction]
    if not mnemonic:
        raise EncodingError(f"there is no store of a {width.replace('_', ' ')}")
    if width == "double" and (rd & 1 or rd == LR):
        raise EncodingError(f"{mnemonic}: the first register of the pair must be even and below r14, not r{rd}")
    if index != "offset" and (rn == rd or (width == "double" and rn == rd + 1)):
        raise EncodingError(f"{mnemonic}: write-back to a register that is transferred")
    fields = {"cond": cond, "x": INDEX_MODES[index], "n": rn, "d": rd}
    if isinstance(offset, int):
        amount = -offset if subtract else offset
        limit = 4095 if width in ("word", "byte") else 255
        if abs(amount) > limit:
            raise EncodingError(f"{mnemonic}: offset {amount} is beyond {limit}")
        return _row(mnemonic, 0).encode(fields | {"u": int(amount >= 0), "i": abs(amount)})
    fields |= {"u": int(not subtract), "m": offset.register}
    if width in ("word", "byte"):
        fields["t"], fields["i"] = shift_fields(offset)
    elif (offset.shift, offset.amount) != ("lsl", 0):
        raise EncodingError(f"{mnemonic}: the offset register cannot be shifted")
    return _row(mnemonic, 1).encode(fields)


def load_multiple(rn: int, registers: Iterable[int], mode: str = "ia", writeback: bool = False, cond: int = AL,
                  banked: bool = False) -> int:  # fmt: skip
    return _multiple("ldm", rn, registers, mode, writeback, cond, banked)


def store_multiple(rn: int, registers: Iterable[int], mode: str = "ia", writeback: bool = False, cond: int = AL,
                   banked: bool = False) -> int:  # fmt: skip
    return _multiple("stm", rn, registers, mode, writeback, cond, banked)


def _multiple(mnemonic: str, rn: int, registers: Iterable[int], mode: str, writeback: bool, cond: int,
              banked: bool) -> int:  # fmt: skip
    before, up = MULTIPLE_MODES[mode]
    mask = 0
    for register in registers:
        mask |= 1 << _register(register)
    if not mask:
        raise EncodingError(f"{mnemonic} needs at least one register")
    fields = {"cond": cond, "p": before, "u": up, "w": int(writeback), "n": rn, "L" if banked else "l": mask}
    return _row(mnemonic, int(banked)).encode(fields)


def branch_field(displacement: int) -> int:
    """The 24 bits for a target `displacement` bytes after the branch itself."""
    if displacement & 3:
        raise EncodingError(f"branch by {displacement}: not a multiple of four")
    words = (displacement - 8) >> 2
    if not -(1 << 23) <= words < 1 << 23:
        raise EncodingError(f"branch by {displacement}: further than 32 MB")
    return words & 0xFFFFFF


def branch(displacement: int, link: bool = False, cond: int = AL) -> int:
    return encode("bl" if link else "b", i=branch_field(displacement), cond=cond)


def branch_to(word: int, displacement: int) -> int:
    """The branch `word` with another displacement."""
    if word & 0x0E000000 != 0x0A000000:
        raise EncodingError(f"{word:#010x} is no branch")
    return word & 0xFF000000 | branch_field(displacement)


def vfp(op: str, d: int, n: int, m: int, cond: int = AL) -> int:
    """faddd fsubd fmuld fdivd fnmuld fmacd fnmacd fmscd fnmscd on double registers."""
    return encode(op, d=d, n=n, m=m, cond=cond)


def vfp_unary(op: str, d: int, m: int, cond: int = AL) -> int:
    """fcpyd fabsd fnegd fsqrtd fcmpd fcmped on double registers."""
    return encode(op, d=d, m=m, cond=cond)


def vfp_compare_zero(d: int, cond: int = AL) -> int:
    return encode("fcmpzd", d=d, cond=cond)


def vfp_status_to_flags(cond: int = AL) -> int:
    """fmstat: the comparison's result into N Z C V."""
    return encode("fmrx", n=1, d=PC, cond=cond)


def vfp_to_double(op: str, d: int, single: int, cond: int = AL) -> int:
    """fsitod fuitod fcvtds: from single register `single` to double register `d`."""
    return encode(op, d=d, m=single >> 1, M=single & 1, cond=cond)


def vfp_from_double(op: str, single: int, m: int, cond: int = AL) -> int:
    """ftosid ftosizd ftouid ftouizd fcvtsd: from double register `m` to single register `single`."""
    return encode(op, d=single >> 1, D=single & 1, m=m, cond=cond)


def vfp_from_register(single: int, rd: int, cond: int = AL) -> int:
    """fmsr: ARM register to single register, bits unchanged."""
    return encode("fmsr", n=single >> 1, N=single & 1, d=rd, cond=cond)


def vfp_to_register(rd: int, single: int, cond: int = AL) -> int:
    """fmrs: single register to ARM register, bits unchanged."""
    return encode("fmrs", n=single >> 1, N=single & 1, d=rd, cond=cond)


def vfp_from_pair(d: int, low: int, high: int, cond: int = AL) -> int:
    """fmdrr."""
    return encode("fmdrr", m=d, a=low, b=high, cond=cond)


def vfp_to_pair(low: int, high: int, d: int, cond: int = AL) -> int:
    """fmrrd."""
    if low == high:
        raise EncodingError("fmrrd needs two different registers")
    return encode("fmrrd", m=d, a=low, b=high, cond=cond)


def vfp_load(d: int, rn: int, offset: int = 0, cond: int = AL) -> int:
    return _vfp_transfer("fldd", d, rn, offset, cond)


def vfp_store(d: int, rn: int, offset: int = 0, cond: int = AL) -> int:
    return _vfp_transfer("fstd", d, rn, offset, cond)


def _vfp_transfer(mnemonic: str, d: int, rn: int, offset: int, cond: int) -> int:
    if offset & 3 or abs(offset) > 1020:
        raise EncodingError(f"{mnemonic}: offset {offset} is not a multiple of four up to 1020")
    return encode(mnemonic, d=d, n=rn, u=int(offset >= 0), i=abs(offset) >> 2, cond=cond)
