"""Which Smalltalk process runs: where the firmware keeps it, and what processes are called, read from outside."""

from hardtalk.bench.errors import UnfitRequest
from hardtalk.board import Board
from hardtalk.symbols.image_objects import OFFSETS
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.object_format import BODY_OFFSET, BYTE_FORMATS, SLOTS, WORD_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

SPECIAL_OBJECTS_SYMBOL = "specialObjects"


class ProcessNames:
    """`word` is the address of the scheduler's slot that holds the active process."""

    def __init__(self, board: Board, source_map: SourceMap) -> None:
        self.board = board
        table = source_map.address_of(SPECIAL_OBJECTS_SYMBOL)
        if table is None:
            raise UnfitRequest(f"the firmware lacks {SPECIAL_OBJECTS_SYMBOL}", "Build it with hardtalk build.")
        index = next(each.index for each in SPECIAL_OBJECTS if each.name == "Processor")
        association = self._word(slot_address(self._word(table), index))
        scheduler = self._word(slot_address(association, SLOTS["Association"].index("Value")))
        self.word = slot_address(scheduler, SLOTS["Scheduler"].index("ActiveProcess"))

    def name(self, process: int) -> str:
        """What a process is called, with its priority."""
        slots = SLOTS["Process"]
        name = self._word(slot_address(process, slots.index("Name")))
        priority = self._word(slot_address(process, slots.index("Priority"))) >> 1
        return f"{self._text(name) or f'process {process:#x}'} ({priority})"

    def _text(self, oop: int) -> str:
        if oop & 1 or self.board.ram.read(oop + OFFSETS["FormatOffset"], 1)[0] not in BYTE_FORMATS:
            return ""
        return self.board.ram.read(oop + BODY_OFFSET, self._word(oop + OFFSETS["SizeOffset"])).decode(
            "ascii", "replace"
        )

    def _word(self, address: int) -> int:
        return self.board.ram.word(address)


def slot_address(oop: int, index: int) -> int:
    return oop + BODY_OFFSET + WORD_BYTES * index
