"""Brings a board to a safepoint, where links are whole and the VM's registers say what they should."""

from typing import Final

from hardtalk.board import Board, StopReason
from hardtalk.memory.machine import BASE_REGISTER, STATE_SYMBOL, NotReadable

DISPATCH_TABLE: Final = "dispatchTable"
ENTRIES: Final = 256
BLOCKS_BETWEEN_LEAPS: Final = 2_000
LEAP_CYCLES: Final = 50_000
MOST_LEAPS: Final = 5_000
TABLES: Final = (DISPATCH_TABLE, "markingTable", "forwardingTable", "interruptTable")


def bytecode_routines(board: Board) -> frozenset[int]:
    """The addresses that dispatching a bytecode goes to: entries of the tables but the one for interrupts."""
    addresses = board.firmware.addresses
    found: set[int] = set()
    for name in TABLES[:-1]:
        if name in addresses:
            table = board.ram.read(addresses[name], 4 * ENTRIES)
            found |= {int.from_bytes(table[4 * index : 4 * index + 4], "little") for index in range(ENTRIES)}
    return frozenset(found)


def settle(board: Board) -> int:
    """Run the board until it is about to execute a bytecode or sleeps; answers the cycles it took.

    A block at a time; where that takes long (a collection that the program waits for) with leaps in between. Raises
    NotReadable when it does neither for very long.
    """
    routines = bytecode_routines(board)
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
    state = board.firmware.address_of(STATE_SYMBOL)
    for _ in range(BLOCKS_BETWEEN_LEAPS):
        is_in_vm = board.cpu.register(BASE_REGISTER) == state
        if is_in_vm and board.cpu.pc in routines:
            return True
        before = board.instructions, board.cpu.pc
        stop = board.run(1)
        if stop.reason is StopReason.CYCLES and (board.instructions, board.cpu.pc) == before and is_in_vm:
            return True
        if stop.reason not in (StopReason.CYCLES, StopReason.IDLE):
            raise NotReadable(f"the board stopped on its way to a safepoint: {stop.reason} {stop.message}")
    return False
