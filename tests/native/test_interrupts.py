"""The four forms at many instructions: what was interrupted goes on with every register and flag as it was."""

from __future__ import annotations

import random

import pytest

from hardtalk.bench import Bench
from hardtalk.board import Board, StopReason
from hardtalk.vm.constants import PINNED_REGISTERS

SYSTEM_MODE, IRQ_MASKED = 0x1F, 0x80
LINE, BIT = 2, 1 << 2
DISPATCH_REGISTER = PINNED_REGISTERS["dispatchBase"]
BUSY = "Smalltalk at: #Busy put: ([ | n | n := 0. [ true ] whileTrue: [ n := n * 7 + 3 bitAnd: 16rFFFFF ] ] forkAt: 20)"
COMPUTING = (
    "Smalltalk at: #Block put: (Bitmap new: 3). "
    "Smalltalk at: #Busy put: (NativeProcess routine: #computeForever: argument: Block priority: 20). Busy resume"
)
HANDLERS = {
    "native": "Smalltalk at: #Line put: (SoftwareLine line: 2 native: #softwareLine: priority: 60)",
    "smalltalk": "Smalltalk at: #Line put: (SoftwareLine line: 2 smalltalk: 60)",
}
COUNTS = {"native": "Line runs", "smalltalk": "Line served"}


def registers(board: Board) -> list[int]:
    """r0 to r15 and cpsr of what runs."""
    return [*(board.cpu.register(n) for n in range(16)), board.cpu.cpsr]


def raise_by_software(board: Board, bit: int) -> None:
    board.vic.write("SOFTINT", bit)


@pytest.mark.parametrize("interrupted", ["smalltalk", "native"])
@pytest.mark.parametrize("handler", ["smalltalk", "native"])
def test_everything_is_restored(native_bench: Bench, interrupted: str, handler: str) -> None:
    board, console = native_bench.board, native_bench.console
    console.evaluate(HANDLERS[handler])
    console.evaluate(BUSY if interrupted == "smalltalk" else COMPUTING)
    board.run(cycles=3_000_000)
    source = random.Random(4)
    tried = 0
    while tried < 150:
        board.step(source.randint(1, 700))
        if board.cpu.cpsr & (SYSTEM_MODE | IRQ_MASKED) != SYSTEM_MODE or board.vic.irq:
            continue
        before = registers(board)
        raise_by_software(board, BIT)
        stop = board.run_to(before[15], 200_000)
        assert stop.reason is StopReason.REACHED, stop
        after = registers(board)
        if (interrupted, handler) == ("smalltalk", "smalltalk"):
            after[DISPATCH_REGISTER] = before[DISPATCH_REGISTER]  # the request for a safepoint; the VM's own
        assert after == before
        board.run(cycles=20_000)
        tried += 1
    assert console.evaluate(COUNTS[handler]) == str(tried)
    if interrupted == "native":
        assert console.evaluate("Block at: 3") == "0"
        assert int(console.evaluate("Block at: 1")) > 10


