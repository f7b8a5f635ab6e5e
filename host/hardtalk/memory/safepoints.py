"""Brings a board to a safepoint, where links are whole and the VM's registers say what they should."""

from typing import Final

from hardtalk.arm.flow import decode
from hardtalk.board import Board, StopReason
from hardtalk.memory.machine import NotReadable, facts_of, is_in_vm

PATIENCE_CYCLES: Final = 250_000_000
SLEEP_CYCLES: Final = 1_000
"""Between looks at a CPU that sleeps outside the VM."""
INTERRUPT_ROLE: Final = "interrupt"


def dispatched_routines(board: Board, with_interrupts: bool = True) -> frozenset[int]:
    """The addresses that dispatching a bytecode goes to."""
    found: set[int] = set()
    for table in facts_of(board.firmware).dispatch_tables:
        if with_interrupts or table.role != INTERRUPT_ROLE:
            found.update(table.places)
    return frozenset(found)


def interrupt_handler(board: Board) -> int:
    """The routine that takes a bytecode's place while an interrupt waits."""
    (table,) = (each for each in facts_of(board.firmware).dispatch_tables if each.role == INTERRUPT_ROLE)
    branch = decode(board.ram.word(table.address), table.address)
    assert branch is not None and branch.target is not None
    return branch.target


def settle(board: Board) -> int:
    """Run the board until it is about to execute a bytecode or sleeps; answers the cycles it took.

    Raises NotReadable when it does neither for very long.
    """
    routines = dispatched_routines(board, with_interrupts=False)
    began = board.clock.cycles
    while (passed := board.clock.cycles - began) < PATIENCE_CYCLES:
        stop = board.run_to(routines, PATIENCE_CYCLES - passed, until_asleep=True)
        if stop.reason not in (StopReason.REACHED, StopReason.UNTIL, StopReason.CYCLES):
            raise NotReadable(f"the board stopped on its way to a safepoint: {stop.reason} {stop.message}")
        if stop.reason is not StopReason.CYCLES and is_in_vm(board):
            return board.clock.cycles - began
        if board.run(SLEEP_CYCLES).reason is StopReason.IDLE:
            break
    place = board.firmware.describe(board.cpu.pc)
    raise NotReadable(f"no safepoint within {board.clock.cycles - began:,} cycles; the CPU is at {place}")
