"""Only the culprit pays: whoever leaks, at whatever priority and in however small a heap, the prompt goes on."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard
from hardtalk.build.collectors import COLLECTORS
from hardtalk.link import LinkError
from hardtalk.link.plan import HEAP_GRAIN_BYTES, LEAST_FREE_BYTES
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled, with_free
from hardtalk.memory.safepoints import settle
from hardtalk.serial import ConsoleText

KILOBYTE = 1 << 10
PATIENCE_CYCLES = 4_000_000_000
SOON_CYCLES = 1_500_000_000
"""7.5 s."""
READINGS: Final = 4
"""A chunk of 16 KB may just be open for contexts when free memory is read."""
LOOK_CYCLES, LOOKS, TAIL_CYCLES, EIGHTHS = 200_000, 16, 2_000_000, 8
SUM, ANSWER = "(1 to: 40) inject: 0 into: [ :sum :each | sum + each ]", "820"
LEAK = "[ | l | l := nil. [ true ] whileTrue: [ l := l -> 3 ] ]"
HOG = "| c | c := nil. [ c := Array with: c with: nil ] repeat"
TICKS = (
    "Smalltalk at: #Ticks put: 0. [ [ (Delay forMilliseconds: 1) wait."
    " Smalltalk at: #Ticks put: (Smalltalk at: #Ticks) + 1 ] repeat ] forkAt: 70. 0"
)


def board(free_bytes: int) -> Bench:
    """With a heap that has so much beside the image."""
    return boot_settled(with_free(BootOptions(), free_bytes))


def evaluate(bench: Bench, expression: str) -> str:
    return bench.console.evaluate(expression, PATIENCE_CYCLES)


def error(bench: Bench, expression: str) -> str:
    with pytest.raises(BenchError) as caught:
        evaluate(bench, expression)
    return str(caught.value)


def goes_on(bench: Bench, least_free: int = 0) -> None:
    assert evaluate(bench, "3 + 4") == "7"
    settle(bench.board)
    report = audit(bench.board)
    assert report.is_sound, report.text()
    collected = "Smalltalk garbageCollect. Smalltalk bytesFree"
    free = [int(evaluate(bench, collected)) for _ in range(READINGS)]
    assert max(free) >= least_free, free


def test_a_heap_smaller_than_the_smallest_is_refused() -> None:
    options = with_free(BootOptions(), LEAST_FREE_BYTES)
    with pytest.raises(LinkError, match=f"the program needs {LEAST_FREE_BYTES:,} beside it"):
        boot_settled(replace(options, heap_bytes=(options.heap_bytes or 0) - HEAP_GRAIN_BYTES))


@pytest.mark.parametrize("collector", COLLECTORS)
def test_the_smallest_heap(collector: str) -> None:
    """Where the world stops, a part of a request may be lost meanwhile, and is sent again; and what tells of the error
    may find no memory itself: then the request is ended."""
    bench = boot_settled(with_free(BootOptions(collector=collector), LEAST_FREE_BYTES))
    free = int(evaluate(bench, "Smalltalk garbageCollect. Smalltalk bytesFree"))
    for _ in range(2):
        told = error(bench, HOG)
        assert "OutOfMemory:" in told or (collector == "stop-the-world" and "memory was exhausted" in told)
        goes_on(bench, free // 2)
    evaluate(bench, f"{LEAK} forkAt: 55. 5")
    goes_on(bench, free // 2)


@pytest.mark.parametrize("priority", [10, 30, 45, 50, 55, 60, 70, 79])
def test_a_leak_at_any_priority(leaking: Bench, priority: int) -> None:
    assert evaluate(leaking, f"{LEAK} forkAt: {priority}. 5") == "5"
    evaluate(leaking, "(Delay forMilliseconds: 1000) wait")
    goes_on(leaking, 300 * KILOBYTE)


@pytest.fixture(scope="module")
def leaking() -> Bench:
    return board(464 * KILOBYTE)


def before_it_is_told(bench: Bench, priority: int) -> KeptBoard:
    """Let a leak of that priority fill memory, and answer the board some time before it first tells of that."""
    evaluate(bench, f"[ (Delay forMilliseconds: 20) wait. {LEAK} value ] forkAt: {priority}. 5")
    kept: list[KeptBoard] = []
    told = ""
    while "emory" not in told:
        kept = [*kept[1 - LOOKS :], bench.console.keep()]
        bench.console.run(LOOK_CYCLES)
        told += "".join(event.text for event in bench.console.receive() if isinstance(event, ConsoleText))
    return kept[0]


def put_back_after(bench: Bench, kept: KeptBoard, eighths: int) -> None:
    bench.console.put_back(kept)
    bench.console.run((LOOKS * LOOK_CYCLES + TAIL_CYCLES) * eighths // EIGHTHS)


@pytest.mark.parametrize("priority", [10, 20])
def test_requests_that_arrive_while_memory_is_exhausted_are_served(leaking: Bench, priority: int) -> None:
    """From the moment before the board first tells of it, which the board is put back to for each request."""
    before = leaking.console.keep()
    kept = before_it_is_told(leaking, priority)
    for eighths in (0, 3, 5):
        put_back_after(leaking, kept, eighths)
        assert evaluate(leaking, SUM) == ANSWER, f"after {eighths} eighths of the time"
    evaluate(leaking, "(Delay forMilliseconds: 1000) wait")  # requests go before the leak, which is told when it runs
    goes_on(leaking, 300 * KILOBYTE)
    leaking.console.put_back(before)


def test_an_error_handler_and_an_unwind_block_that_leak(leaking: Bench) -> None:
    for program in (f"{LEAK} on: OutOfMemory do: [ :e | {LEAK} value ]", f"{LEAK} ensure: {LEAK}"):
        error(leaking, program)
        goes_on(leaking, 300 * KILOBYTE)


def test_processes_that_filled_memory_and_were_terminated_leave_nothing_behind() -> None:
    bench = board(1040 * KILOBYTE)
    fill = f"| all | all := (1 to: 10) collect: [ :i | {LEAK} forkAt: 30 ]. (Delay forMilliseconds: 400) wait. "
    evaluate(bench, fill + "all do: [ :each | each terminate ]. 5")
    goes_on(bench, 800 * KILOBYTE)


@pytest.mark.parametrize(("free", "count"), [(208, 3), (448, 5), (464, 5), (512, 5), (1040, 3)])
def test_leaks_that_globals_hold_can_be_let_go(free: int, count: int) -> None:
    """One after the other, each told of the error while those before it still hold memory; and all of it comes back."""
    bench = board(free * KILOBYTE)
    before = int(evaluate(bench, "Smalltalk garbageCollect. Smalltalk bytesFree"))
    for leak in range(count):
        evaluate(bench, f"Smalltalk at: #Leak{leak} put: nil")
        told = error(bench, f"[ Smalltalk at: #Leak{leak} put: (Smalltalk at: #Leak{leak}) -> 3 ] repeat")
        assert "\nOutOfMemory:" in told, f"leak {leak}: {told}"
        assert evaluate(bench, "3 + 4") == "7", f"after leak {leak}"
    for leak in range(count):
        assert evaluate(bench, f"Smalltalk at: #Leak{leak} put: nil") == "nil"
    goes_on(bench, before * 19 // 20)


@pytest.mark.parametrize(
    "program",
    [
        "| d | d := nil. d := [ :n | (d value: n + 1) + 1 ]. d value: 1",
        "| all | all := nil. [ all := Array with: all with: [ 3 ] newProcess ] repeat",
        "| all | all := OrderedCollection new. [ all add: 3 -> 4 ] repeat",
        "| d n | d := Dictionary new. n := 0. [ n := n + 1. d at: n put: n printString ] repeat",
        "| s n | s := Set new. n := 0. [ n := n + 1. s add: n printString ] repeat",
        "| s | s := WriteStream on: String new. [ s nextPutAll: 'leak' ] repeat",
    ],
)
def test_each_kind_of_leak_is_told(leaking: Bench, program: str) -> None:
    assert "\nOutOfMemory:" in error(leaking, program)
    goes_on(leaking, 300 * KILOBYTE)


WAIT = "(Delay forSeconds: 1000) wait"
NO_ROOM = "\nOutOfMemory: there is not enough memory for a new process"


def are_answered(bench: Bench) -> None:
    for _ in range(2):
        assert evaluate(bench, SUM) == ANSWER
        assert evaluate(bench, "(Delay forMilliseconds: 300) wait. 6") == "6"
    goes_on(bench)


@pytest.mark.parametrize(
    "program",
    [
        f"[ [ {WAIT} ] forkAt: 30 ] repeat",
        f"[ [ {WAIT} ] forkAt: 45 ] repeat",
        f"[ [ | a | a := Array new: 50. {WAIT}. a ] forkAt: 30 ] repeat",
        "| all | all := OrderedCollection new. [ [ | s | s := Semaphore new. all add: s. s wait ] forkAt: 45 ] repeat",
        "| all | all := OrderedCollection new. [ all add: [ 3 ] newProcess ] repeat",
    ],
)
def test_who_forks_without_end_is_told_where_it_forks(leaking: Bench, program: str) -> None:
    """Those that it has forked live on and keep their memory; requests are answered all the same."""
    before = leaking.console.keep()
    assert NO_ROOM in error(leaking, program)
    are_answered(leaking)
    leaking.console.put_back(before)


@pytest.mark.parametrize("free_bytes", [LEAST_FREE_BYTES, 2 << 20])
def test_who_forks_without_end_in_a_heap_of_another_size(free_bytes: int) -> None:
    bench = board(free_bytes)
    free = int(evaluate(bench, "Smalltalk garbageCollect. Smalltalk bytesFree"))
    evaluate(bench, "Smalltalk at: #All put: OrderedCollection new")
    assert NO_ROOM in error(bench, f"[ (Smalltalk at: #All) add: [ {WAIT} ] fork ] repeat")
    are_answered(bench)
    evaluate(bench, "(Smalltalk at: #All) do: [ :each | each terminate ]. Smalltalk at: #All put: nil")
    goes_on(bench, free // 2)


@pytest.mark.parametrize(
    "program",
    [
        f"| b | b := nil. b := [ [ b value. {WAIT} ] forkAt: 45 ]. b value. 5",
        f"[ [ [ {WAIT} ] forkAt: 45 ] repeat ] forkAt: 20. 5",
        f"[ [ [ [ {WAIT} ] forkAt: 45 ] on: OutOfMemory do: [ :e | ] ] repeat ] forkAt: 20. 5",
    ],
)
def test_requests_are_answered_while_others_fork_without_end(leaking: Bench, program: str) -> None:
    before = leaking.console.keep()
    evaluate(leaking, program)
    are_answered(leaking)
    leaking.console.put_back(before)


@pytest.mark.parametrize(
    ("free", "program"),
    [
        (464, "| b | b := nil. b := [ b fork. b fork ]. b value. 5"),
        (464, "| b | b := nil. b := [ b newProcess resume. b newProcess resume ]. b value. 5"),
        (464, "| b | b := nil. b := [ b forkAt: 30. b forkAt: 30 ]. b value. 5"),
        (464, "| b | b := nil. b := [ [ b fork. b fork ] on: OutOfMemory do: [ :e | ] ]. b value. 5"),
        (2048, "| b | b := nil. b := [ b fork. b fork ]. b value. 5"),
    ],
)
def test_requests_are_answered_while_each_process_forks_two(free: int, program: str) -> None:
    """Of which each forks two, and so on. Memory is collected for all who look for room together."""
    bench = board(free * KILOBYTE)
    assert evaluate(bench, program) == "5"
    for _ in range(3):
        assert bench.console.evaluate(SUM, SOON_CYCLES) == ANSWER
        assert bench.console.evaluate("(Delay forMilliseconds: 300) wait. 6", SOON_CYCLES) == "6"
    settle(bench.board)
    assert audit(bench.board).is_sound


def test_processes_that_fork_more_urgent_ones_each_are_told_and_end() -> None:
    """They go before requests, until nobody is left who forks: the last error is that of the request itself."""
    bench = board(464 * KILOBYTE)
    free = int(evaluate(bench, "Smalltalk garbageCollect. Smalltalk bytesFree"))
    assert NO_ROOM in error(bench, "| b | b := nil. b := [ b forkAt: 41. b forkAt: 41 ]. b value. 5")
    are_answered(bench)
    goes_on(bench, free * 9 // 10)


def test_requests_are_answered_while_eighty_processes_keep_a_little_of_full_memory() -> None:
    """A global fills it; then each of these, which began in time, takes 400 bytes of the reserve and keeps them. Leaks
    of requests on top of that may end the next one, but not for long; and who lets go what fills memory is served.
    That holds in a heap of this size, and not in each: with 464 or 472 KB every request after the leaks is ended."""
    bench = board(456 * KILOBYTE)
    for entry in (
        "Smalltalk at: #Go put: Semaphore new; at: #End put: Semaphore new; at: #Fill put: nil; at: #Leak put: nil. 5",
        "1 to: 80 do: [ :i | [ | l | Go wait. l := OrderedCollection new."
        " 4 timesRepeat: [ l add: (Array new: 10) ]. End wait. l size ] forkAt: 45 ]. 5",
        "[ Smalltalk garbageCollect > 16000 ] whileTrue: [ 100 timesRepeat: ["
        " Smalltalk at: #Fill put: (Smalltalk at: #Fill) -> 3 ] ]. 5",
        "80 timesRepeat: [ Go signal ]. 5",
    ):
        assert evaluate(bench, entry) == "5"
    for _ in range(3):
        assert bench.console.evaluate(SUM, SOON_CYCLES) == ANSWER
        assert bench.console.evaluate("(Delay forMilliseconds: 300) wait. 6", SOON_CYCLES) == "6"
    for _ in range(2):
        error(bench, "[ Smalltalk at: #Leak put: (Smalltalk at: #Leak) -> 3 ] repeat")
    for _ in range(3):
        try:
            assert evaluate(bench, "Smalltalk at: #Fill put: nil. 5") == "5"
            break
        except BenchError as told:
            assert "memory" in str(told).lower()
    else:
        raise AssertionError("nobody can let go what fills memory")
    are_answered(bench)


def test_those_that_nobody_can_wake_any_more_take_no_memory(leaking: Bench) -> None:
    assert evaluate(leaking, "1 to: 1000 do: [ :i | [ Semaphore new wait ] forkAt: 45 ]. 5") == "5"
    goes_on(leaking, 300 * KILOBYTE)


def test_who_forks_waits_until_another_gives_memory_back(leaking: Bench) -> None:
    """Who has filled memory lets it go after half a second; two seconds are waited for that."""
    fill = (
        "a := nil. [ Smalltalk bytesFree > 12000 ] whileTrue: [ a := a -> 3 ]."
        " [ Smalltalk garbageCollect > 12000 ] whileTrue: [ 50 timesRepeat: [ a := a -> 3 ] ]"
    )
    other = f"[ | a | {fill}. (Delay forMilliseconds: 500) wait. a := nil. {WAIT} ] forkAt: 45"
    assert evaluate(leaking, f"| done | done := Semaphore new. {other}. [ done signal ] fork. done wait. 7") == "7"
    goes_on(leaking, 300 * KILOBYTE)


@pytest.mark.parametrize("priorities", [(35, 36), (40, 40), (60, 30)])
def test_two_leaks_at_once(leaking: Bench, priorities: tuple[int, int]) -> None:
    evaluate(leaking, " ".join(f"{LEAK} forkAt: {priority}." for priority in priorities) + " 5")
    evaluate(leaking, "(Delay forMilliseconds: 1500) wait")
    goes_on(leaking, 300 * KILOBYTE)


def test_a_recursive_message_not_understood() -> None:
    """The method that is sent then sends another message that the object does not understand."""
    bench = board(208 * KILOBYTE)
    evaluate(bench, "Object subclass: #Endless")
    evaluate(bench, "Endless addSelector: #doesNotUnderstand: withMethod: Collection >> #includes:")
    assert "\nOutOfMemory: the stack is too deep" in error(bench, "Endless new foo")
    goes_on(bench, 60 * KILOBYTE)


def test_many_processes_that_leak_at_once() -> None:
    bench = board(464 * KILOBYTE)
    each = f"(Smalltalk at: #Leaks) at: i put: ({LEAK} forkAt: 35 + (i \\\\ 10))"
    evaluate(bench, f"Smalltalk at: #Leaks put: (Array new: 20). [ 1 to: 20 do: [ :i | {each} ] ] forkAt: 20. 5")
    ended = "(Smalltalk at: #Leaks) allSatisfy: [ :each | each notNil and: [ each isDead ] ]"
    for _ in range(20):
        try:
            evaluate(bench, "(Delay forMilliseconds: 1000) wait")
            if evaluate(bench, ended) == "true":
                break
        except BenchError as told:  # among twenty at once a request may find nothing; the next one is served
            assert "memory" in str(told).lower()
    else:
        raise AssertionError("twenty leaks have not ended within 20 s")
    evaluate(bench, "Smalltalk at: #Leaks put: nil")
    goes_on(bench, 300 * KILOBYTE)


def test_a_leak_among_handlers_is_that_handlers_alone() -> None:
    """One of two processes above device handlers keeps a little each time; the other is never told."""
    bench = board(208 * KILOBYTE)
    evaluate(bench, TICKS)
    leak = "[ | l | l := nil. [ (Delay forMilliseconds: 1) wait. 20 timesRepeat: [ l := l -> 3 ] ] repeat ]"
    evaluate(bench, f"({leak} forkAt: 72) name: 'leaky'. 0")
    before = int(evaluate(bench, "(Delay forMilliseconds: 300) wait. Smalltalk at: #Ticks"))
    after = int(evaluate(bench, "(Delay forMilliseconds: 100) wait. Smalltalk at: #Ticks"))
    assert after > before + 50, "it is served while and after the other has filled memory"
    goes_on(bench, 20 * KILOBYTE)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_leaks_one_after_the_other(seed: int) -> None:
    bench, choice = board(272 * KILOBYTE), random.Random(seed)
    programs = (
        HOG,
        "| d | d := nil. d := [ :n | (d value: n + 1) + 1 ]. d value: 1",
        "| all | all := OrderedCollection new. [ all add: (String new: 300) ] repeat",
        "| all | all := OrderedCollection new. [ all add: (ByteArray new: 5000) ] repeat",
        "| all | all := OrderedCollection new. [ all add: [ all ] ] repeat",
        "| all | all := OrderedCollection new. [ all add: ([ 3 ] newProcess) ] repeat",
        "| s | s := 'ab'. [ s := s , s ] repeat",
        "| a | a := nil. [ a := { a. a } ] repeat",
    )
    for _ in range(4):
        if choice.random() < 0.4:
            evaluate(bench, f"{LEAK} forkAt: {choice.randrange(41, 80)}. 5")
        else:
            error(bench, choice.choice(programs))
        goes_on(bench, 60 * KILOBYTE)
