"""Where a simulation has its routines: a code address for each entry, those in the dispatch slots among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.simulate_memory import SimulatedMemory
from hardtalk.vm.constants import (
    BYTECODE_COUNT,
    CODE_TABLE_ENTRIES,
    DISPATCH_TABLES,
    METHOD_CACHE_ENTRIES,
    METHOD_CACHE_ENTRY_BYTES,
    PRIMITIVE_TABLE_ENTRIES,
    SEND_PLACE_BYTES,
    SEND_PLACES,
    SLOT_BYTES,
)

CODE_BASE = 0x00010000
STATE_BASE = 0x00080000
TABLE_BASE = 0x00090000
HEAP_BASE = 0x00100000
SLOTS_BASE = 0x00040000
SIZES = {
    "primitiveTable": 4 * PRIMITIVE_TABLE_ENTRIES,
    "codeTable": 4 * CODE_TABLE_ENTRIES,
    "methodCache": METHOD_CACHE_ENTRIES * METHOD_CACHE_ENTRY_BYTES,
    "sendPlaces": SEND_PLACES * SEND_PLACE_BYTES,
}
TABLE_OFFSETS = dict(zip(SIZES, accumulate(SIZES.values(), initial=0), strict=False))
TABLE_SIZE = sum(SIZES.values()) + 4
SYMBOLS = {name: TABLE_BASE + offset for name, offset in TABLE_OFFSETS.items()} | {
    name: SLOTS_BASE + offset for name, offset in DISPATCH_TABLES.items()
}
SPECIAL_OBJECTS_WORD = TABLE_BASE + TABLE_SIZE - 4
INTERRUPT_HANDLER = "handleInterrupts"
PRIMITIVE_FALLBACK = "activateMethod:arguments:"
ENTRY_BYTES = 16
TABLE_OF_KIND = {
    "bytecode": "dispatchTable",
    "markingBytecode": "markingTable",
    "forwardingBytecode": "forwardingTable",
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
                if kind == "primitive":
                    self._set_primitive(first + index, address)
                elif kind == "code":
                    self.memory.word_at_put(self.symbols["codeTable"] + 4 * (first + index), address)
                elif kind:
                    self.entries[self._slot(TABLE_OF_KIND[kind], first + index)] = self.entries[address]
                address += ENTRY_BYTES

    def _fill(self) -> None:
        """What has no routine of its own."""
        handler = self.addresses.get(INTERRUPT_HANDLER)
        fallback = self.addresses.get(PRIMITIVE_FALLBACK)
        for number in range(BYTECODE_COUNT):
            if handler:
                self.entries[self._slot("interruptTable", number)] = self.entries[handler]
            for table, other in (("markingTable", "dispatchTable"), ("forwardingTable", "markingTable")):
                inherited = self.entries.get(self._slot(other, number))
                if inherited:
                    self.entries.setdefault(self._slot(table, number), inherited)
        for number in range(PRIMITIVE_TABLE_ENTRIES if fallback else 0):
            if not self.memory.word_at(self.symbols["primitiveTable"] + 4 * number):
                self._set_primitive(number, fallback or 0)

    def _slot(self, table: str, number: int) -> int:
        return self.symbols[table] + number * SLOT_BYTES

    def _set_primitive(self, number: int, address: int) -> None:
        self.memory.word_at_put(self.symbols["primitiveTable"] + 4 * number, address)
