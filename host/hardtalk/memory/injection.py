"""Interrupts a collection at one instruction after the other, each time from the same state, and audits the heap.

A rolling snapshot stands before the instruction that is next; from there the software's interrupt line is raised, the
board serves it, is brought to a safepoint and audited. Then it goes back, and on by an instruction.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hardtalk.board import Board, Snapshot, StopReason
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.rings import PHASE_VARIABLE, PHASES
from hardtalk.memory.safepoints import settle

SOFTWARE_LINE: Final = 1 << 1
SLICE_CYCLES: Final = 1_000
SERVED_WITHIN_CYCLES: Final = 400_000
SEARCH_CYCLES: Final = 20_000
COLLECTION_CYCLES: Final = 400_000_000


@dataclass
class Injection:
    """What was tried: `points` instructions, the phase in which each interrupt came, and the first violation."""

    points: int = 0
    completed: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    violation: str = ""


def collecting(board: Board) -> Snapshot:
    """Bring a board that collects for ever to an instruction right before a collection begins."""
    while phase(board) != "idle":
        board.run(SEARCH_CYCLES)
    end = board.clock.cycles + COLLECTION_CYCLES
    before = board.snapshot()
    while phase(board) == "idle":
        if board.clock.cycles > end:
            raise NotReadable("no collection begins: is SoakWorkload startCollecting running?")
        before = board.snapshot()
        board.run(SEARCH_CYCLES)
    board.restore(before)
    while phase(board) == "idle":
        before = board.snapshot()
        board.run(1)
    board.restore(before)
    return before


def instructions_of_collection(board: Board, start: Snapshot) -> int:
    """How many instructions the collection has that begins after `start`. The board is put back."""
    board.restore(start)
    before = board.instructions
    board.run(1)
    board.run(1)
    while phase(board) != "idle":
        board.run(SLICE_CYCLES)
    count = board.instructions - before
    board.restore(start)
    return count


def interrupt_at_each(
    board: Board,
    start: Snapshot,
    first: int,
    count: int,
    stride: int = 1,
    complete_every: int = 16,
    progress: Callable[[Injection], None] = lambda _: None,
) -> Injection:
    """Interrupt at `count` instructions, the first one `first` after `start`, then every `stride`.

    After every `complete_every` of them the collection is let go to its end and audited once more: an object that was
    lost shows there, if not before.
    """
    result = Injection()
    board.trace.is_kept = False
    board.restore(start)
    board.step(first)
    here = board.snapshot()
    for index in range(count):
        if index:
            board.restore(here)
            board.step(stride)
            here = board.snapshot()
        name, instruction = phase(board), first + index * stride
        place = f"instruction {instruction:,} of the collection, {board.firmware.describe(board.cpu.pc)}, phase {name}"
        fault = fault_after_interrupt(board, with_end=index % complete_every == 0)
        result.points += 1
        result.completed += index % complete_every == 0
        result.phases[name] += 1
        if fault:
            result.violation = f"interrupted at {place}: {fault}"
            return result
        progress(result)
    return result


def fault_after_interrupt(board: Board, with_end: bool) -> str:
    """Raise the line, wait until it is served, audit; with the end of the collection if that is asked for."""
    board.vic.on_write_SOFTINT(SOFTWARE_LINE)
    end = board.clock.cycles + SERVED_WITHIN_CYCLES
    while board.vic.software & SOFTWARE_LINE:
        if fault := run_on(board):
            return fault
        if board.clock.cycles > end:
            return f"not served within {SERVED_WITHIN_CYCLES:,} cycles"
    if fault := audit_fault(board):
        return fault
    if not with_end:
        return ""
    end = board.clock.cycles + COLLECTION_CYCLES
    while phase(board) != "idle":
        if fault := run_on(board):
            return fault
        if board.clock.cycles > end:
            return f"the collection does not end within {COLLECTION_CYCLES:,} cycles"
    return audit_fault(board)


def run_on(board: Board) -> str:
    stop = board.run(SLICE_CYCLES)
    return "" if stop.reason is StopReason.CYCLES else f"the board stopped: {stop.reason} {stop.message}"


def audit_fault(board: Board) -> str:
    try:
        settle(board)
        report = audit(board)
    except NotReadable as error:
        return str(error)
    return "" if report.is_sound else report.text()


def phase(board: Board) -> str:
    """The collector's phase, at any instruction: unlike some variables it is always in memory."""
    return PHASES[int.from_bytes(board.ram.read(board.firmware.address_of(PHASE_VARIABLE), 4), "little")]
