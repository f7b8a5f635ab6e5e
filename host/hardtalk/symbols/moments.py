"""Where in a firmware the moments of an interrupt are, found in its code: no address is written down anywhere.

A moment is the entry of a block of instructions, for the board charges a block on entry.
"""

from collections.abc import Iterator

import capstone

from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.moment import Moment
from hardtalk.symbols.source_map import SourceMap, Symbol

INTERRUPT_ENTRY, INTERRUPT_TABLE = "interruptEntry", "interruptTable"
RETURN_FROM_INTERRUPT = 0xE25EF004  # subs pc, lr, #4
RETURN_FROM_NATIVE = 0xE1B0F00E  # movs pc, lr
NATIVE_RETURNS = ("leaveHandler", "resumeNative")
DISPATCH, DISPATCH_MASK = 0x0798F100, 0x0FFFFFF0  # ldr pc, [r8, rN, lsl #2]
FARTHEST_JUMP = 4


def watched_addresses(source_map: SourceMap) -> dict[Moment, list[int]]:
    """For each moment that an address stands for, the blocks whose entry it is."""
    entry = source_map.address_of(INTERRUPT_ENTRY)
    table = source_map.address_of(INTERRUPT_TABLE)
    if entry is None or table is None:
        raise SymbolError(f"the firmware lacks {INTERRUPT_ENTRY} or {INTERRUPT_TABLE}", "Build it with hardtalk build.")
    safepoint = int.from_bytes(source_map.read(table, 4), "little")
    returns = blocks_with(source_map, entry, RETURN_FROM_INTERRUPT, 0xFFFFFFFF, FARTHEST_JUMP)
    for name in NATIVE_RETURNS:
        address = source_map.address_of(name)
        if address is not None:
            returns += blocks_with(source_map, address, RETURN_FROM_NATIVE, 0xFFFFFFFF, 0)
    return {
        Moment.RETURNED: returns,
        Moment.SAFEPOINT: [safepoint],
        Moment.SWITCHED: blocks_with(source_map, safepoint, DISPATCH, DISPATCH_MASK, FARTHEST_JUMP),
    }


def blocks_that_return(source_map: SourceMap, name: str) -> tuple[int, list[int]]:
    """A routine's address, and those of its blocks that return or leave it for good."""
    address = source_map.address_of(name)
    symbol = None if address is None else source_map.symbol_at(address)
    if address is None or symbol is None:
        raise SymbolError(f"the firmware lacks {name}", "Build it with hardtalk build.")
    found, block = [], address
    for instruction in instructions(source_map, symbol):
        if not ends_block(instruction):
            continue
        word = int.from_bytes(instruction.bytes, "little")
        is_branch = word & 0x0E000000 == 0x0A000000
        target = jump_target(instruction)
        if (not is_branch) if target is None else not symbol.holds(target):
            found.append(block)
        block = instruction.address + instruction.size
    return address, found


def blocks_with(source_map: SourceMap, address: int, word: int, mask: int, jumps: int) -> list[int]:
    """The blocks of the routine at `address`, and of those it jumps to, that hold such an instruction."""
    found: list[int] = []
    pending, seen = [(address, jumps)], set()
    while pending:
        start, left = pending.pop(0)
        symbol = source_map.symbol_at(start)
        if symbol is None or symbol.address in seen:
            continue
        seen.add(symbol.address)
        block = symbol.address
        for instruction in instructions(source_map, symbol):
            if int.from_bytes(instruction.bytes, "little") & mask == word & mask:
                found.append(block)
            if ends_block(instruction):
                block = instruction.address + instruction.size
            target = jump_target(instruction)
            if target is not None and left and not symbol.holds(target):
                pending.append((target, left - 1))
    return sorted(set(found))


def instructions(source_map: SourceMap, symbol: Symbol) -> Iterator[capstone.CsInsn]:
    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
    decoder.skipdata = True
    yield from decoder.disasm(source_map.read(symbol.address, symbol.size), symbol.address)


def ends_block(instruction: capstone.CsInsn) -> bool:
    """A branch of any kind, or an instruction that writes the PC."""
    word = int.from_bytes(instruction.bytes, "little")
    is_branch = word & 0x0E000000 == 0x0A000000
    loads_pc = word & 0x0C10F000 == 0x0410F000 or word & 0x0E108000 == 0x08108000
    computes_pc = word & 0x0C00F000 == 0x0000F000 and word & 0x01900000 != 0x01100000
    return is_branch or loads_pc or computes_pc


def jump_target(instruction: capstone.CsInsn) -> int | None:
    """Where a branch without link goes."""
    word = int.from_bytes(instruction.bytes, "little")
    if word & 0x0F000000 != 0x0A000000 or word >> 28 == 0xF:
        return None
    displacement = (word & 0xFFFFFF) - ((word & 0x800000) << 1)
    return int(instruction.address) + 8 + 4 * displacement
