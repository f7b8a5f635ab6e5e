"""The method cache finds its entries where `hardtalk.bounds.cached_sends` says."""

from __future__ import annotations

import random

from hardtalk.bounds.cached_sends import Send
from hardtalk.vm.constants import METHOD_CACHE_ENTRIES, METHOD_CACHE_PLACES
from hardtalk.vm.object_format import SMALLEST_ORDER

from .small_memory import SmallMemory

STEP = 1 << SMALLEST_ORDER


def test_sends_of_different_sets_share_no_entry_of_the_virtual_machine(memory: SmallMemory) -> None:
    """Its own routines tell where an entry may be; so a change of the cache's order shows here."""
    chosen = random.Random(1)
    sets: dict[int, set[int]] = {}
    for _ in range(3_000):
        send = Send(chosen.randrange(1 << 20) * STEP, chosen.randrange(1 << 20) * STEP)
        own = memory.simulation.call("placeOf:class:", send.selector, send.class_oop)
        for number in range(METHOD_CACHE_PLACES):
            place = memory.simulation.call("place:besides:", number, own)
            sets.setdefault(place, set()).add(send.set_number)
    assert len(sets) == METHOD_CACHE_ENTRIES
    assert all(len(numbers) == 1 for numbers in sets.values())
