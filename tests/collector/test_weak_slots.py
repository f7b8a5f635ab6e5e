"""Weak slots and the finalization semaphore, as programs on the board see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.injection.beginning import phase
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle

FINALIZATION_INDEX = 41
ELEMENTS = 60


@pytest.fixture(scope="module")
def small() -> tuple[Bench, KeptBoard]:
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=2 << 20))
    return bench, bench.console.keep()


@pytest.fixture
def weak(small: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    """A weak array `Weak` of whose referents the odd ones are kept by `Kept`, the even ones by `Lost`."""
    bench, kept = small
    bench.console.put_back(kept)
    for name in ("Weak", "Kept", "Lost"):
        bench.console.evaluate(f"Smalltalk at: #{name} put: nil. 0")
    evaluate(
        bench,
        f"""Smalltalk at: #Weak put: (MemoryReferences new: {ELEMENTS}).
        Smalltalk at: #Kept put: ((1 to: {ELEMENTS}) asArray collect: [:i | Array with: i]).
        Smalltalk at: #Lost put: ((1 to: {ELEMENTS}) asArray collect: [:i | Array with: i negated]).
        1 to: {ELEMENTS} do: [:i | (Smalltalk at: #Weak) at: i
            put: ((Smalltalk at: (i odd ifTrue: [#Kept] ifFalse: [#Lost])) at: i)]. 0""",
    )
    yield bench


def evaluate(bench: Bench, text: str) -> str:
    return bench.console.evaluate(" ".join(text.split()))


def forget(bench: Bench) -> None:
    evaluate(bench, "Smalltalk at: #Lost put: nil. 0")


def collect(bench: Bench) -> None:
    """Twice: what a snapshot at the beginning has kept goes with the second."""
    evaluate(bench, "Smalltalk garbageCollect. Smalltalk garbageCollect. 0")


def lost(bench: Bench) -> int:
    """How many slots are nil; each other one must still have what was put there."""
    wrong = evaluate(
        bench,
        f"""(1 to: {ELEMENTS}) reject: [:i | | each | each := (Smalltalk at: #Weak) at: i.
        each isNil or: [each = (Array with: (i odd ifTrue: [i] ifFalse: [i negated]))]]""",
    )
    assert wrong == "#()"
    return int(evaluate(bench, f"((1 to: {ELEMENTS}) select: [:i | ((Smalltalk at: #Weak) at: i) isNil]) size"))


def assert_sound(board: Board) -> None:
    settle(board)
    report = audit(board)
    assert report.is_sound, report.text()


def test_live_referents_stay(weak: Bench) -> None:
    collect(weak)
    assert lost(weak) == 0
    assert_sound(weak.board)


def test_dead_referents_become_nil_and_live_ones_stay(weak: Bench) -> None:
    forget(weak)
    collect(weak)
    assert lost(weak) == ELEMENTS // 2
    kept = evaluate(
        weak, f"((1 to: {ELEMENTS}) select: [:i | ((Smalltalk at: #Weak) at: i) isNil]) allSatisfy: [:i | i even]"
    )
    assert kept == "true"
    assert_sound(weak.board)


def test_what_is_only_weakly_held_by_a_dead_object_dies_with_it(weak: Bench) -> None:
    freed_before = int(evaluate(weak, "Smalltalk vmValue: #objectsFreed"))
    evaluate(weak, "Smalltalk at: #Weak put: nil; at: #Lost put: nil; at: #Kept put: nil. 0")
    collect(weak)
    assert int(evaluate(weak, "Smalltalk vmValue: #objectsFreed")) - freed_before >= 2 * ELEMENTS
    assert_sound(weak.board)


def with_semaphore(bench: Bench) -> None:
    evaluate(
        bench,
        """Smalltalk at: #Finalized put: 0. Smalltalk at: #Finalization put: Semaphore new.
        Smalltalk finalizationSemaphore: (Smalltalk at: #Finalization).
        [[(Smalltalk at: #Finalization) wait.
        Smalltalk at: #Finalized put: (Smalltalk at: #Finalized) + 1] repeat]
            forkAt: Processor userInterruptPriority. 0""",
    )


def test_the_finalization_semaphore_is_signalled_once_when_referents_died(weak: Bench) -> None:
    with_semaphore(weak)
    collect(weak)
    assert evaluate(weak, "Smalltalk at: #Finalized") == "0"
    forget(weak)
    collect(weak)
    assert evaluate(weak, "Smalltalk at: #Finalized") == "1"
    collect(weak)
    assert evaluate(weak, "Smalltalk at: #Finalized") == "1"
    assert_sound(weak.board)


def test_without_a_semaphore_nothing_is_signalled_and_slots_still_become_nil(weak: Bench) -> None:
    evaluate(weak, "Smalltalk finalizationSemaphore: nil. 0")
    forget(weak)
    collect(weak)
    assert lost(weak) == ELEMENTS // 2


READS = {
    "at:": "(Smalltalk at: #Weak) at: 2",
    "basicAt:": "(Smalltalk at: #Weak) basicAt: 2",
    "shallowCopy": "(Smalltalk at: #Weak) shallowCopy",
    "replaceFrom:": f"(Array new: {ELEMENTS}) replaceFrom: 1 to: {ELEMENTS} with: (Smalltalk at: #Weak) startingAt: 1",
}
"""Ways to get at weakly held objects, each of which must keep them from then on."""


@pytest.mark.parametrize("way", READS)
def test_what_is_read_while_marking_is_kept(weak: Bench, way: str) -> None:
    """The weak array's slots are read when the collection has just begun and nothing else refers to the referents."""
    assert phase_during(weak, READS[way]) == "marking"
    assert evaluate(weak, "Smalltalk at: #Phase") == "1"
    assert_sound(weak.board)
    finish_collection(weak)
    assert_sound(weak.board)
    is_copy = way in ("shallowCopy", "replaceFrom:")
    assert evaluate(weak, f"(Smalltalk at: #Read){' at: 2' if is_copy else ''}") == "#(-2)"
    assert lost(weak) == (0 if is_copy else ELEMENTS // 2 - 1)


def phase_during(bench: Bench, read: str) -> str:
    """Forget `Lost`, begin a collection, and in the same breath read into `Read`; answers the phase afterwards."""
    evaluate(
        bench,
        f"""Smalltalk at: #Read put: nil; at: #Phase put: nil. Smalltalk garbageCollect.
        Smalltalk at: #Lost put: nil. Smalltalk garbageCollectMost.
        Smalltalk at: #Phase put: (Smalltalk vmValue: #collectorPhase).
        Smalltalk at: #Read put: ({read}). 0""",
    )
    settle(bench.board)
    return phase(bench.board)


def finish_collection(bench: Bench) -> None:
    for _ in range(10_000):
        if phase(bench.board) == "idle":
            return
        bench.board.run(20_000)
    pytest.fail(f"the collection does not end; {Machine.of_board(bench.board).variable('unitsOwed')} units are owed")
