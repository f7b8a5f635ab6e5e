"""Collections of random moments against a model: a walk over the heap from outside says what must be left."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hardtalk.bench import Bench
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board, StopReason
from hardtalk.memory.heap import Flags, Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.roots import root_indices
from hardtalk.memory.safepoints import settle
from hardtalk.vm import object_format as of

from .boards import boot, set_variable, sound

LINK_REGISTER = 14
PATIENCE_CYCLES = 100_000_000
MOMENTS = 12
PROGRAM = """[| s r kept weak other |
    s := 1. r := [:n | s := s * 137 + 53 \\\\ 8191. s \\\\ n + 1]. kept := Array new: 300.
    weak := MemoryReferences new: 200.
    [true] whileTrue: [| i each |
        i := r value: 300. each := Array new: (r value: 40).
        (r value: 3) = 1 ifTrue: [each := each size printString , 'x'] ifFalse: [
            each at: 1 put: (kept at: (r value: 300)); at: each size put: [:x | x + i]].
        weak at: (r value: 200) put: each.
        (r value: 50) = 1 ifTrue: [other := [Semaphore new wait. each] forkAt: 45].
        (r value: 9) = 1 ifTrue: [kept := kept copy].
        (r value: 2) = 1 ifTrue: [kept at: i put: each]]] forkAt: 35. 0"""


@pytest.fixture(scope="module")
def bench() -> Bench:
    bench = boot([study_folder("memory")], 2 << 20)
    bench.console.evaluate(" ".join(PROGRAM.split()))
    return bench


def go_to(board: Board, address: int) -> None:
    assert board.run_to(address, PATIENCE_CYCLES).reason is StopReason.REACHED


def addresses(heap: Heap, chosen: Flags) -> set[int]:
    return set(heap.addresses[chosen].tolist())


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_what_can_be_reached_stays_and_all_else_becomes_free(bench: Bench, moment: int) -> None:
    board = bench.board
    board.run(random.Random(moment).randint(600_000, 3_000_000))
    set_variable(board, "tortureMode", 1)
    set_variable(board, "nextPayment", 0)
    go_to(board, board.firmware.address_of("Collector>>collect"))
    set_variable(board, "tortureMode", 0)
    back = board.cpu.register(LINK_REGISTER)
    before = Heap(Machine.of_board(board))
    reached = before.reachable(root_indices(before))
    expected = addresses(before, reached & before.is_object)
    garbage = addresses(before, before.is_object) - expected
    strong = reached & before.is_pointers & (before.sizes > 0) & (before.formats != of.FORMATS["FormatWeak"])
    first_slots = {address: before.machine.slot(address, 0) for address in addresses(before, strong)}
    references = before.references
    weak = np.flatnonzero(before.is_weak_slot & (references.targets >= 0) & reached[references.owners])
    slots = {(int(before.addresses[owner]), slot): value for owner, slot, value in references.at(weak)}
    garbage.discard(before.machine.variable("classForwarder"))
    assert len(garbage) > 100 and any(value in garbage for value in slots.values())
    go_to(board, back)
    after = Heap(Machine.of_board(board))
    hidden = before.machine.variable("classForwarder")
    assert addresses(after, after.is_object) == expected | {hidden}
    assert all(after.machine.slot(address, 0) == value for address, value in first_slots.items())
    nil = after.machine.variable("nilObject")
    for (address, slot), value in slots.items():
        assert after.machine.slot(address, slot) == (nil if value in garbage else value)
    assert_coalesced(after)
    settle(board)
    sound(board)


def assert_coalesced(heap: Heap) -> None:
    """No two free buddies lie side by side, but for what the reserve and the bump area have been cut from."""
    free = {(int(a), int(o)) for a, o in zip(heap.addresses[~heap.is_taken], heap.orders[~heap.is_taken], strict=True)}
    assert not [a for a, o in free if o < of.LARGEST_ORDER and (a ^ 1 << o, o) in free]
