"""What native code has the address of stays alive and in place while memory is collected, and is freed afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.memory.boards import boot_settled

FIRMWARE = Path(__file__).parent / "firmware"
COLLECT = "3 timesRepeat: [ Smalltalk garbageCollect ]. 0"
REUSE = "1 to: 3000 do: [ :i | (Bitmap new: 14) at: 1 put: 16rDEADBEEF ]. 0"


@pytest.fixture(scope="module")
def bench() -> Bench:
    """With an Array whose elements are referred to weakly: MemoryReferences."""
    made = boot_settled(
        BootOptions(
            (FIRMWARE, study_folder("memory")),
            heap_bytes=2 << 20,
        )
    )
    made.console.evaluate("Smalltalk at: #Weak put: (MemoryReferences new: 4). 0")
    return made


def word(board: Board, address: int) -> int:
    return int.from_bytes(board.ram.read(address, 4), "little")


def collect_and_reuse(bench: Bench) -> None:
    """Whatever is free is taken and overwritten before memory is collected again."""
    for text in (COLLECT, REUSE, COLLECT, REUSE):
        bench.console.evaluate(text)


def test_the_argument_of_a_native_process_is_kept_until_it_ends(bench: Bench) -> None:
    evaluate, board = bench.console.evaluate, bench.board
    address = int(
        evaluate(
            "| b | b := Bitmap new: 16. Weak at: 1 put: b. "
            "(NativeProcess routine: #countUntil: argument: b priority: 30) resume. b nativeAddress"
        )
    )
    before = word(board, address)
    collect_and_reuse(bench)
    assert evaluate("(Weak at: 1) nativeAddress") == str(address)
    assert word(board, address) > before
    assert {word(board, address + 4 * index) - word(board, address) for index in range(2, 16)} <= {0, -1}
    evaluate("(Weak at: 1) at: 2 put: 1. (Delay forMilliseconds: 5) wait. 0")
    assert evaluate("Processor nativeProcesses size") == "0"
    collect_and_reuse(bench)
    assert evaluate("Weak at: 1") == "nil"


def test_a_drivers_block_is_kept_while_its_line_has_a_native_handler(bench: Bench) -> None:
    evaluate, board = bench.console.evaluate, bench.board
    evaluate(
        "| line | line := SoftwareLine line: 2 native: #softwareLine: priority: 60. Weak at: 2 put: line. "
        "Smalltalk at: #Line put: line. 0"
    )
    collect_and_reuse(bench)
    for _ in range(10):
        board.vic.write("SOFTINT", 1 << 2)
        board.run(cycles=20_000)
        assert not board.vic.irq
    assert evaluate("Line runs") == "10"


def test_a_semaphore_whose_address_was_given_away_is_kept_until_it_is_released(bench: Bench) -> None:
    evaluate, board = bench.console.evaluate, bench.board
    address = int(evaluate("| s | s := NativeSemaphore new. Weak at: 3 put: s. s address"))
    collect_and_reuse(bench)
    assert evaluate("(Weak at: 3) signal; address") == str(address)
    assert word(board, address) == 1
    evaluate("(Weak at: 3) release. 0")
    collect_and_reuse(bench)
    assert evaluate("Weak at: 3") == "nil"


def test_one_that_native_code_does_not_know_is_not_kept(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    evaluate("| s | s := Bitmap new: 16. Weak at: 4 put: s. 0")
    collect_and_reuse(bench)
    assert evaluate("Weak at: 4") == "nil"
