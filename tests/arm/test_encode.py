"""The builders against text written by hand and assembled by Keystone."""

from __future__ import annotations

import keystone
import pytest

from hardtalk.arm import encode as arm
from hardtalk.arm.encode import Immediate, Shifted, ShiftedBy
from hardtalk.arm.pattern import EncodingError

CASES = [
    ("add r0, r1, #256", arm.data("add", 0, 1, Immediate(256))),
    ("subs r3, r3, #0xff000000", arm.data("sub", 3, 3, Immediate(0xFF000000), s=True)),
    ("mvn r0, #0", arm.data("mvn", 0, 0, Immediate(0))),
    ("moveq r1, #0xf000000f", arm.data("mov", 1, 0, Immediate(0xF000000F), cond=arm.EQ)),
    ("cmp r1, r2", arm.data("cmp", 0, 1, 2)),
    ("tst r1, #1", arm.data("tst", 0, 1, Immediate(1), s=True)),
    ("teq r1, r2, asr #32", arm.data("teq", 0, 1, Shifted(2, "asr", 32))),
    ("rsb r1, r2, r3, lsl #31", arm.data("rsb", 1, 2, Shifted(3, "lsl", 31))),
    ("adcs r1, r2, r3, rrx", arm.data("adc", 1, 2, Shifted(3, "rrx", 1), s=True)),
    ("orr r1, r2, r3, ror r4", arm.data("orr", 1, 2, ShiftedBy(3, "ror", 4))),
    ("ldrb r0, [r5, #1]!", arm.load(0, 5, 1, "byte", "pre")),
    ("str r0, [r6, #4]!", arm.store(0, 6, 4, index="pre")),
    ("ldr r0, [r6], #-4", arm.load(0, 6, -4, index="post")),
    ("ldr r0, [r6], #-4", arm.load(0, 6, 4, index="post", subtract=True)),
    ("ldr pc, [r8, r0, lsl #2]", arm.load(15, 8, Shifted(0, "lsl", 2))),
    ("strlt r0, [r1, -r2, asr #3]!", arm.store(0, 1, Shifted(2, "asr", 3), index="pre", subtract=True, cond=arm.LT)),
    ("ldrsh r0, [r1, #-255]", arm.load(0, 1, -255, "signed_half")),
    ("strh r0, [r1], r2", arm.store(0, 1, Shifted(2), "half", "post")),
    ("ldrsb r0, [r1, -r2]", arm.load(0, 1, Shifted(2), "signed_byte", subtract=True)),
    ("ldrd r2, r3, [r1, #8]", arm.load(2, 1, 8, "double")),
    ("strd r2, r3, [r1], #-8", arm.store(2, 1, -8, "double", "post")),
    ("push {r4, r11, lr}", arm.store_multiple(13, [14, 4, 11], "db", True)),
    ("pop {r4, pc}", arm.load_multiple(13, [4, 15], writeback=True)),
    ("stm r0, {r1, sp, lr}^", arm.store_multiple(0, [1, 13, 14], banked=True)),
    ("ldmib r0!, {r1, r2}", arm.load_multiple(0, [1, 2], "ib", True)),
    ("mul r0, r1, r2", arm.multiply(0, 1, 2)),
    ("mlas r0, r1, r2, r3", arm.multiply_accumulate(0, 1, 2, 3, s=True)),
    ("smull r0, r1, r2, r3", arm.multiply_long("smull", 0, 1, 2, 3)),
    ("clz r0, r12", arm.encode("clz", d=0, m=12)),
    ("blx r3", arm.encode("blx", m=3)),
    ("swp r0, r1, [r2]", arm.encode("swp", d=0, m=1, n=2)),
    ("msr cpsr_c, r0", arm.encode("msr", r=0, f=1, m=0)),
    ("msr cpsr_c, #0xd3", arm.encode("msr", p=0, f=1, r=0, i=0xD3)),
    ("mrs r0, spsr", arm.encode("mrs", r=1, d=0)),
    ("mcr p15, 0, r0, c7, c0, 4", arm.encode("mcr", p=15, o=0, d=0, n=7, m=0, q=4)),
    ("bne #0x100c", arm.branch(0xC, cond=arm.NE)),
    ("bl #0xffc", arm.branch(-4, link=True)),
    ("vadd.f64 d0, d1, d15", arm.vfp("faddd", 0, 1, 15)),
    ("vsqrt.f64 d3, d4", arm.vfp_unary("fsqrtd", 3, 4)),
    ("vcmp.f64 d3, #0", arm.vfp_compare_zero(3)),
    ("vmrs apsr_nzcv, fpscr", arm.vfp_status_to_flags()),
    ("vcvt.f64.s32 d1, s7", arm.vfp_to_double("fsitod", 1, 7)),
    ("vcvt.s32.f64 s5, d9", arm.vfp_from_double("ftosizd", 5, 9)),
    ("vmov s1, r3", arm.vfp_from_register(1, 3)),
    ("vmov r3, s2", arm.vfp_to_register(3, 2)),
    ("vmov d1, r2, r3", arm.vfp_from_pair(1, 2, 3)),
    ("vmov r2, r3, d1", arm.vfp_to_pair(2, 3, 1)),
    ("vldr d1, [r2, #-1020]", arm.vfp_load(1, 2, -1020)),
    ("vstr d1, [r2, #20]", arm.vfp_store(1, 2, 20)),
]


