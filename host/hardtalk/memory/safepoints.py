"""Brings a board to a safepoint, where links are whole and the VM's registers say what they should."""

from typing import Final

from hardtalk.board import Board, StopReason
from hardtalk.memory.machine import BASE_REGISTER, STATE_SYMBOL, NotReadable

DISPATCH_TABLE: Final = "dispatchTable"
ENTRIES: Final = 256
PATIENCE_BLOCKS: Final = 100_000
TABLES: Final = (DISPATCH_TABLE, "markingTable", "interruptTable")


def bytecode_routines(board: Board) -> frozenset[int]:
    """The addresses that dispatching a bytecode goes to: entries of the tables but the one for interrupts."""
    addresses = {symbol.name: symbol.address for symbol in board.firmware.symbols}
    found: set[int] = set()
    for name in TABLES[:2]:
        if name in addresses:
            table = board.ram.read(addresses[name], 4 * ENTRIES)
            found |= {int.from_bytes(table[4 * index : 4 * index + 4], "little") for index in range(ENTRIES)}
    return frozenset(found)


def settle(board: Board) -> int:
    """Run the board, a block at a time, until it is about to execute a bytecode or sleeps; answers the cycles it took.

    Raises NotReadable when it does neither for very long.
    """
    routines = bytecode_routines(board)
    state = board.firmware.address_of(STATE_SYMBOL)
    began = board.clock.cycles
    for _ in range(PATIENCE_BLOCKS):
        is_in_vm = board.cpu.register(BASE_REGISTER) == state
        if is_in_vm and board.cpu.pc in routines:
            return board.clock.cycles - began
        before = board.instructions
        stop = board.run(1)
        if stop.reason is StopReason.CYCLES and board.instructions == before and is_in_vm:
            return board.clock.cycles - began
        if stop.reason not in (StopReason.CYCLES, StopReason.IDLE):
            raise NotReadable(f"the board stopped on its way to a safepoint: {stop.reason} {stop.message}")
    raise NotReadable(f"no safepoint within {PATIENCE_BLOCKS:,} blocks; the CPU is at {board.firmware.describe(board.cpu.pc)}")
