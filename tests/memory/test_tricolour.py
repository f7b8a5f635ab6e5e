"""Colours, rings and the tri-colour invariant in every phase, on heaps made by hand."""

from __future__ import annotations

import pytest
from small_heap import BLACK, GREY, UNLISTED, SmallHeap

from hardtalk.memory.audit import audit_machine
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import PHASE_NAMES

SLOT = of.slot_offset


def kinds(heap: SmallHeap) -> list[tuple[str, int]]:
    return [(each.kind, each.address) for each in audit_machine(heap.machine()).violations]


@pytest.mark.parametrize("phase", PHASE_NAMES)
def test_a_heap_without_garbage_is_sound_in_every_phase(phase: str) -> None:
    heap = SmallHeap(phase)
    report = audit_machine(heap.machine())
    assert report.is_sound, report.text()
    assert report.phase == phase
    assert report.objects == 9


def test_a_black_object_may_refer_to_white_that_grey_protects() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    between = heap.object("whiteRing", white)
    heap.object("greyRing", between)
    heap.put(heap.root + SLOT(0), white)
    assert kinds(heap) == []


def test_a_black_object_must_not_be_the_only_way_to_white() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    heap.object("greyRing", heap.nil)
    heap.put(heap.root + SLOT(1), white)
    (violation,) = audit_machine(heap.machine()).violations
    assert (violation.kind, violation.address, violation.ring) == ("tri-colour", heap.root, "blackRing")
    assert f"slot 1 refers to white {white:#010x}" in violation.message


def test_a_chain_over_black_does_not_protect() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    black = heap.object("blackRing", white)
    heap.object("greyRing", black)
    assert kinds(heap) == [("tri-colour", black)]


def test_a_weak_slot_neither_endangers_nor_protects() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    heap.weak_object("weakRing", heap.nil, white)
    assert kinds(heap) == []
    endangered = SmallHeap("marking")
    white = endangered.object("whiteRing", endangered.nil)
    endangered.weak_object("greyRing", endangered.nil, white)
    endangered.put(endangered.root + SLOT(0), white)
    assert kinds(endangered) == [("tri-colour", endangered.root)]


def test_a_named_slot_of_a_weak_object_is_strong() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    weak = heap.weak_object("weakRing", white, heap.nil)
    assert kinds(heap) == [("tri-colour", weak)]


def test_white_garbage_is_no_violation() -> None:
    heap = SmallHeap("marking")
    heap.object("whiteRing", heap.object("whiteRing", heap.nil))
    assert kinds(heap) == []


def test_a_new_context_counts_as_black() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    caller = heap.context
    heap.context = heap.new_context("", of.FORMATS["FormatContext"])
    heap.put(heap.context + SLOT(0), caller)
    heap.put(heap.context + SLOT(5), white)
    assert kinds(heap) == [("tri-colour", heap.context)]
    heap.object("greyRing", white)
    protected = SmallHeap("marking")
    white = protected.object("whiteRing", protected.nil)
    caller = protected.context
    protected.context = protected.new_context("", of.FORMATS["FormatContext"])
    protected.put(protected.context + SLOT(0), caller)
    protected.put(protected.context + SLOT(5), white)
    protected.object("greyRing", white)
    assert kinds(protected) == []


def test_what_a_plain_context_behind_a_black_one_holds_must_be_protected() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    owned = heap.new_context("", of.FORMATS["FormatContext"])
    heap.put(owned + SLOT(5), white)
    heap.put(heap.context + SLOT(0), owned)
    assert kinds(heap) == [("tri-colour", owned)]


def test_a_plain_context_behind_a_grey_one_protects_what_it_holds() -> None:
    heap = SmallHeap("marking")
    white = heap.object("whiteRing", heap.nil)
    owned = heap.new_context("", of.FORMATS["FormatContext"])
    heap.put(owned + SLOT(5), white)
    grey = heap.new_context("greyRing")
    heap.put(grey + SLOT(0), owned)
    heap.put(heap.root + SLOT(0), white)
    assert kinds(heap) == []


@pytest.mark.parametrize("phase", ["flushing", "burying", "freeing"])
def test_nothing_that_can_be_reached_may_be_dead(phase: str) -> None:
    heap = SmallHeap(phase)
    dead = heap.object("deadRing", heap.nil)
    assert kinds(heap) == []
    reached = SmallHeap(phase)
    dead = reached.object("deadRing", reached.nil)
    reached.put(reached.root + SLOT(0), dead)
    assert kinds(reached) == [("tri-colour", dead)]


def test_what_died_may_refer_to_what_was_freed() -> None:
    heap = SmallHeap("freeing")
    heap.object("deadRing", heap.next_block + 0x1000)
    assert kinds(heap) == []
    alive = SmallHeap("freeing")
    alive.put(alive.root + SLOT(0), alive.next_block + 0x1000)
    assert kinds(alive) == [("reference", alive.root)]


def test_marking_that_has_ended_leaves_nothing_reached_white() -> None:
    heap = SmallHeap("weak")
    white = heap.object("whiteRing", heap.nil)
    heap.put(heap.root + SLOT(0), white)
    assert kinds(heap) == [("tri-colour", white)]


def test_rings_are_empty_when_their_phase_says_so() -> None:
    heap = SmallHeap("idle")
    grey = heap.object("greyRing", heap.nil)
    assert kinds(heap) == [("phase", grey)]


def test_the_colour_is_that_of_the_ring() -> None:
    heap = SmallHeap("marking")
    wrong = heap.block("greyRing", heap.thing, 2, [heap.nil], colour=BLACK)
    assert kinds(heap) == [("colour", wrong)]


def test_an_object_is_on_a_ring_and_only_a_context_may_be_unlisted() -> None:
    heap = SmallHeap("marking")
    lost = heap.block("", heap.thing, 2, [heap.nil], colour=GREY)
    assert kinds(heap) == [("ring", lost)]
    heap = SmallHeap("marking")
    lost = heap.block("", heap.thing, 2, [heap.nil], colour=UNLISTED)
    assert ("context", lost) in kinds(heap)


def test_an_escaped_context_is_listed_and_a_plain_one_is_not() -> None:
    heap = SmallHeap("idle")
    escaped = heap.new_context("", of.FORMATS["FormatEscapedContext"])
    assert ("context", escaped) in kinds(heap)
    heap = SmallHeap("idle")
    plain = heap.new_context("blackRing", of.FORMATS["FormatContext"])
    assert ("context", plain) in kinds(heap)


def test_two_rings_that_run_into_each_other() -> None:
    heap = SmallHeap("marking")
    grey = heap.object("greyRing", heap.nil)
    white = heap.object("whiteRing", heap.nil)
    heap.put(grey, white)
    assert ("link", grey) in kinds(heap) or ("link", white) in kinds(heap)
