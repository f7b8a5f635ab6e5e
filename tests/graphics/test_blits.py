"""Primitive 96 against the reference, whole and interrupted."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from .blit_machine import BlitMachine, compare
from .random_blits import random_blit, random_coloring, random_conversion, random_painting
from .reference import Blit

BLITS, CONVERSIONS, PAINTINGS, COLORINGS = 600, 400, 600, 150


def test_random_blits_are_those_of_the_reference(machine: BlitMachine) -> None:
    for seed in range(BLITS):
        compare(machine, random_blit(seed))


def test_an_interrupted_blit_goes_on_as_if_nothing_had_been(machine: BlitMachine) -> None:
    interrupted = 0
    for seed in range(BLITS):
        chance = random.Random(-seed)
        after = [chance.randrange(900) for _ in range(20)]
        interrupted += compare(machine, random_blit(seed), after).interrupted
    assert interrupted > BLITS


def test_conversions_of_several_pieces_are_those_of_the_reference(machine: BlitMachine) -> None:
    interrupted = 0
    for seed in range(CONVERSIONS):
        compare(machine, random_conversion(seed))
        chance = random.Random(-seed)
        after = [chance.choice((chance.randrange(100), chance.randrange(4000))) for _ in range(20)]
        interrupted += compare(machine, random_conversion(seed), after).interrupted
    assert interrupted > CONVERSIONS


@pytest.mark.parametrize(("blit_of", "count"), [(random_painting, PAINTINGS), (random_coloring, COLORINGS)])
def test_special_blits_are_those_of_the_reference(
    machine: BlitMachine, blit_of: Callable[[int], Blit], count: int
) -> None:
    interrupted = 0
    for seed in range(count):
        compare(machine, blit_of(seed))
        chance = random.Random(-seed)
        interrupted += compare(machine, blit_of(seed), [chance.randrange(700) for _ in range(20)]).interrupted
    assert interrupted > count
