"""Blits interrupted at instruction after instruction, by one another, and while somebody changes what they work on."""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Callable

import pytest

from hardtalk.vm import object_format as of

from .blit_machine import BlitMachine, compare
from .reference import Bits, Blit, ColorMap, Form

BEGUN = 650
"""Instructions after which the blits below have begun."""
STRIDE = 37
"""Every so many instructions an interrupt here; the campaign takes every one."""


def form(depth: int, words: int, rows: int, seed: int) -> Form:
    """A form of whole words and a bit, with transparent, opaque and other pixels."""
    chance = random.Random(seed)
    made = Form(words * 32 // depth - 1, rows, depth, Bits([]))
    made.bits.words = [
        chance.choice((0, chance.getrandbits(32), chance.getrandbits(24) | 0xFF << 24)) for _ in range(words * rows)
    ]
    return made


def blit(depth: int = 32, rule: int = 3, words: int = 21, **slots: object) -> Blit:
    """From one form to another; so many words a row that each loop is gone through again."""
    source_depth = slots.pop("source_depth", depth)
    assert isinstance(source_depth, int)
    source = form(source_depth, max(words * source_depth // depth, 3), 3, 1) if slots.pop("with_source", True) else None
    made = Blit(form(depth, words, 3, 2), source, rule=rule, alpha=77 if rule in (30, 31) else None)
    for name, value in slots.items():
        setattr(made, name, value)
    return made


def within(depth: int, **slots: object) -> Blit:
    made = blit(depth, **slots)
    made.source = made.target
    return made


TABLE = Bits([0x01000193 * index & 0xFFFFFFFF for index in range(256)])
COLORS = (20, 21, *range(25, 30))
LOOPS: dict[str, Callable[[], Blit]] = {
    **{f"fill by {rule}": lambda rule=rule: blit(8, rule, with_source=False) for rule in (0, 3, 1, 2, 6, 7, 11)},
    **{
        f"as it lies, {rule}": lambda rule=rule: blit(8, rule, halftone=[0xFF00F0F0, 7]) for rule in (3, 1, 2, 6, 7, 11)
    },
    **{f"moved, {rule}": lambda rule=rule: blit(8, rule, source_x=3) for rule in (12, 1, 2, 6, 7, 11)},
    **{f"to the right, {rule}": lambda rule=rule: within(8, rule=rule, target_x=3) for rule in (3, 1, 2, 6, 7, 11)},
    **{f"rule {rule}": lambda rule=rule: blit(16, rule, source_x=1) for rule in (18, 19, 20, 21, *range(25, 34))},
    "rule 24": lambda: blit(32, 24, halftone=[0xFFFFFFFF]),
    "rule 34": lambda: blit(32, 34, halftone=[0xFFFFFFFF]),
    **{f"colors to the right, {rule}": lambda rule=rule: within(8, rule=rule, target_x=3) for rule in COLORS},
    "plain, by bits": lambda: blit(1, 3, words=41, source_x=3),
    **{f"plain, by {x * 8} bits": lambda x=x: blit(8, 3, words=41, source_x=x) for x in range(4)},
    **{f"pixels of 32 bits, {rule}": lambda rule=rule: blit(32, rule) for rule in (25, 34, 24)},
    **{f"colors of 8 bits, {rule}": lambda rule=rule: blit(32, rule, words=41) for rule in (20, 21, 27, 28, 29)},
    **{
        f"painted on {depth} bits": lambda depth=depth: blit(
            depth, 25, source_depth=1, color_map=Bits([0, 7]), width=20, target_x=1
        )
        for depth in (8, 16, 32)
    },
    "upward": lambda: within(32, target_y=1),
    **{f"converted, {rule}": lambda rule=rule: blit(32, rule, source_depth=16) for rule in (1, 2, 3, 6, 7, 11)},
    **{
        f"converted, {rule}": lambda rule=rule: blit(16, rule, source_depth=8, color_map=TABLE)
        for rule in range(18, 22)
    },
    **{
        f"converted, {rule}": lambda rule=rule: blit(16, rule, source_depth=8, color_map=TABLE)
        for rule in range(25, 34)
    },
    "converted, 24": lambda: blit(32, 24, source_depth=8, color_map=TABLE, halftone=[0xFFFFFFFF]),
    "converted, 34": lambda: blit(32, 34, source_depth=8, color_map=TABLE, halftone=[0xFFFFFFFF]),
    **{f"{depth} bits to words": lambda depth=depth: blit(32, 3, source_depth=depth) for depth in (1, 2, 4, 8)},
    **{
        f"{depth} bits to words by a table": lambda depth=depth: blit(32, 3, source_depth=depth, color_map=TABLE)
        for depth in (2, 4, 16, 32)
    },
    **{f"bytes to {depth} bits": lambda depth=depth: blit(depth, 3, source_depth=8) for depth in (1, 2, 4, 16)},
    **{
        f"{depth} bits by {1 << 3 * bits} colors": lambda depth=depth, bits=bits: blit(
            8, 3, source_depth=depth, color_map=Bits([0x01000193 * index & 0xFF for index in range(1 << 3 * bits)])
        )
        for depth in (16, 32)
        for bits in (3, 4)
    },
    "32 bits by 5 of a color": lambda: blit(
        8, 3, source_depth=32, color_map=ColorMap([0xF80000, 0xF800, 0xF8, 0], [-9, -6, -3, 0], TABLE)
    ),
    "32 bits to 16": lambda: blit(16, 3, source_depth=32),
    "by parts": lambda: blit(16, 3, source_depth=32, color_map=ColorMap([0xF, 0xF0, 0xF00, 0xF000], [4, 4, -8, 1])),
    "bytes to words": lambda: blit(32, 3, source_depth=8, color_map=TABLE, source_x=2),
    "bytes painted on words": lambda: blit(32, 25, source_depth=8, color_map=TABLE, source_x=2),
    "bytes painted through a halftone": lambda: blit(32, 25, source_depth=8, color_map=TABLE, halftone=[0xFFFFFFFF]),
    "bits to words": lambda: blit(32, 3, source_depth=1, color_map=Bits([5, 6])),
}


def points(machine: BlitMachine, made: Blit, stride: int, start: int = 0) -> int:
    """Interrupt a blit of its own at each of the instructions of the whole blit; answers how many there were."""
    at = start
    while compare(machine, copy.deepcopy(made), [at]).interrupted or at < start + stride:
        at += stride
    return at


@pytest.mark.parametrize("name", LOOPS)
def test_every_loop_goes_on_wherever_it_is_interrupted(machine: BlitMachine, name: str) -> None:
    assert points(machine, LOOPS[name](), STRIDE, len(name) % STRIDE) > STRIDE


def run_within(machine: BlitMachine, outer: Blit, inner: Blit, after: list[int]) -> list[list[int]]:
    """The outer blit, with the inner one each time it waits; the words of all forms afterwards."""
    machine.reset()
    outer_oop, inner_oop = machine.blit(outer), machine.blit(inner)
    machine.prepare()
    outcome = machine.run(outer_oop, outer.alpha, after, lambda: _alone(machine, inner_oop, inner.alpha))
    assert outcome.interrupted and not outcome.failed
    return [machine.words_of(each.bits) for each in (outer.target, inner.target)]


def _alone(machine: BlitMachine, oop: int, alpha: int | None) -> None:
    machine.leave_context()
    assert not machine.run(oop, alpha).failed


def test_another_blit_meanwhile_does_not_disturb(machine: BlitMachine) -> None:
    for name in ("plain, by 8 bits", "rule 32", "converted, 3", "to the right, 3", "pixels of 32 bits, 34"):
        outer, inner = LOOPS[name](), LOOPS["moved, 6"]()
        found = run_within(machine, outer, inner, [400, 300, 300])
        outer.copy_bits()
        assert found[0] == outer.target.bits.words, name


def test_two_blits_on_one_form(machine: BlitMachine) -> None:
    """What the inner one reads may be half done; what it writes is elsewhere."""
    outer, inner = blit(8, 3), blit(8, 3, with_source=False)
    outer.height = 2
    inner.target, inner.target_y, inner.height = outer.target, 2, 1
    found = run_within(machine, outer, inner, [BEGUN])
    outer.copy_bits()
    inner.copy_bits()
    assert found[0] == outer.target.bits.words


def test_the_same_bit_blt_sent_twice_at_once(machine: BlitMachine) -> None:
    """Exclusive or twice is nothing, wherever the first of them waits."""
    made = blit(8, 6)
    machine.reset()
    oop = machine.blit(made)
    machine.prepare()
    outcome = machine.run(oop, None, [BEGUN], lambda: _alone(machine, oop, None))
    assert outcome.interrupted == 1
    assert machine.words_of(made.target.bits) == made.target.bits.words


@pytest.mark.parametrize(
    ("slot", "value", "fails"),
    [
        ("Height", 1, False), ("Height", -5, False), ("Width", 1, False), ("TargetX", 20, False), ("Rule", 99, True),
        ("SourceForm", None, False), ("TargetForm", None, True), ("SourceForm", 7, True), ("ColorMap", 7, True),
    ],
)  # fmt: skip
def test_what_changes_meanwhile_is_taken_as_it_is(
    machine: BlitMachine, slot: str, value: int | None, fails: bool
) -> None:
    """Nothing outside of the destination form is touched, whatever it was changed to."""
    made = blit(8, 3, source_x=1)
    machine.reset()
    oop = machine.blit(made)
    machine.prepare()
    place = oop + of.slot_offset(of.SLOTS["BitBlt"].index(slot))
    before = machine.heap()

    def change() -> None:
        machine.memory.arm.cpu.mem_write(place, struct.pack("<I", machine.integer(value)))

    outcome = machine.run(oop, None, [BEGUN], change)
    assert outcome.interrupted == 1 and outcome.failed == fails
    base = machine.memory.memory.segments[0].base
    start = machine.oops[id(made.target.bits)] + of.BODY_OFFSET - base
    after = bytearray(machine.heap())
    after[start : start + 4 * len(made.target.bits.words)] = before[start : start + 4 * len(made.target.bits.words)]
    after[place - base : place - base + 4] = before[place - base : place - base + 4]
    assert machine.without_stacks(bytes(after)) == machine.without_stacks(before)
