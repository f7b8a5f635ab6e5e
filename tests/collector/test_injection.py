"""A collection interrupted at every instruction of short windows, as `hardtalk inject --collection` does."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hardtalk.board import StopReason
from hardtalk.board.journal import Journal
from hardtalk.injection.beginning import phase
from hardtalk.injection.collection import CollectionSweep
from hardtalk.injection.shared_collection import CollectionRecipe, Prepared, interrupt_collection, parts
from hardtalk.injection.trial import Trial

RECIPE = CollectionRecipe("collecting", 2 << 20, "arm926", complete_every=8)
POINTS = 400
PERMILLES = {"marking": 500, "freeing": 990}


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    yield RECIPE()


def sweep_of(prepared: Prepared) -> CollectionSweep:
    return CollectionSweep(prepared.board, prepared.start, prepared.counts, RECIPE.complete_every)


@pytest.mark.parametrize("name", PERMILLES)
def test_every_instruction_of_a_window(prepared: Prepared, name: str) -> None:
    found = sweep_of(prepared).run(prepared.instructions * PERMILLES[name] // 1000, POINTS)
    assert found.violation == ""
    assert found.phases == {name: POINTS}
    assert 1 <= found.completed <= found.outcomes < POINTS // 10
    assert found.audited == {name: found.outcomes}


def test_the_beginning_of_a_collection(prepared: Prepared) -> None:
    found = sweep_of(prepared).run(0, 100)
    assert found.violation == ""
    assert found.phases["idle"] >= 1 and found.phases["marking"] >= 50


def test_a_window_over_an_executor_is_the_same(prepared: Prepared) -> None:
    with ThreadPoolExecutor(1) as executor:
        result = interrupt_collection(RECIPE, 200_000, 150, executor)
    found = sweep_of(prepared).run(200_000, 150)
    assert (result.found.points, result.found.outcomes) == (found.points, found.outcomes) == (150, found.outcomes)
    assert result.instructions == prepared.instructions > 100_000


def test_from_equal_states_the_board_goes_on_equally(prepared: Prepared) -> None:
    """What is followed only once leads to the same state whichever interrupt it began with."""
    board = prepared.board
    board.restore(prepared.start)
    board.step(prepared.instructions // 3)
    ends: dict[Hashable, set[Hashable]] = {}
    points = 0
    with Journal(board) as journal:
        trial = Trial(board, journal, sweep_of(prepared).expectation)
        for _ in range(40):
            here = journal.mark()
            counts = trial.words(trial.expectation.at_end)
            trial.interrupt()
            state = trial.key_at_safepoint()
            trial.run_until_lowered()
            trial.audit()
            trial.run_until_over(counts)
            assert board.run_to(trial.safepoint, 1_000_000).reason is StopReason.REACHED
            ends.setdefault(state, set()).add(trial.key())
            points += 1
            journal.back(here)
            board.step()
            journal.forget()
    assert points > 4 * len(ends)
    assert all(len(each) == 1 for each in ends.values())


def test_parts_have_no_gap() -> None:
    assert list(parts(5, 25, 10)) == [(5, 10), (15, 10), (25, 5)]


def test_the_collection_begins_where_it_is_said_to(prepared: Prepared) -> None:
    board = prepared.board
    board.restore(prepared.start)
    assert phase(board) == "idle"
    board.step(200)
    assert phase(board) == "marking"


def test_a_broken_link_is_found_and_its_place_told(prepared: Prepared) -> None:
    board = prepared.board
    board.restore(prepared.start)
    board.step(prepared.instructions // 2)
    ring = board.firmware.address_of("whiteRing")
    first = int.from_bytes(board.ram.read(ring, 4), "little")
    board.ram.write(first + 4, ring.to_bytes(4, "little"))
    board.ram.write(ring, board.ram.read(first, 4))
    found = CollectionSweep(board, board.snapshot(), prepared.counts).run(0, 1)
    assert "instruction 0 of the collection" in found.violation and "phase marking" in found.violation
    assert f"{first:#010x}" in found.violation


def test_a_register_that_is_not_restored_is_told(prepared: Prepared) -> None:
    """The stub's return takes r3 from the wrong word of its stack."""
    board = prepared.board
    board.restore(prepared.start)
    board.step(prepared.instructions // 2)
    entry = board.firmware.address_of("interruptEntry")
    code = board.ram.read(entry, 0x60)
    restore = 0xE8BD000F.to_bytes(4, "little")  # ldmia sp!, {r0-r3}
    at = entry + code.index(restore)
    board.ram.write(at, 0xE8BD0017.to_bytes(4, "little"))  # ldmia sp!, {r0-r2, r4}
    board.cpu.forget_code()
    found = CollectionSweep(board, board.snapshot(), prepared.counts).run(0, 20)
    assert "after the interrupt r3 is" in found.violation or "after the interrupt r4 is" in found.violation
