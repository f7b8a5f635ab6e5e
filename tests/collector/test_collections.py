"""Collections on the board: what lives survives, what is dead is freed, and the heap is right afterwards."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench

from .heap_check import Heap
from .small_heap import fill_memory
from .torture import torture

PROGRAMS = {
    "cycles": ("| a | 1 to: 3000 do: [:i | a := Array new: 3. a at: 1 put: a. a at: 2 put: (Array with: a)]. 7", "7"),
    "deep list": (
        "| a n | 1 to: 5000 do: [:i | a := Array with: a with: i]. n := 0. "
        "[a isNil] whileFalse: [n := n + (a at: 2). a := a at: 1]. n",
        "12502500",
    ),
    "closures": ("| s | s := 0. 1 to: 3000 do: [:i | s := s + ([:x | x + i] value: 1)]. s", "4504500"),
    "huge array": (
        "| a | a := Array new: 20000. 1 to: 20000 do: [:i | a at: i put: (Array with: i)]. "
        "(a inject: 0 into: [:sum :each | sum + each first])",
        "200010000",
    ),
    "processes that die": (
        "| n s | n := 0. s := Semaphore new. 1 to: 200 do: [:i | "
        "[n := n + i. s signal. Semaphore new wait] fork. s wait]. n",
        "20100",
    ),
    "large integers": ("600 factorial printString size", "1409"),
}


@pytest.fixture
def tortured(bench: Bench) -> Bench:
    torture(bench.board, 100)
    return bench


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_under_torture(tortured: Bench, name: str) -> None:
    program, expected = PROGRAMS[name]
    assert tortured.console.evaluate(program) == expected
    assert int(tortured.console.evaluate("Smalltalk vmValue: #cyclesCompleted")) > 1


def test_a_full_collection_leaves_a_right_heap_and_frees_garbage(bench: Bench) -> None:
    bench.console.evaluate("1 to: 2000 do: [:i | Array new: 10]. 0")
    freed = "Smalltalk garbageCollect. Smalltalk vmValue: #objectsFreed"
    assert int(bench.console.evaluate(freed)) > 2000
    heap = Heap(bench.board)
    assert heap.phase == "PhaseIdle"
    assert heap.faults() == []


def test_collections_begin_by_themselves_when_memory_is_small(bench: Bench) -> None:
    left = fill_memory(bench)
    assert left < 4_000_000
    for program, expected in PROGRAMS.values():
        assert bench.console.evaluate(program) == expected
    assert bench.console.evaluate("1 to: 200 do: [:i | Array new: 3000]. 3") == "3"
    assert int(bench.console.evaluate("Smalltalk vmValue: #cyclesCompleted")) > 1
