"""Which Smalltalk process runs: where the firmware keeps it, and what processes are called, read from outside."""

from typing import Final, Protocol

from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.image_objects import OFFSETS
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.object_format import BODY_OFFSET, BYTE_FORMATS, SLOTS, WORD_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

SPECIAL_OBJECTS_SYMBOL: Final = "specialObjects"
PROCESS_SLOTS: Final = SLOTS["Process"]


class Memory(Protocol):
    """The board's RAM, as far as it is read here."""

    def word(self, address: int) -> int: ...

    def read(self, address: int, size: int) -> bytes: ...


class ProcessNames:
    """`word` is the address of the scheduler's slot that holds the active process."""

    def __init__(self, ram: Memory, source_map: SourceMap) -> None:
        self.ram = ram
        table = source_map.address_of(SPECIAL_OBJECTS_SYMBOL)
        if table is None:
            raise SymbolError(f"the firmware lacks {SPECIAL_OBJECTS_SYMBOL}", "Build it with hardtalk build.")
        self._special = ram.word(table)
        scheduler = ram.word(slot_address(self._special_object("Processor", "association"), VALUE_SLOT))
        self.word = slot_address(scheduler, SLOTS["Scheduler"].index("ActiveProcess"))

    def name(self, process: int) -> str:
        """What a process is called, with its priority."""
        return f"{self.own_name(process) or f'process {process:#x}'} ({self._slot(process, 'Priority') >> 1})"

    def own_name(self, process: int) -> str:
        """Its name, empty when it has none."""
        oop = self._slot(process, "Name")
        if oop & 1 or self.ram.read(oop + OFFSETS["FormatOffset"], 1)[0] not in BYTE_FORMATS:
            return ""
        size = self.ram.word(oop + OFFSETS["SizeOffset"])
        return self.ram.read(oop + BODY_OFFSET, size).decode("latin-1")

    def list_of(self, process: int) -> int:
        """The list that it is in: one of the ready lists, a semaphore or mutex, or nil."""
        return self._slot(process, "MyList")

    def ready_lists(self) -> frozenset[int]:
        """The lists of those that are ready to run, one for each priority."""
        array = self._special_object("readyLists", "array")
        count = self.ram.word(array + OFFSETS["SizeOffset"])
        return frozenset(self.ram.word(slot_address(array, index)) for index in range(count))

    def _special_object(self, name: str, kind: str) -> int:
        index = next(each.index for each in SPECIAL_OBJECTS if (each.name, each.kind) == (name, kind))
        return self.ram.word(slot_address(self._special, index))

    def _slot(self, process: int, name: str) -> int:
        return self.ram.word(slot_address(process, PROCESS_SLOTS.index(name)))


VALUE_SLOT: Final = SLOTS["Association"].index("Value")


def slot_address(oop: int, index: int) -> int:
    return oop + BODY_OFFSET + WORD_BYTES * index
