"""What code costs does not depend on where it lies, though the translator cuts it at each multiple of 1 KB."""

import random

import pytest
from board_guests import HALT, ORIGIN, guest

from hardtalk.board import Board, StopReason

PAGE_WORDS = 256
SETUP = "mov r0, #0x200000; mov r1, #3; mov r2, #5; mov r3, #7; mov r4, #2; mov r5, #0x40000000; fmxr fpexc, r5;"
END = HALT.replace("ldr r1, =VIC", "mov r1, #0x10000000; orr r1, r1, #0x140000")  # no literal, whatever the distance
WAITING = {
    "word load": "ldr r1, [r0]; add r2, r1, r1",
    "byte load": "ldrb r1, [r0]; add r2, r1, r1",
    "byte load, one between": "ldrb r1, [r0]; mov r3, #1; add r2, r1, r1",
    "multiplication": "mul r1, r2, r3; add r2, r1, r1",
    "long multiplication": "umull r1, r2, r3, r4; add r2, r1, r2",
    "load of several": "ldm r0, {r1, r2}; add r3, r2, r2",
    "float": "fmacd d0, d1, d2; faddd d3, d0, d0",
    "condition at the end": "cmp r1, #0; ldrne r2, [r0]; add r3, r2, r2",
    "condition, then another": "cmp r1, r1; ldmne r0, {r1, r2, r3}; moveq r3, #1; mov r2, r3",
    "store": "ldr r1, [r0]; str r1, [r0, #4]",
    "status": "mrs r1, cpsr; add r2, r1, r1",
    "status written": "ldrb r1, [r0]; msr cpsr_f, r2; add r2, r1, r1",
    "coprocessor": "mrc p15, 0, r1, c0, c0, 0; add r2, r1, r1",
    "cache operation": "ldrb r1, [r0]; mcr p15, 0, r2, c7, c5, 0; add r2, r1, r1",
    "branch not taken": "ldrb r1, [r0]; cmp r2, r2; bne over; add r2, r1, r1; over: mov r3, r3",
}


def cycles_after(padding: int, body: str) -> int:
    """What `body` takes with so many instructions before it, without those."""
    board = Board(guest(SETUP + "nop; " * padding + body + END))
    assert board.run(1_000_000).reason is StopReason.HALTED
    return board.clock.cycles - padding


@pytest.mark.parametrize("body", WAITING.values(), ids=WAITING)
def test_an_interlock_holds_over_the_end_of_a_page(body: str) -> None:
    length = len(body.split(";"))
    reference = cycles_after(0, body)
    before = SETUP.count(";")
    assert ORIGIN % (4 * PAGE_WORDS) == 0
    found = {
        padding: cycles_after(padding, body)
        for padding in range(PAGE_WORDS - before - length - 2, PAGE_WORDS - before + 2)
    }
    assert set(found.values()) == {reference}


@pytest.mark.parametrize("seed", range(3))
def test_random_code_costs_the_same_everywhere(seed: int) -> None:
    generator = random.Random(seed)
    bodies = [each for each in WAITING.values() if ":" not in each]
    body = "; ".join(generator.choice(bodies) for _ in range(40))
    assert len({cycles_after(padding, body) for padding in range(0, PAGE_WORDS, 9)}) == 1
