"""Brings a board to a safepoint, where links are whole and the VM's registers say what they should."""

from typing import Final

import numpy as np

from hardtalk.board import Board, StopReason
from hardtalk.memory.machine import NotReadable, facts_of, is_in_vm

BLOCKS_BETWEEN_LEAPS: Final = 2_000
LEAP_CYCLES: Final = 50_000
MOST_LEAPS: Final = 5_000
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

    A block at a time; where that takes long (a collection that the program waits for) with leaps in between. Raises
    NotReadable when it does neither for very long.
    """
    routines = dispatched_routines(board, with_interrupts=False)
    began = board.clock.cycles
    for _ in range(MOST_LEAPS):
        if crept_to_safepoint(board, routines):
            return board.clock.cycles - began
        board.run(LEAP_CYCLES)
    place = board.firmware.describe(board.cpu.pc)
    raise NotReadable(f"no safepoint within {board.clock.cycles - began:,} cycles; the CPU is at {place}")


def crept_to_safepoint(board: Board, routines: frozenset[int]) -> bool:
    """Whether one is found within a number of blocks.

    The board sleeps when a run leaves the CPU where it was. One in which nothing is executed but the CPU has moved was
    the entry of an interrupt, which comes in the middle of anything.
    """
    for _ in range(BLOCKS_BETWEEN_LEAPS):
        is_vm = is_in_vm(board)
        if is_vm and board.cpu.pc in routines:
            return True
        before = board.instructions, board.cpu.pc
        stop = board.run(1)
        if stop.reason is StopReason.CYCLES and (board.instructions, board.cpu.pc) == before and is_vm:
            return True
        if stop.reason not in (StopReason.CYCLES, StopReason.IDLE):
            raise NotReadable(f"the board stopped on its way to a safepoint: {stop.reason} {stop.message}")
    return False