@pytest.mark.parametrize(("text", "word"), CASES, ids=[text for text, _ in CASES])
def test_builder(text: str, word: int) -> None:
    encoding, _ = keystone.Ks(keystone.KS_ARCH_ARM, keystone.KS_MODE_ARM).asm(text, 0x1000)
    assert hex(word) == hex(int.from_bytes(bytes(encoding), "little"))


def test_rotated_immediates_are_exactly_the_ones_there_are() -> None:
    for value in (0, 1, 255, 0x3FC, 0xFF0, 0xF000000F, 0xC000003F, 0xFF000000, 0x80000000):
        bits = arm.rotated_immediate(value)
        assert bits is not None
        byte, rotation = bits & 255, bits >> 8
        assert (byte >> 2 * rotation | byte << 32 - 2 * rotation) & 0xFFFFFFFF == value
    for value in (257, 0x1FE, 0x1FF, -2, 0xFFFFFFFF, 0x12345678):
        assert arm.rotated_immediate(value) is None


REFUSED = [
    (lambda: arm.data("add", 0, 1, Immediate(257)), "add: 0x101 is not eight bits rotated by an even amount"),
    (lambda: arm.data("add", 0, 1, Shifted(2, "lsr", 0)), "lsr #0 is not a shift: lsr takes 1 to 32"),
    (lambda: arm.data("cmp", 1, 2, 3), "cmp has no destination: give 0"),
    (lambda: arm.data("mov", 1, 2, 3), "mov has no first operand: give 0"),
    (lambda: arm.data("nop", 1, 2, 3), "nop is no data-processing instruction"),
    (lambda: arm.data("add", 16, 2, 3), "no register 16"),
    (lambda: arm.load(0, 1, 4096), "ldr: offset 4096 is beyond 4095"),
    (lambda: arm.load(0, 1, 256, "half"), "ldrh: offset 256 is beyond 255"),
    (lambda: arm.store(0, 1, width="signed_half"), "there is no store of a signed half"),
    (lambda: arm.load(1, 1, 4, index="pre"), "ldr: write-back to a register that is transferred"),
    (lambda: arm.load(1, 2, 4, "double"), "ldrd: the first register of the pair must be even and below r14, not r1"),
    (lambda: arm.branch(2), "branch by 2: not a multiple of four"),
    (lambda: arm.branch(1 << 26), "branch by 67108864: further than 32 MB"),
    (lambda: arm.branch_to(0xE1A00000, 8), "0xe1a00000 is no branch"),
    (lambda: arm.vfp_load(0, 0, 1024), "fldd: offset 1024 is not a multiple of four up to 1020"),
    (lambda: arm.encode("clz", d=0), "clz with fields d does not exist; fields are: cond d m"),
    (lambda: arm.encode("clz", d=0, m=16), "clz: 16 does not fit field m (4 bits)"),
    (lambda: arm.encode("b", i=0, cond=15), "b: 15 does not fit field cond (4 bits)"),
    (lambda: arm.multiply(1, 1, 2), "mul: destination and first factor must be different registers before ARMv6"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused(build: object, message: str) -> None:
    assert callable(build)
    with pytest.raises(EncodingError) as caught:
        build()
    assert str(caught.value) == message


def test_branch_is_relocated() -> None:
    assert arm.branch_to(arm.branch(8, cond=arm.NE), -64) == arm.branch(-64, cond=arm.NE)
