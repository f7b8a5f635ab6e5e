"""Brings a board to a safepoint, where links are whole and the VM's registers say what they should."""

from typing import Final

import numpy as np

from hardtalk.board import Board, StopReason
from hardtalk.memory.machine import NotReadable, facts_of, is_in_vm

PATIENCE_CYCLES: Final = 250_000_000
SLEEP_CYCLES: Final = 1_000
"""Between looks at a CPU that sleeps outside the VM."""
INTERRUPT_ROLE: Final = "interrupt"


def dispatched_routines(board: Board, with_interrupts: bool = True) -> frozenset[int]:
    """The addresses that dispatching a bytecode goes to; the table for interrupts has one of its own."""
    found: set[int] = set()
    for table in facts_of(board.firmware).dispatch_tables:
        if with_interrupts or table.role != INTERRUPT_ROLE:
            found |= set(np.frombuffer(board.ram.read(table.address, 4 * table.entries), np.uint32).tolist())
    return frozenset(found)


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
