"""Where a simulation has its routines: a code address for each entry, and the dispatch tables in simulated memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.simulate_memory import SimulatedMemory
from hardtalk.vm.constants import BYTECODE_COUNT, METHOD_CACHE_BYTES, PRIMITIVE_TABLE_ENTRIES

CODE_BASE = 0x00010000
STATE_BASE = 0x00080000
TABLE_BASE = 0x00090000
HEAP_BASE = 0x00100000
DISPATCH_BYTES = 4 * BYTECODE_COUNT
SIZES = {
    "dispatchTable": DISPATCH_BYTES,
    "interruptTable": DISPATCH_BYTES,
    "markingTable": 2 * DISPATCH_BYTES,
    "primitiveTable": 4 * PRIMITIVE_TABLE_ENTRIES,
    "methodCache": METHOD_CACHE_BYTES,
    "forwardingTable": 4 * DISPATCH_BYTES,
}
"""In this order. PENDING_BIT of an address is set in interruptTable's alone, hence the gaps behind the others."""
TABLE_OFFSETS = dict(zip(SIZES, accumulate(SIZES.values(), initial=0), strict=False))
TABLE_SIZE = sum(SIZES.values())
SPECIAL_OBJECTS_WORD = TABLE_BASE + TABLE_SIZE - 4
INTERRUPT_HANDLER = "handleInterrupts"
PRIMITIVE_FALLBACK = "activateMethod:arguments:"
ENTRY_BYTES = 16
TABLE_OF_KIND = {
    "bytecode": "dispatchTable",
    "markingBytecode": "markingTable",
    "forwardingBytecode": "forwardingTable",
    "primitive": "primitiveTable",
}


@dataclass(frozen=True)
class Entry:
    """A routine at a code address; ranged routines get their index as first argument."""

    method: SlangMethod
    prefix: tuple[int, ...]


class Tables:
    """The routines by address, and the addresses by selector. `symbols` says where the tables lie in `memory`."""

    def __init__(self, program: Program, memory: SimulatedMemory, symbols: Mapping[str, int]) -> None:
        self.memory = memory
        self.symbols = symbols
        self.entries: dict[int, Entry] = {}
        self.addresses: dict[str, int] = {}
        self._place(program)
        self._fill()

    def _place(self, program: Program) -> None:
        address = CODE_BASE
        for selector, method in program.methods.items():
            self.addresses[selector] = address
            kind, first, last = method.numbers or ("", 0, 0)
            for index in range(last - first + 1):
                self.entries[address] = Entry(method, (index,) if method.is_ranged else ())
                if kind:
                    self._set(TABLE_OF_KIND[kind], first + index, address)
                address += ENTRY_BYTES

    def _fill(self) -> None:
        """What has no routine of its own."""
        handler = self.addresses.get(INTERRUPT_HANDLER)
        fallback = self.addresses.get(PRIMITIVE_FALLBACK)
        for index in range(256 if handler else 0):
            self._set("interruptTable", index, handler or 0)
        for number in range(256):
            self._inherit("markingTable", "dispatchTable", number)
            self._inherit("forwardingTable", "markingTable", number)
        for number in range(PRIMITIVE_TABLE_ENTRIES if fallback else 0):
            if not self._get("primitiveTable", number):
                self._set("primitiveTable", number, fallback or 0)

    def _inherit(self, table: str, other: str, number: int) -> None:
        if not self._get(table, number):
            self._set(table, number, self._get(other, number))

    def _get(self, table: str, index: int) -> int:
        return self.memory.word_at(self.symbols[table] + 4 * index)

    def _set(self, table: str, index: int, address: int) -> None:
        self.memory.word_at_put(self.symbols[table] + 4 * index, address)
