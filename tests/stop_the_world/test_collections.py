"""Programs with the collector that stops the world: what lives survives, all garbage is freed, the heap is right."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from hardtalk.bench import Bench, KeptBoard
from hardtalk.bench.firmware import study_folder
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.roots import root_indices
from hardtalk.memory.run import expression_for
from hardtalk.memory.safepoints import settle

from .boards import boot, collect_every, set_variable, sound, variable

HEAP_BYTES = 2 << 20
FILLED = """| kept | Smalltalk at: #Kept put: (kept := OrderedCollection new).
    [ Smalltalk bytesFree > 120000 ] whileTrue: [ kept add: (ByteArray new: 16000) ]. 0"""
"""However much the image takes."""
INTERVAL_BYTES = 10_000
FINALIZATION_INDEX = 41
KNOWN = 16
PROGRAMS = {
    "cycles": ("| a | 1 to: 3000 do: [:i | a := Array new: 3. a at: 1 put: a. a at: 2 put: (Array with: a)]. 7", "7"),
    "deep list": (
        "| a n | 1 to: 10000 do: [:i | a := Array with: a with: i]. n := 0. "
        "[a isNil] whileFalse: [n := n + (a at: 2). a := a at: 1]. n",
        "50005000",
    ),
    "closures": ("| s | s := 0. 1 to: 3000 do: [:i | s := s + ([:x | x + i] value: 1)]. s", "4504500"),
    "huge array": (
        "| a | a := Array new: 7000. 1 to: 7000 do: [:i | a at: i put: (Array with: i)]. "
        "(a inject: 0 into: [:sum :each | sum + each first])",
        "24503500",
    ),
    "deep stack": (
        "| f | f := nil. f := [:n | n = 0 ifTrue: [0] ifFalse: [(Array with: n) first + (f value: n - 1)]]. "
        "f value: 500",
        "125250",
    ),
    "processes that die": (
        "| n s | n := 0. s := Semaphore new. 1 to: 200 do: [:i | "
        "[n := n + i. s signal. Semaphore new wait] fork. s wait]. n",
        "20100",
    ),
    "large integers": ("200 factorial printString size", "375"),
    "exceptions": (
        "(1 to: 300) inject: 0 into: [:s :i | s + ([1 / 0] on: ZeroDivide do: [:e | e return: i])]",
        "45150",
    ),
}


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot([study_folder("memory")], HEAP_BYTES)
    return bench, bench.console.keep()


@pytest.fixture
def bench(booted: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.after_slice = lambda: None
    yield bench


def evaluate(bench: Bench, text: str) -> str:
    return bench.console.evaluate(" ".join(text.split()))


def free(bench: Bench) -> str:
    """Bytes of free memory when the requests that the board keeps for a while are those that were made here."""
    for _ in range(KNOWN):
        evaluate(bench, "nil")
    return evaluate(bench, "Smalltalk garbageCollect")


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_that_are_collected_again_and_again(bench: Bench, name: str) -> None:
    program, expected = PROGRAMS[name]
    collect_every(bench, INTERVAL_BYTES)
    assert evaluate(bench, program) == expected
    assert variable(bench.board, "cyclesCompleted") >= 2
    sound(bench.board)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_collection_frees_everything_that_cannot_be_reached(bench: Bench, name: str) -> None:
    """What is left is what a walk from the roots finds, and free memory is as before the program, to the byte."""
    assert evaluate(bench, "SerialConsole requestsKnown") == str(KNOWN)
    free(bench)
    before = free(bench)
    evaluate(bench, PROGRAMS[name][0])
    assert free(bench) == before
    settle(bench.board)
    heap = Heap(Machine.of_board(bench.board))
    made_since = heap.is_context & (heap.colours != variable(bench.board, "blackColour"))
    garbage = heap.is_object & ~heap.reachable(root_indices(heap)) & ~made_since
    assert np.count_nonzero(garbage) < 400, "the reply alone has been made since"
    sound(bench.board)


@pytest.mark.parametrize("program", ["pairs", "replacements", "trees"])
def test_the_heap_is_sound_at_safepoints_all_through_a_workload(bench: Bench, program: str) -> None:
    """So little is free that each program is collected."""
    evaluate(bench, FILLED)
    bench.console.prompt.enter(expression_for(program))
    bench.board.uart(0).send(bench.console.prompt.take_outgoing())
    strides = random.Random(1)
    for _ in range(60):
        bench.board.run(strides.randint(400_000, 900_000))
        sound(bench.board)
    assert variable(bench.board, "cyclesCompleted") > 0


LATER = "(Delay forMilliseconds: 20) wait"
"""The process that is signalled first signals that of a program."""


def test_weak_slots_and_finalization(bench: Bench) -> None:
    evaluate(
        bench,
        """Smalltalk at: #Finalized put: 0. Smalltalk at: #Finalization put: Semaphore new.
        Smalltalk finalizationSemaphore: (Smalltalk at: #Finalization).
        [[(Smalltalk at: #Finalization) wait. Smalltalk at: #Finalized put: (Smalltalk at: #Finalized) + 1] repeat]
            forkAt: Processor userInterruptPriority. 0""",
    )
    evaluate(
        bench,
        """Smalltalk at: #Weak put: (MemoryReferences new: 600); at: #Kept put: (Array new: 300).
        1 to: 300 do: [:i | (Smalltalk at: #Kept) at: i put: (Array with: i).
            (Smalltalk at: #Weak) at: i put: ((Smalltalk at: #Kept) at: i); at: 300 + i put: (Array with: i)]. 0""",
    )
    assert evaluate(bench, f"Smalltalk garbageCollect. {LATER}. Smalltalk at: #Finalized") == "1"
    lost = "((1 to: 600) select: [:i | ((Smalltalk at: #Weak) at: i) isNil]) asArray"
    assert evaluate(bench, f"{lost} = (301 to: 600) asArray") == "true"
    assert evaluate(bench, "(1 to: 300) allSatisfy: [:i | (((Smalltalk at: #Weak) at: i) at: 1) = i]") == "true"
    assert evaluate(bench, f"Smalltalk garbageCollect. {LATER}. Smalltalk at: #Finalized") == "1"
    sound(bench.board)


def test_a_weak_object_inside_a_weak_object(bench: Bench) -> None:
    evaluate(
        bench,
        """Smalltalk at: #Weak put: (MemoryReferences new: 2).
        (Smalltalk at: #Weak) at: 1 put: (MemoryReferences new: 1); at: 2 put: 7. 0""",
    )
    evaluate(bench, "Smalltalk garbageCollect")
    assert evaluate(bench, "(Smalltalk at: #Weak) at: 1") == "nil"
    assert evaluate(bench, "(Smalltalk at: #Weak) at: 2") == "7"


def bytes_of_objects(bench: Bench) -> int:
    """Of the blocks of all that is left by a collection."""
    evaluate(bench, "Smalltalk garbageCollect")
    settle(bench.board)
    heap = Heap(Machine.of_board(bench.board))
    return int(np.left_shift(1, heap.orders[heap.is_object]).sum())


def test_exhausted_memory_is_an_error_in_who_asked_and_comes_back(bench: Bench) -> None:
    before = bytes_of_objects(bench)
    endless = "[| a | [a := Array with: a with: a. true] whileTrue] on: OutOfMemory do: [:e | 7]"
    caught = evaluate(bench, f"| r | r := {endless}. Smalltalk garbageCollect. r")
    assert caught == "7", "and the next request meets no pause"
    sound(bench.board)
    assert abs(bytes_of_objects(bench) - before) < 4096
    assert evaluate(bench, "(1 to: 1000) inject: 0 into: [:a :b | a + (Array with: b) first]") == "500500"
    sound(bench.board)


def test_what_is_too_large_for_the_heap_fails_and_harms_nothing(bench: Bench) -> None:
    assert evaluate(bench, "[Array new: 1000000] on: OutOfMemory do: [:e | 7]") == "7"
    assert evaluate(bench, "(Array new: 50000) size") == "50000"
    sound(bench.board)


def test_interrupts_wait_for_a_collection_and_are_served_after_it(bench: Bench) -> None:
    evaluate(
        bench,
        """Smalltalk at: #Ticks put: 0.
        Smalltalk at: #Ticker put: ([[true] whileTrue: [(Delay forMilliseconds: 5) wait.
            Smalltalk at: #Ticks put: (Smalltalk at: #Ticks) + 1]] forkAt: 70). 0""",
    )
    assert int(evaluate(bench, "30 timesRepeat: [Smalltalk garbageCollect]. Smalltalk at: #Ticks")) > 10
    evaluate(bench, "(Smalltalk at: #Ticker) terminate. 0")
    assert variable(bench.board, "strayInterrupts") == 0
    sound(bench.board)


def test_an_interrupt_in_the_midst_of_a_collection(bench: Bench) -> None:
    """A byte that arrives while objects are marked is pending at the collection's end, not lost, not served before."""
    board = bench.board
    evaluate(bench, "Smalltalk at: #Go put: [Smalltalk garbageCollect. Smalltalk garbageCollect]. 0")
    bench.console.prompt.enter("(Smalltalk at: #Go) value. 5")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    started = variable(board, "cyclesStarted")
    while variable(board, "cyclesStarted") == started:
        board.run(2_000)
    taken = variable(board, "interruptCount")
    board.uart(0).send(b"\n")
    board.run(200_000)
    assert variable(board, "cyclesCompleted") == started and "Marker" in board.firmware.describe(board.cpu.pc)
    assert variable(board, "interruptCount") == taken + 1 and variable(board, "pendingLines") != 0
    while variable(board, "cyclesCompleted") == started:
        board.run(2_000)
    assert variable(board, "interruptCount") == taken + 1
    sound(board)
    assert variable(board, "pendingLines") == 0


@pytest.mark.parametrize("colour", [2, 3, 4, 7])
def test_the_audit_finds_a_wrong_colour(bench: Bench, colour: int) -> None:
    board = bench.board
    sound(board)
    heap = Heap(Machine.of_board(board))
    address = int(heap.addresses[np.flatnonzero(heap.is_pointers & (heap.sizes > 3))[colour]])
    byte = board.ram.read(address + 17, 1)[0]
    wrong = byte & 31 | colour << 5 if byte >> 5 != colour else byte & 31 | 1 << 5
    board.ram.write(address + 17, bytes([wrong]))
    with pytest.raises(AssertionError, match=f"colour: {address:#010x}"):
        sound(board)


def test_the_audit_finds_a_stack_that_was_left(bench: Bench) -> None:
    set_variable(bench.board, "reachedTop", variable(bench.board, "specialObjectsArray"))
    with pytest.raises(AssertionError, match=r"phase: .* not empty"):
        sound(bench.board)
