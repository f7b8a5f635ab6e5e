"""The instruction table: ARMv5TE in ARM state and VFPv2 in double precision (ARM DDI 0100I).

Field letters: d n m registers as the manual's Rd Rn Rm, k the manual's Rs, a b the low and high result of a long
multiplication; i an immediate, r its rotation, t a shift type; s sets flags, u adds the offset, w writes back;
x index mode (0 post, 2 offset, 3 pre; the bits P and W); D N M the lowest bit of a single-precision register.
Placeholders of the syntax column are those of `listing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hardtalk.arm.pattern import Row, check

CONDITIONS = ("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "")
SHIFTS = ("lsl", "lsr", "asr", "ror")
DATA_OPERATIONS = ("and", "eor", "sub", "rsb", "add", "adc", "sbc", "rsc", "tst", "teq", "cmp", "cmn", "orr", "mov",
                   "bic", "mvn")  # fmt: skip
COMPARISONS = ("tst", "teq", "cmp", "cmn")
MOVES = ("mov", "mvn")
INDEX_MODES = {"post": 0, "offset": 2, "pre": 3}
NOT_TRANSLATED = {"x": (1,)}
"""P = 0 with W = 1 is the user-mode access of ldrt and its kin."""


def data_processing() -> Iterator[Row]:
    for opcode, name in enumerate(DATA_OPERATIONS):
        if name in COMPARISONS:
            head, operands, first, flags = "1 nnnn 0000", "{n}, ", name + "{c}", ""
        elif name in MOVES:
            head, operands, first, flags = "s 0000 dddd", "{d}, ", name + "{s}{c}", "{s}"
        else:
            head, operands, first, flags = "s nnnn dddd", "{d}, {n}, ", name + "{s}{c}", "{s}"
        moved = name == "mov"
        plain, by_register = f"{first} {operands}{{shifted}}", f"{first} {operands}{{m}}, {{t}} {{k}}"
        if moved:
            plain, by_register = "{moved}", f"{{t}}{flags}{{c}} {{d}}, {{m}}, {{k}}"
        yield Row(name, f"cond 001 {opcode:04b} {head} rrrr iiiiiiii", f"{first} {operands}{{rotated}}")
        yield Row(name, f"cond 000 {opcode:04b} {head} iiiii tt 0 mmmm", plain)
        yield Row(name, f"cond 000 {opcode:04b} {head} kkkk 0 tt 1 mmmm", by_register)


MULTIPLIES = (
    Row("mul", "cond 0000000 s dddd 0000 kkkk 1001 mmmm", "mul{s}{c} {d}, {m}, {k}"),
    Row("mla", "cond 0000001 s dddd nnnn kkkk 1001 mmmm", "mla{s}{c} {d}, {m}, {k}, {n}"),
    Row("umull", "cond 0000100 s bbbb aaaa kkkk 1001 mmmm", "umull{s}{c} {a}, {b}, {m}, {k}"),
    Row("umlal", "cond 0000101 s bbbb aaaa kkkk 1001 mmmm", "umlal{s}{c} {a}, {b}, {m}, {k}"),
    Row("smull", "cond 0000110 s bbbb aaaa kkkk 1001 mmmm", "smull{s}{c} {a}, {b}, {m}, {k}"),
    Row("smlal", "cond 0000111 s bbbb aaaa kkkk 1001 mmmm", "smlal{s}{c} {a}, {b}, {m}, {k}"),
)

MISCELLANEOUS = (
    Row("clz", "cond 00010110 1111 dddd 1111 0001 mmmm", "clz{c} {d}, {m}"),
    Row("bx", "cond 00010010 1111 1111 1111 0001 mmmm", "bx{c} {m}"),
    Row("blx", "cond 00010010 1111 1111 1111 0011 mmmm", "blx{c} {m}"),
    Row("swp", "cond 00010000 nnnn dddd 0000 1001 mmmm", "swp{c} {d}, {m}, [{n}]"),
    Row("swpb", "cond 00010100 nnnn dddd 0000 1001 mmmm", "swpb{c} {d}, {m}, [{n}]"),
    Row("mrs", "cond 00010 r 00 1111 dddd 0000 0000 0000", "mrs{c} {d}, {saved}"),
    Row("msr", "cond 00010 r 10 ffff 1111 0000 0000 mmmm", "msr{c} {psr}, {m}"),
    Row("msr", "cond 00110 p 10 ffff 1111 rrrr iiiiiiii", "msr{c} {psr}, {rotated}"),
    Row("bkpt", "1110 00010010 iiiiiiiiiiii 0111 iiii", "bkpt {i}"),
    Row("b", "cond 1010 iiiiiiiiiiiiiiiiiiiiiiii", "b{c} {target}"),
    Row("bl", "cond 1011 iiiiiiiiiiiiiiiiiiiiiiii", "bl{c} {target}"),
    Row("swi", "cond 1111 iiiiiiiiiiiiiiiiiiiiiiii", "svc{c} {i}"),
    Row("pld", "1111 0101 u101 nnnn 1111 iiiiiiiiiiii", "pld [{n}{imm}]"),
    Row("mcr", "cond 1110 ooo0 nnnn dddd pppp qqq1 mmmm", "mcr{c} {p}, {o}, {d}, {cn}, {cm}, {q}", {"p": (10, 11)}),
    Row("mrc", "cond 1110 ooo1 nnnn dddd pppp qqq1 mmmm", "mrc{c} {p}, {o}, {d}, {cn}, {cm}, {q}", {"p": (10, 11)}),
)


def transfers() -> Iterator[Row]:
    for name, byte, load in (("str", 0, 0), ("ldr", 0, 1), ("strb", 1, 0), ("ldrb", 1, 1)):
        syntax = name + "{c} {d}, "
        yield Row(name, f"cond 010 xu{byte}x{load} nnnn dddd iiiiiiiiiiii", syntax + "{at_immediate}", NOT_TRANSLATED)
        yield Row(name, f"cond 011 xu{byte}x{load} nnnn dddd iiiiitt0 mmmm", syntax + "{at_register}", NOT_TRANSLATED)
    extra = (("strh", 0, "01"), ("ldrd", 0, "10"), ("strd", 0, "11"),
             ("ldrh", 1, "01"), ("ldrsb", 1, "10"), ("ldrsh", 1, "11"))  # fmt: skip
    for name, load, kind in extra:
        syntax = name + ("{c} {pair}, " if name in ("ldrd", "strd") else "{c} {d}, ")
        yield Row(name, f"cond 000 xu1x{load} nnnn dddd iiii 1{kind}1 iiii", syntax + "{at_immediate}", NOT_TRANSLATED)
        yield Row(name, f"cond 000 xu0x{load} nnnn dddd 0000 1{kind}1 mmmm", syntax + "{at_register}", NOT_TRANSLATED)
    for name, load in (("stm", 0), ("ldm", 1)):
        yield Row(name, f"cond 100 pu0w{load} nnnn llllllllllllllll", "{multiple}")
        yield Row(name, f"cond 100 pu1w{load} nnnn LLLLLLLLLLLLLLLL", "{multiple}")


def vfp() -> Iterator[Row]:
    yield Row("fstd", "cond 1101 u000 nnnn dddd 1011 iiiiiiii", "vstr{c} {Dd}, [{n}{words}]")
    yield Row("fldd", "cond 1101 u001 nnnn dddd 1011 iiiiiiii", "vldr{c} {Dd}, [{n}{words}]")
    yield Row("fsts", "cond 1101 uD00 nnnn dddd 1010 iiiiiiii", "vstr{c} {Sd}, [{n}{words}]")
    yield Row("flds", "cond 1101 uD01 nnnn dddd 1010 iiiiiiii", "vldr{c} {Sd}, [{n}{words}]")
    yield Row("fstmiad", "cond 1100 10w0 nnnn dddd 1011 iiiiiii0", "{vmultiple}")
    yield Row("fldmiad", "cond 1100 10w1 nnnn dddd 1011 iiiiiii0", "{vmultiple}")
    yield Row("fstmdbd", "cond 1101 0010 nnnn dddd 1011 iiiiiii0", "{vmultiple}")
    yield Row("fldmdbd", "cond 1101 0011 nnnn dddd 1011 iiiiiii0", "{vmultiple}")
    binary = (("fmacd", "vmla", "0000", 0), ("fnmacd", "vmls", "0000", 1), ("fmscd", "vnmls", "0001", 0),
              ("fnmscd", "vnmla", "0001", 1), ("fmuld", "vmul", "0010", 0), ("fnmuld", "vnmul", "0010", 1),
              ("faddd", "vadd", "0011", 0), ("fsubd", "vsub", "0011", 1), ("fdivd", "vdiv", "1000", 0))  # fmt: skip
    for name, ual, opcode, bit in binary:
        yield Row(name, f"cond 1110 {opcode} nnnn dddd 1011 0{bit}00 mmmm", ual + "{c}.f64 {Dd}, {Dn}, {Dm}")
    unary = (("fcpyd", "vmov", "0000", 0), ("fabsd", "vabs", "0000", 1), ("fnegd", "vneg", "0001", 0),
             ("fsqrtd", "vsqrt", "0001", 1), ("fcmpd", "vcmp", "0100", 0), ("fcmped", "vcmpe", "0100", 1))  # fmt: skip
    for name, ual, opcode, bit in unary:
        yield Row(name, f"cond 1110 1011 {opcode} dddd 1011 {bit}100 mmmm", ual + "{c}.f64 {Dd}, {Dm}")
    yield Row("fcmpzd", "cond 1110 1011 0101 dddd 1011 0100 0000", "vcmp{c}.f64 {Dd}, #0")
    yield Row("fcmpezd", "cond 1110 1011 0101 dddd 1011 1100 0000", "vcmpe{c}.f64 {Dd}, #0")
    yield Row("fcvtds", "cond 1110 1011 0111 dddd 1010 11M0 mmmm", "vcvt{c}.f64.f32 {Dd}, {Sm}")
    yield Row("fcvtsd", "cond 1110 1D11 0111 dddd 1011 1100 mmmm", "vcvt{c}.f32.f64 {Sd}, {Dm}")
    yield Row("fuitod", "cond 1110 1011 1000 dddd 1011 01M0 mmmm", "vcvt{c}.f64.u32 {Dd}, {Sm}")
    yield Row("fsitod", "cond 1110 1011 1000 dddd 1011 11M0 mmmm", "vcvt{c}.f64.s32 {Dd}, {Sm}")
    yield Row("ftouid", "cond 1110 1D11 1100 dddd 1011 0100 mmmm", "vcvtr{c}.u32.f64 {Sd}, {Dm}")
    yield Row("ftouizd", "cond 1110 1D11 1100 dddd 1011 1100 mmmm", "vcvt{c}.u32.f64 {Sd}, {Dm}")
    yield Row("ftosid", "cond 1110 1D11 1101 dddd 1011 0100 mmmm", "vcvtr{c}.s32.f64 {Sd}, {Dm}")
    yield Row("ftosizd", "cond 1110 1D11 1101 dddd 1011 1100 mmmm", "vcvt{c}.s32.f64 {Sd}, {Dm}")
    yield Row("fmsr", "cond 1110 0000 nnnn dddd 1010 N001 0000", "vmov{c} {Sn}, {d}")
    yield Row("fmrs", "cond 1110 0001 nnnn dddd 1010 N001 0000", "vmov{c} {d}, {Sn}")
    yield Row("fmdrr", "cond 1100 0100 bbbb aaaa 1011 0001 mmmm", "vmov{c} {Dm}, {a}, {b}")
    yield Row("fmrrd", "cond 1100 0101 bbbb aaaa 1011 0001 mmmm", "vmov{c} {a}, {b}, {Dm}")
    yield Row("fmxr", "cond 1110 1110 nnnn dddd 1010 0001 0000", "vmsr{c} {system}, {d}")
    yield Row("fmrx", "cond 1110 1111 nnnn dddd 1010 0001 0000", "vmrs{c} {flags_or_d}, {system}")


ROWS = check((*MULTIPLIES, *MISCELLANEOUS, *data_processing(), *transfers(), *vfp()))

BY_MNEMONIC: dict[str, tuple[Row, ...]] = {}
for _row in ROWS:
    BY_MNEMONIC[_row.mnemonic] = (*BY_MNEMONIC.get(_row.mnemonic, ()), _row)


DECISIVE_BITS = 0x0FF000F0
"""Bits 20-27 and 4-7, which tell most instructions apart (ARM DDI 0100I, figure A3-1)."""


@cache
def _candidates(bits: int) -> tuple[Row, ...]:
    """The rows that a word with these decisive bits may be of."""
    return tuple(row for row in ROWS if (row.mask & DECISIVE_BITS) & (row.value ^ bits) == 0)


def find(word: int) -> tuple[Row, dict[str, int]] | None:
    """The row and the field values of an instruction word, or None when the table does not have it."""
    for row in _candidates(word & DECISIVE_BITS):
        if (fields := row.decode(word)) is not None:
            return row, fields
    return None
