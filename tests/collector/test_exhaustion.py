"""Memory that is really full, again and again: the low-space semaphore, then one error in the process that asked."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions
from hardtalk.bench.console import BoardConsole
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.safepoints import settle

HEAP_BYTES = 3 << 20
PATIENCE_CYCLES = 10_000_000_000
ROUNDS = 2
HOGS = (
    "| a | a := nil. [ a := Array with: a with: nil ] repeat",
    "| a | a := nil. [ a := Array with: a with: (Array new: 5000) ] repeat",
    "| all | all := OrderedCollection new. [ all add: [ all ] ] repeat",
    "| deep | deep := nil. deep := [ :n | (deep value: n + 1) + 1 ]. deep value: 1",
    "| all | all := OrderedCollection new. [ all add: (String new: 300) ] repeat",
)
TICKER = (
    "Smalltalk at: #Ticks put: 0; at: #Failures put: 0; at: #Shortages put: 0."
    "[ [ [ (Delay forMilliseconds: 1) wait. Smalltalk at: #Ticks put: (Smalltalk at: #Ticks) + 1 ]"
    " on: Error do: [ :error | Smalltalk at: #Failures put: (Smalltalk at: #Failures) + 1 ] ] repeat ]"
    " forkAt: Processor userInterruptPriority named: 'ticker'."
    "| semaphore | semaphore := Semaphore new. Smalltalk lowSpaceSemaphore: semaphore."
    "[ [ semaphore wait. Smalltalk at: #Shortages put: (Smalltalk at: #Shortages) + 1 ] repeat ]"
    " forkAt: Processor userInterruptPriority named: 'low space'. 0"
)


def number(console: BoardConsole, expression: str) -> int:
    return int(console.evaluate(expression, PATIENCE_CYCLES))


@pytest.fixture(scope="module")
def exhausted() -> tuple[Bench, list[str], list[tuple[int, int, int]]]:
    """The board afterwards, each hog's error, and after each the ticks, the ticker's failures and the shortages."""
    bench = boot_settled(BootOptions(heap_bytes=HEAP_BYTES))
    console = bench.console
    declarations, statements = "| semaphore | ", TICKER.replace("| semaphore | ", "")
    console.evaluate(declarations + statements, PATIENCE_CYCLES)
    errors, counts = [], []
    for hog in HOGS * ROUNDS:
        with pytest.raises(BenchError) as caught:
            console.evaluate(hog, PATIENCE_CYCLES)
        errors.append(str(caught.value))
        settle(bench.board)
        report = audit(bench.board)
        assert report.is_sound, report.text()
        counts.append((
            number(console, "Smalltalk at: #Ticks"),
            number(console, "Smalltalk at: #Failures"),
            number(console, "Smalltalk at: #Shortages"),
        ))  # fmt: skip
    return bench, errors, counts


def test_the_process_that_asked_gets_one_error(exhausted: tuple[Bench, list[str], list[tuple[int, int, int]]]) -> None:
    for hog, error in zip(HOGS * ROUNDS, exhausted[1], strict=True):
        assert error.count("OutOfMemory:") == 1, f"{hog}\n{error}"


def test_other_processes_go_on_unharmed(exhausted: tuple[Bench, list[str], list[tuple[int, int, int]]]) -> None:
    ticks = [each[0] for each in exhausted[2]]
    assert all(later > earlier for earlier, later in pairwise(ticks))
    assert {each[1] for each in exhausted[2]} == {0}


def test_the_low_space_semaphore_is_signalled(exhausted: tuple[Bench, list[str], list[tuple[int, int, int]]]) -> None:
    assert exhausted[2][0][2] >= 1
    assert exhausted[2][-1][2] > exhausted[2][0][2]


def test_all_memory_comes_back(exhausted: tuple[Bench, list[str], list[tuple[int, int, int]]]) -> None:
    bench = exhausted[0]
    free = []
    for _ in range(2):
        number(bench.console, "Smalltalk garbageCollect")
        free.append(number(bench.console, "Smalltalk bytesFree"))
    assert free[-1] > HEAP_BYTES // 2
