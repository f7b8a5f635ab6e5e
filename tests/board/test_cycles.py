"""The ARM926 table, row by row: source, cycles when the last instruction fails (or always), more when it executes."""

import pytest
from board_guests import HALT, ORIGIN, assemble, guest

from hardtalk.board import Board, StopReason
from hardtalk.board.cycles import Arm926, BlockCost, Instructions

ROWS = [
    ("add r0, r1, r2", 1, 0),
    ("add r0, r0, #1; add r1, r0, #1", 2, 0),
    ("mov r0, r1, lsl #3", 1, 0),
    ("mov r0, r1, lsl r2", 2, 0),
    ("add r0, r1, r3, asr r2", 2, 0),
    ("subs pc, lr, #4", 3, 0),
    ("movs pc, lr", 4, 0),
    ("clz r0, r1", 1, 0),
    ("ldr r0, [r1]; mov r2, #0", 2, 0),
    ("ldr r0, [r1]; add r2, r0, #1", 3, 0),
    ("ldr r0, [r0]; add r2, r0, #1", 3, 0),
    ("ldrb r0, [r0, #1]; add r2, r0, #1", 4, 0),
    ("ldr r0, [r1, r2, lsl #2]; mov r3, #0", 3, 0),
    ("ldr r0, [r1], #4; add r1, r1, #1", 2, 0),
    ("ldr pc, [r0]", 5, 0),
    ("ldr pc, [r8, r0, lsl #2]", 6, 0),
    ("ldrb r0, [r5, #1]!; ldr pc, [r8, r0, lsl #2]", 9, 0),
    ("ldrb r0, [r1]; add r2, r0, #1", 4, 0),
    ("ldrsh r0, [r1]; mov r3, #1; add r2, r0, #1", 4, 0),
    ("ldrh r0, [r1]; mov r3, #1; mov r4, #1; add r2, r0, #1", 4, 0),
    ("ldrd r0, r1, [r2]", 2, 0),
    ("str r0, [r1]", 1, 0),
    ("str r0, [r1, r2, lsl #2]", 2, 0),
    ("ldmia r0!, {r1, r2}; add r3, r1, #0", 3, 0),
    ("ldmia r0!, {r1, r2}; add r3, r2, #0", 4, 0),
    ("ldmia r0, {r1-r8}", 8, 0),
    ("ldmia sp!, {r0-r3, pc}", 9, 0),
    ("ldmia r0, {r1}", 2, 0),
    ("stmdb sp!, {r0-r3}", 4, 0),
    ("ldr r0, [sp], #4", 1, 0),
    ("str r0, [sp, #-4]!", 1, 0),
    ("b 0x10000", 3, 0),
    ("bl 0x10000", 3, 0),
    ("bx lr", 3, 0),
    ("blx r1", 3, 0),
    ("cmp r0, #1; bne 0x10000", 2, 2),
    ("popne {r4, pc}", 1, 5),
    ("movne r0, #1; cmp r0, #2; b 0x10000", 5, 0),
    ("mul r0, r1, r2", 2, 0),
    ("mul r0, r1, r2; add r3, r0, #1", 4, 0),
    ("muls r0, r1, r2", 4, 0),
    ("umull r0, r1, r2, r3", 3, 0),
    ("umull r0, r1, r2, r3; add r4, r1, #0", 5, 0),
    ("smulls r0, r1, r2, r3", 5, 0),
    ("smulbb r0, r1, r2; add r3, r0, #0", 3, 0),
    ("swp r0, r1, [r2]", 2, 0),
    ("mrs r0, cpsr", 2, 0),
    ("msr cpsr_f, r0", 1, 0),
    ("msr cpsr_c, r0", 3, 0),
    ("mcr p15, 0, r0, c7, c0, 4", 2, 0),
    ("svc #0", 3, 0),
    ("vadd.f64 d0, d1, d2; vadd.f64 d3, d0, d0", 5, 0),
]


@pytest.mark.parametrize(("source", "cycles", "extra"), ROWS)
def test_row(source: str, cycles: int, extra: int) -> None:
    cost = Arm926().cost(assemble(source), 0x10000)
    assert (cost.cycles, cost.taken_extra) == (cycles, extra)


@pytest.mark.parametrize(
    "source",
    [
        "add r0, r1, r2", "moveq r0, r1", "ldr r1, [r0]", "ldmne r0, {r1, r2}", "mul r0, r1, r2", "mrs r1, cpsr",
        "mrc p15, 0, r1, c0, c0, 0", "swp r1, r2, [r0]", "msr cpsr_f, r2", "msr cpsr_c, #0xd3", "b next", "bne next",
        "mcr p15, 0, r2, c3, c0, 0", "addeq pc, pc, #0",
    ],
)  # fmt: skip
def test_the_translator_ends_blocks_where_the_table_says(source: str) -> None:
    board = Board(guest(f"{source}; next: mov r6, r6; mov r6, r6; {HALT}"))
    assert board.run(100_000).reason is StopReason.HALTED
    cost = Arm926().cost(assemble(f"{source}; next: mov r6, r6")[:4], ORIGIN)
    assert board.cpu.blocks.is_longer(ORIGIN, 1) == cost.is_cut


def test_an_undefined_instruction_costs_a_trap() -> None:
    assert Arm926().cost(assemble("mov r0, #1") + b"\xf0\x00\xf0\xe7", 0x10000).cycles == 1 + 3


def test_the_instruction_model_counts() -> None:
    assert Instructions().cost(assemble("mul r0, r1, r2; bx lr"), 0x10000) == BlockCost(2, 0)
