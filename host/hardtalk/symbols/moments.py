"""Where in a firmware the moments of an interrupt are, found in its code and its facts.

A moment is the entry of a block of instructions, for the board charges a block on entry.
"""

from collections.abc import Iterator

from hardtalk.arm.flow import Flow, Instruction, decode
from hardtalk.symbols.bytecode_routines import facts_in, interrupt_handler
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.moment import Moment
from hardtalk.symbols.source_map import SourceMap, Symbol
from hardtalk.vm.facts import DISPATCH, EXCEPTION_RETURN

INTERRUPT_ENTRY = "interruptEntry"
NATIVE_RETURNS = ("leaveHandler", "resumeNative")
FARTHEST_JUMP = 4


def watched_addresses(source_map: SourceMap) -> dict[Moment, list[int]]:
    """For each moment that an address stands for, the blocks whose entry it is."""
    entry = source_map.address_of(INTERRUPT_ENTRY)
    if entry is None:
        raise SymbolError(f"the firmware lacks {INTERRUPT_ENTRY}", "Build it with hardtalk build.")
    safepoint = interrupt_handler(source_map)
    returns = blocks_with(source_map, entry, EXCEPTION_RETURN, FARTHEST_JUMP)
    for name in NATIVE_RETURNS:
        address = source_map.address_of(name)
        if address is not None:
            returns += blocks_with(source_map, address, EXCEPTION_RETURN, 0)
    return {
        Moment.RETURNED: sorted(set(returns)),
        Moment.SAFEPOINT: [safepoint],
        Moment.SWITCHED: blocks_with(source_map, safepoint, DISPATCH, FARTHEST_JUMP),
    }


def blocks_that_return(source_map: SourceMap, name: str) -> tuple[int, list[int]]:
    """A routine's address, and those of its blocks that return or leave it for good."""
    address = source_map.address_of(name)
    symbol = None if address is None else source_map.symbol_at(address)
    if address is None or symbol is None:
        raise SymbolError(f"the firmware lacks {name}", "Build it with hardtalk build.")
    found, block = [], address
    for instruction in instructions(source_map, symbol):
        if not instruction.ends_block:
            continue
        target, is_call = instruction.target, instruction.flow in (Flow.CALL, Flow.CALL_COMPUTED)
        if not is_call and (target is None or not symbol.holds(target)):
            found.append(block)
        block = instruction.address + 4
    return address, found


def blocks_with(source_map: SourceMap, address: int, kind: str, jumps: int) -> list[int]:
    """The blocks of the routine at `address`, and of those it jumps to, that end in such a computed jump."""
    computed = facts_in(source_map).jump_at
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
            jump = computed.get(instruction.address)
            if jump is not None and jump.kind == kind:
                found.append(block)
            if instruction.ends_block:
                block = instruction.address + 4
            target = instruction.target if instruction.flow is Flow.JUMP else None
            if target is not None and left and not symbol.holds(target):
                pending.append((target, left - 1))
    return sorted(set(found))


def instructions(source_map: SourceMap, symbol: Symbol) -> Iterator[Instruction]:
    """The symbol's code, without words that are no instructions."""
    code = source_map.read(symbol.address, symbol.size)
    for offset in range(0, len(code) & ~3, 4):
        found = decode(int.from_bytes(code[offset : offset + 4], "little"), symbol.address + offset)
        if found is not None:
            yield found
