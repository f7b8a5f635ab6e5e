"""Which sends of a handler the method cache knows when they are made again in the same run.

The cache finds the set of its entry by bits of the selector's and the class's addresses, which the image gives. What a
handler sends to a class is entered by the first send of a run at the latest, and stays while nothing else of the run is
entered in the same set: so it is searched for once. Where two sends share a set each is taken for one that is searched
for every time, because what leaves a set is drawn by lot. What interrupts the handler may replace entries: `replaced`,
which the response-time analysis adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from hardtalk.bounds.image import Oop
from hardtalk.vm.constants import METHOD_CACHE_ENTRIES, METHOD_CACHE_PLACES
from hardtalk.vm.object_format import SMALLEST_ORDER

SETS: Final = METHOD_CACHE_ENTRIES // METHOD_CACHE_PLACES


class Send(NamedTuple):
    """Of a selector to a class, where the search begins."""

    selector: Oop
    class_oop: Oop

    @property
    def set_number(self) -> int:
        own_place = (self.selector ^ self.class_oop) >> SMALLEST_ORDER
        return own_place // METHOD_CACHE_PLACES % SETS


Searched = frozenset[tuple[Send, int]]
"""Sends, and how much longer each takes when the method cache does not know it; 0: it is searched for every time."""


def longest_searches(sends: Iterable[tuple[Send, int]]) -> dict[Send, int]:
    """The most of each."""
    found: dict[Send, int] = {}
    for send, more in sends:
        found[send] = max(more, found.get(send, 0))
    return found


def kept(sends: Mapping[Send, int]) -> dict[Send, int]:
    """Those that have their set to themselves."""
    at: dict[int, list[Send]] = {}
    for send in sends:
        at.setdefault(send.set_number, []).append(send)
    return {send: more for send, more in sends.items() if more and at[send.set_number] == [send]}


def replaced(own: Mapping[Send, int], others: Iterable[Mapping[Send, int]]) -> int:
    """How much longer others take at most when who sends `own` interrupts them: what they had in its sets is searched
    for once more."""
    at: dict[int, set[Send]] = {}
    for send in own:
        at.setdefault(send.set_number, set()).add(send)
    lost: dict[Send, int] = {}
    for other in others:
        for send, more in other.items():
            if at.get(send.set_number, {send}) != {send}:
                lost[send] = max(more, lost.get(send, 0))
    return sum(lost.values())
