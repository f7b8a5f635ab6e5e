"""Primitive 147 against the reference, whole and interrupted; operands that are none."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import pytest

from hardtalk.vm import object_format as of

from .blit_machine import WARP_BITS, BlitMachine, Outcome
from .random_blits import random_blit
from .reference import Bits, Blit, ColorMap, Fails, Form
from .warp_reference import ONE, Corners, Warp

WARPS = 120
GREAT = (1 << 30) - 1


def random_warp(seed: int) -> Warp:
    chance = random.Random(seed)
    blit = random_blit(seed, 18)
    if blit.source is None and chance.randrange(4):
        blit.source = random_blit(seed + 1_000_000, 18).target
    blit.alpha = None
    source = blit.source or blit.target
    corners = [
        (
            chance.randrange(-3 * ONE, (source.width + 3) * ONE)
            if chance.randrange(40)
            else chance.choice((GREAT, ~GREAT)),
            chance.randrange(-3 * ONE, (source.height + 3) * ONE),
        )
        for _ in range(4)
    ]
    if chance.randrange(4) == 0:
        corners = plain_corners(source)
    smoothing = chance.choice((None, 1, 2, 2, 3, 4))
    colors = [chance.getrandbits(32) for _ in range(1 << min(source.depth, 8))] if chance.randrange(12) else None
    return Warp(blit, corners, smoothing, colors)


def plain_corners(source: Form) -> Corners:
    right, bottom = (source.width - 1) * ONE, (source.height - 1) * ONE
    return [(0, 0), (0, bottom), (right, bottom), (right, 0)]


def operands_of(machine: BlitMachine, warp: Warp) -> list[int]:
    integer = machine.memory.integer
    fixed = [integer(each) for x, y in warp.corners for each in (x, y, ONE)]
    made = [machine.warp(warp.blit, fixed)]
    if warp.smoothing is not None:
        colors = machine.memory.nil if warp.colors is None else machine.words(warp.colors)
        made += [integer(warp.smoothing), colors]
    return made


def compare(machine: BlitMachine, warp: Warp, after: Sequence[int] = ()) -> Outcome:
    machine.reset()
    operands = operands_of(machine, warp)
    machine.prepare()
    before = machine.heap()
    outcome = machine.send(WARP_BITS, operands, after)
    try:
        warp.warp_bits()
    except Fails:
        assert outcome.failed
        assert machine.without_stacks(before) == machine.without_stacks(machine.heap())
        return outcome
    assert not outcome.failed and outcome.result == operands[0]
    expected = bytearray(before)
    base = machine.memory.memory.segments[0].base
    colors = warp.blit.color_map.colors if isinstance(warp.blit.color_map, ColorMap) else warp.blit.color_map
    for bits in [warp.blit.target.bits, *([colors] if colors is not None else [])]:
        start = machine.oops[id(bits)] + of.BODY_OFFSET - base
        expected[start : start + 4 * len(bits.words)] = struct.pack(f"<{len(bits.words)}I", *bits.words)
    assert machine.without_stacks(bytes(expected)) == machine.without_stacks(machine.heap())
    return outcome


def test_random_warps_are_those_of_the_reference(machine: BlitMachine) -> None:
    failed = sum(compare(machine, random_warp(seed)).failed for seed in range(WARPS))
    assert failed < WARPS // 3


def test_an_interrupted_warp_goes_on_as_if_nothing_had_been(machine: BlitMachine) -> None:
    interrupted = 0
    for seed in range(WARPS):
        chance = random.Random(-seed)
        interrupted += compare(machine, random_warp(seed), [chance.randrange(2500) for _ in range(20)]).interrupted
    assert interrupted > WARPS


@pytest.mark.parametrize("smoothing", [None, 3])
def test_a_warp_is_interrupted_at_instruction_after_instruction(machine: BlitMachine, smoothing: int | None) -> None:
    def made() -> Warp:
        source = Form(5, 4, 32, Bits([0x01030507 * each & 0xFFFFFFFF for each in range(20)]))
        corners = [(0, 0), (ONE, 3 * ONE), (4 * ONE, 3 * ONE), (3 * ONE, 0)]
        return Warp(Blit(Form(3, 2, 32, Bits([7] * 6)), source, rule=6), corners, smoothing)

    at, interrupted = 0, 0
    while at < 6000:
        interrupted += compare(machine, made(), [at]).interrupted
        at += 61
    assert interrupted > 10


def test_an_identity_is_a_copy(machine: BlitMachine) -> None:
    for depth in (1, 8, 32):
        chance = random.Random(depth)
        source, target = (Form(32, 5, depth, Bits([chance.getrandbits(32) for _ in range(5 * depth)])) for _ in "ab")
        warp = Warp(Blit(target, source), plain_corners(source))
        assert not compare(machine, warp).failed
        assert target.bits.words == source.bits.words


@pytest.mark.parametrize("smoothing", [0, -1, 33, GREAT])
def test_smoothing_that_is_none(machine: BlitMachine, smoothing: int) -> None:
    form = Form(2, 2, 32, Bits([1, 2, 3, 4]))
    assert compare(machine, Warp(Blit(form, form), plain_corners(form), smoothing)).failed


def test_any_object_in_any_slot(machine: BlitMachine) -> None:
    """Nothing but words is touched, also where an interrupt has come."""
    failed = 0
    for seed in range(200):
        chance = random.Random(seed)
        machine.reset()
        operands = operands_of(machine, random_warp(seed))
        nil = machine.memory.nil
        garbage = [
            nil, 1, 0xFFFFFFFF, 0x7FFFFFFF, operands[0], machine.words([]), machine.object(nil, 9, 9, 17),
            machine.object(machine.words([5]), 65, 3, 65), machine.memory.array([nil] * 5), machine.memory.float(2.5),
            machine.memory.float(float("nan")), machine.memory.string(b"abcd"), machine.home,
        ]  # fmt: skip
        for _ in range(chance.randrange(1, 3)):
            if len(operands) == 3 and chance.randrange(4) == 0:
                operands[chance.randrange(1, 3)] = chance.choice(garbage)
            else:
                place = operands[0] + of.slot_offset(chance.randrange(len(of.SLOTS["WarpBlt"])))
                machine.memory.memory.word_at_put(place, chance.choice(garbage))
        machine.prepare()
        before = machine.heap()
        failed += machine.send(WARP_BITS, operands, [chance.randrange(900)]).failed
        after = bytearray(machine.heap())
        for words in machine.word_bodies():
            after[words] = before[words]
        assert machine.without_stacks(bytes(after)) == machine.without_stacks(before), seed
    assert 50 < failed < 200


def test_what_is_no_warp_fails(machine: BlitMachine) -> None:
    """A BitBlt without corners, a wrong number of arguments, and one that is spoilt while it waits."""
    form = Form(4, 4, 32, Bits([9] * 16))
    machine.reset()
    blit = machine.blit(Blit(form, form))
    operands = operands_of(machine, Warp(Blit(form, form), plain_corners(form), 2))
    machine.prepare()
    assert machine.send(WARP_BITS, [blit]).failed
    assert machine.send(WARP_BITS, operands[:2]).failed
    place = operands[0] + of.slot_offset(of.SLOTS["WarpBlt"].index("P3x"))

    def spoil() -> None:
        machine.memory.arm.cpu.mem_write(place, struct.pack("<I", machine.memory.nil))

    outcome = machine.send(WARP_BITS, operands, [2000], spoil)
    assert outcome.interrupted == 1 and outcome.failed