MIXED = """| log |
log := Bitmap new: 4001.
Smalltalk at: #Log put: log.
Smalltalk at: #Lines put: {
    SoftwareLine line: 2 native: #softwareLine: priority: 30.
    SoftwareLine line: 3 native: #softwareLine: priority: 50.
    SoftwareLine line: 18 native: #softwareLine: priority: 70.
    SoftwareLine line: 19 smalltalk: 75.
    SoftwareLine line: 20 smalltalk: 25 }.
Lines first: 3.
(Lines at: 1) rounds: 60; log: log.
(Lines at: 2) rounds: 40; log: log; signalSmalltalkAt: 45.
Smalltalk at: #Shared put: NativeSemaphore new.
(Lines at: 3) rounds: 20; log: log; signal: Shared.
Smalltalk at: #Taken put: 0.
[ [ Shared wait. Taken := Taken + 1 ] repeat ] forkAt: 55.
Smalltalk at: #Block put: (Bitmap new: 3).
Smalltalk at: #Busy put: (NativeProcess routine: #computeForever: argument: Block priority: 35).
Busy resume""".replace("Lines first: 3.\n", "").replace("\n", " ")
PRIORITY_OF_LINE = {2: 30, 3: 50, 18: 70}
SMALLTALK_LINES = (19, 20)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nested_and_mixed(native_bench: Bench, seed: int) -> None:
    """Native lines nest by priority, Smalltalk lines interrupt native processes, and every signal arrives."""
    board, console = native_bench.board, native_bench.console
    console.evaluate(MIXED)
    source = random.Random(seed)
    raised = dict.fromkeys([*PRIORITY_OF_LINE, *SMALLTALK_LINES], 0)
    for _ in range(600):
        board.run(cycles=source.randint(20, 3_000))
        line = source.choice(list(raised))
        if not board.vic.raw >> line & 1:
            raised[line] += 1
            raise_by_software(board, 1 << line)
    board.run(cycles=500_000)
    console.evaluate("Busy terminate")
    assert board.vic.software == 0
    for index, line in enumerate(raised, 1):
        counter = "runs" if line in PRIORITY_OF_LINE else "served"
        assert console.evaluate(f"(Lines at: {index}) {counter}") == str(raised[line])
    assert console.evaluate("(Lines at: 2) served") == str(raised[3])
    assert console.evaluate("Taken") == str(raised[18])
    assert console.evaluate("Block at: 3") == "0"
    assert console.evaluate("Smalltalk vmValue: #lostSignals") == "0"
    log = console.evaluate("(2 to: (Log at: 1) + 1) collect: [ :each | Log at: each ]")
    check_nesting([int(word) for word in log.removeprefix("#(").removesuffix(")").split()], raised)


def check_nesting(marks: list[int], raised: dict[int, int]) -> None:
    running: list[int] = []
    deepest = 0
    for mark in marks:
        line = mark & 0x7FFF
        if mark & 0x8000:
            assert running.pop() == line
        else:
            assert not running or PRIORITY_OF_LINE[line] > PRIORITY_OF_LINE[running[-1]]
            running.append(line)
            deepest = max(deepest, len(running))
    assert running == []
    assert deepest >= 2
    assert len(marks) == 2 * sum(raised[line] for line in PRIORITY_OF_LINE)


def test_a_storm_is_stopped_and_told(native_bench: Bench) -> None:
    board, console = native_bench.board, native_bench.console
    console.evaluate("Smalltalk at: #Line put: (SoftwareLine line: 2 native: #neverLower: priority: 60)")
    raise_by_software(board, BIT)
    board.run(cycles=1_000_000)
    assert console.evaluate("Line runs") == "50"
    assert console.evaluate("Line storms") == "1"
    assert console.evaluate("Smalltalk vmValue: #nativeStorms") == "1"
    assert console.evaluate("Line isUnmasked") == "false"


def test_a_handler_is_replaced_while_its_interrupt_is_pending(native_bench: Bench) -> None:
    """The line is raised while another native handler of higher priority runs: the new handler gets it."""
    board, console = native_bench.board, native_bench.console
    console.evaluate("Smalltalk at: #Line put: (SoftwareLine line: 2 native: #neverLower: priority: 60)")
    console.evaluate("InterruptController current mask: 4")
    raise_by_software(board, BIT)
    board.run(cycles=10_000)
    console.evaluate("Line handler: #softwareLine:. InterruptController current unmask: 4")
    board.run(cycles=10_000)
    assert console.evaluate("Line runs") == "1"
    assert board.vic.software == 0


def test_an_interrupt_without_a_line_is_counted(native_bench: Bench) -> None:
    """The line falls between the CPU's decision and the reading of the status."""
    board, console = native_bench.board, native_bench.console
    console.evaluate(HANDLERS["native"])
    console.evaluate(BUSY)
    board.run(cycles=1_000_000)
    while board.cpu.cpsr & (SYSTEM_MODE | IRQ_MASKED) != SYSTEM_MODE:
        board.step()
    before = registers(board)
    raise_by_software(board, BIT)
    board.step()
    board.vic.write("SOFTINTCLEAR", BIT)
    assert board.run_to(before[15], 10_000).reason is StopReason.REACHED
    assert registers(board) == before
    assert console.evaluate("Smalltalk vmValue: #spuriousInterrupts") == "1"
