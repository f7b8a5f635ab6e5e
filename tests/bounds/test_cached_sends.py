"""Which sends the method cache keeps during a handler's run, and what interrupting it replaces."""

from __future__ import annotations

from hardtalk.bounds.cached_sends import Send, kept, longest_searches, replaced
from hardtalk.vm.object_format import SMALLEST_ORDER

STEP = 1 << SMALLEST_ORDER
FIRST = Send(64 * STEP, 0)
SAME_SET = Send(0, 64 * STEP)
OTHER = Send(68 * STEP, 0)


def test_the_most_of_each_send_counts() -> None:
    assert longest_searches([(FIRST, 3), (OTHER, 5), (FIRST, 4)]) == {FIRST: 4, OTHER: 5}


def test_what_has_its_set_to_itself_is_kept() -> None:
    assert kept({FIRST: 3, OTHER: 5}) == {FIRST: 3, OTHER: 5}
    assert kept({FIRST: 3, SAME_SET: 4, OTHER: 5}) == {OTHER: 5}
    assert kept({FIRST: 3, OTHER: 0}) == {FIRST: 3}, "what is always searched for is not"


def test_who_interrupts_replaces_what_others_had_in_its_sets() -> None:
    assert replaced({SAME_SET: 1}, [{FIRST: 3}, {FIRST: 4, OTHER: 5}]) == 4
    assert replaced({FIRST: 1, OTHER: 1}, [{FIRST: 3, OTHER: 5}]) == 0
