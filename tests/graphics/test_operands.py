"""What is no blit fails, and touches nothing."""

from __future__ import annotations

import random

import pytest

from hardtalk.vm import object_format as of

from .blit_machine import BlitMachine, compare
from .random_blits import random_blit
from .reference import Bits, Blit, Form

SMALLEST, GREATEST = of.SMALL_INTEGER_MINIMUM, of.SMALL_INTEGER_MAXIMUM


def form(**changes: object) -> Form:
    made = Form(16, 4, 8, Bits([0x01020304] * 16))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "changes",
    [
        {"depth": 0}, {"depth": 3}, {"depth": 64}, {"depth": -8}, {"width": -1}, {"height": -1}, {"width": GREATEST},
        {"height": GREATEST}, {"width": 17}, {"height": 5}, {"depth": 16}, {"width": (1 << 24) + 1, "height": 0},
        {"width": 1 << 24, "height": 1 << 24},
    ],
)  # fmt: skip
def test_forms_that_are_none(machine: BlitMachine, changes: dict[str, object]) -> None:
    assert compare(machine, Blit(form(**changes), form())).failed
    assert compare(machine, Blit(form(), form(**changes))).failed


@pytest.mark.parametrize("rule", [16, 17, 22, 23, 35, 255, -1, GREATEST, SMALLEST])
def test_rules_that_are_none(machine: BlitMachine, rule: int) -> None:
    assert compare(machine, Blit(form(), form(), rule=rule)).failed


@pytest.mark.parametrize("rule", [30, 31])
@pytest.mark.parametrize("alpha", [None, -1, 256])
def test_alphas_that_are_none(machine: BlitMachine, rule: int, alpha: int | None) -> None:
    assert compare(machine, Blit(form(depth=32, width=4), form(depth=32, width=4), rule=rule, alpha=alpha)).failed


@pytest.mark.parametrize(
    "name", ["target_x", "target_y", "width", "height", "source_x", "source_y", "clip_x", "clip_y"]
)
@pytest.mark.parametrize("value", [SMALLEST, SMALLEST + 3, -1, 0, GREATEST - 3, GREATEST])
def test_great_coordinates(machine: BlitMachine, name: str, value: int) -> None:
    for other, far in (
        ("source_x", SMALLEST),
        ("target_x", GREATEST),
        ("clip_width", SMALLEST),
        ("clip_height", GREATEST),
    ):
        made = Blit(form(), form(), rule=6)
        setattr(made, other, far)
        setattr(made, name, value)
        assert not compare(machine, made).failed


def test_any_object_in_any_slot(machine: BlitMachine) -> None:
    """Whatever stands there, and whatever stands in its slots: nothing but the destination's bits is touched."""
    failed = 0
    for seed in range(400):
        chance = random.Random(seed)
        blit = random_blit(seed, 20)
        machine.reset()
        oop = machine.blit(blit)
        nil = machine.memory.nil
        garbage = [
            nil, machine.memory.true, 1, 0xFFFFFFFF, 0x7FFFFFFF, oop, machine.words([]), machine.words([1, 2, 3]),
            machine.object(nil, nil, nil), machine.object(nil, 9, 9, 17), machine.object(1, 9, 9, 17),
            machine.object(machine.words([5]), 65, 3, 65), machine.memory.array([nil] * 5), machine.memory.float(2.5),
            machine.memory.float(float("nan")), machine.memory.float(1e300), machine.memory.string(b"abcd"),
            machine.home,
        ]  # fmt: skip
        for _ in range(chance.randrange(1, 4)):
            victim = chance.choice([oop, oop, *machine.oops.values()])
            slots = len(of.SLOTS["BitBlt"]) if victim == oop else 4
            if victim == oop or machine.memory.memory.byte_at(victim + 16) == of.FORMATS["FormatFixed"]:
                place = victim + of.slot_offset(chance.randrange(slots))
                machine.memory.memory.word_at_put(place, chance.choice(garbage))
        machine.prepare()
        before = machine.heap()
        outcome = machine.run(oop, blit.alpha, [chance.randrange(600)])
        failed += outcome.failed
        after = bytearray(machine.heap())
        for words in machine.word_bodies():
            after[words] = before[words]
        assert machine.without_stacks(bytes(after)) == machine.without_stacks(before), seed
    assert 100 < failed < 400


def test_a_bit_blt_that_is_none(machine: BlitMachine) -> None:
    for make in (
        lambda: 1,
        lambda: machine.memory.nil,
        lambda: machine.object(*[1] * 14),
        lambda: machine.words([1] * 20),
    ):
        machine.reset()
        oop = make()
        machine.prepare()
        assert machine.run(oop).failed
