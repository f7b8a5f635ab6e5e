"""The method cache, simulated: sends that share a place stay beside each other, and what is found is what was kept."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from tests.primitives.small_memory import BOARD

from hardtalk.build.sources import read_classes, vm_paths
from hardtalk.slang.simulate import Simulation
from hardtalk.vm.constants import METHOD_CACHE_ENTRIES, METHOD_CACHE_PLACES, slang_constants

GRAIN = 32
SPAN = GRAIN * METHOD_CACHE_ENTRIES
"""Addresses so far apart have the same place."""
WARM_UP = 40


@dataclass(frozen=True)
class Send:
    """Which has a method and a routine of its own."""

    selector: int
    count: int
    class_oop: int

    @property
    def found(self) -> tuple[int, int]:
        return hash((self, 1)) & 0x0FFFFFE0, hash((self, 2)) & 0x0FFFFFFC


class Cache:
    """An empty one; `misses` are the searches."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.misses = 0
        assert simulation.call("empty")

    def send(self, send: Send) -> tuple[int, int]:
        """As `MethodLookup` does it: the own place, the others, a search."""
        call, memory = self.simulation.call, self.simulation.memory
        key = send.selector + send.count
        place = int(call("placeOf:class:", send.selector, send.class_oop))
        if (memory.word_at(place), memory.word_at(place + 4)) != (key, send.class_oop) and not call(
            "fetch:class:to:", key, send.class_oop, place
        ):
            self.misses += 1
            call("keep:class:method:entry:at:", key, send.class_oop, *send.found, place)
        assert (memory.word_at(place), memory.word_at(place + 4)) == (key, send.class_oop)
        return memory.word_at(place + 8), memory.word_at(place + 12)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(tuple(read_classes(vm_paths())), slang_constants(BOARD))


@pytest.fixture
def cache(simulation: Simulation) -> Cache:
    return Cache(simulation)


def misses_of(cache: Cache, sends: Sequence[Send], rounds: int) -> int:
    before = cache.misses
    for _ in range(rounds):
        for each in sends:
            assert cache.send(each) == each.found
    return cache.misses - before


def sharing(number: int, step: int) -> list[Send]:
    """Of one selector to classes that lie as unluckily as they can."""
    return [Send(0x150000, 0, 0x200000 + each * (SPAN + step * GRAIN)) for each in range(number)]


@pytest.mark.parametrize("number", range(2, METHOD_CACHE_PLACES + 1))
@pytest.mark.parametrize("step", [0, 1, 3])
def test_as_many_as_there_are_places_stay(cache: Cache, number: int, step: int) -> None:
    sends = sharing(number, step)
    misses_of(cache, sends, WARM_UP)
    assert misses_of(cache, sends, 20) == 0


def test_whatever_else_is_sent_between_they_come_back(cache: Cache) -> None:
    """Two handlers that share a place, and searches in between whose number is a multiple of the places."""
    sends = sharing(2, 0)
    others = iter(Send(0x150000, 1, 0x900000 + GRAIN * each) for each in range(10_000))
    found = 0
    for _ in range(100):
        found += misses_of(cache, sends, 1)
        misses_of(cache, [next(others) for _ in range(METHOD_CACHE_PLACES)], 1)
    assert found < 20


def test_more_than_there_are_places_are_found_anew(cache: Cache) -> None:
    sends = sharing(METHOD_CACHE_PLACES + 1, 0)
    misses_of(cache, sends, WARM_UP)
    assert misses_of(cache, sends, 20) > 0


def test_any_sends_get_what_is_theirs(cache: Cache) -> None:
    chosen, before = random.Random(1), cache.simulation.state["cacheMisses"]
    sends = [
        Send(chosen.randrange(1, 40) * GRAIN, chosen.randrange(3), chosen.randrange(1, 40) * SPAN) for _ in range(300)
    ]
    for each in chosen.choices(sends, k=3_000):
        assert cache.send(each) == each.found
    assert 0 < cache.misses < 3_000
    assert cache.simulation.state["cacheMisses"] - before == cache.misses


def test_all_is_forgotten(cache: Cache) -> None:
    sends = sharing(METHOD_CACHE_PLACES, 1)
    misses_of(cache, sends, 3)
    assert cache.simulation.call("empty")
    assert misses_of(cache, sends, 1) == len(sends)
