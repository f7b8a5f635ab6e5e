"""The method cache finds its entries where `hardtalk.bounds.cached_sends` says."""

from __future__ import annotations

import random

from hardtalk.bounds.cached_sends import Send
from hardtalk.vm.object_format import SMALLEST_ORDER

from .small_memory import SmallMemory

STEP = 1 << SMALLEST_ORDER


def test_sends_of_different_places_share_no_entry_of_the_virtual_machine(memory: SmallMemory) -> None:
    """Its own routine tells where an entry is; so a change of the cache's order shows here."""
    chosen = random.Random(1)
    entries: dict[int, set[int]] = {}
    for _ in range(3_000):
        send = Send(chosen.randrange(1 << 20) * STEP, chosen.randrange(1 << 20) * STEP)
        entry = memory.simulation.call("cacheEntryOf:class:", send.selector, send.class_oop)
        entries.setdefault(entry, set()).add(send.place)
    assert len(entries) > 500
    assert all(len(places) == 1 for places in entries.values())
