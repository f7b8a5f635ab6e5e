"""Objects of a stopped board, read from outside: what they are, in a few words, and what is in them."""

from __future__ import annotations

from typing import Final

from hardtalk.board import Board
from hardtalk.symbols.image_objects import METACLASS_INSTANCE_SLOT, OFFSETS
from hardtalk.vm.object_format import BODY_OFFSET, BYTE_FORMATS, METHOD_HEADER, SLOTS, WORD_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

TABLE: Final = "specialObjects"
SHOWN_CHARACTERS: Final = 60
SHOWN_ELEMENTS: Final = 8
LARGE: Final = {"LargePositiveInteger": 1, "LargeNegativeInteger": -1}
LITERAL_COUNT: Final = next(bits for bits in METHOD_HEADER if bits.name == "LiteralCount")


class Objects:
    """Words that are nothing sensible read as objects of class ?."""

    def __init__(self, board: Board) -> None:
        self.board = board
        table = self.word(board.firmware.address_of(TABLE))
        self.constants = {
            self.slot(table, each.index): each.name for each in SPECIAL_OBJECTS if each.name in ("nil", "true", "false")
        }
        index = next(each.index for each in SPECIAL_OBJECTS if each.name == "Processor")
        scheduler = self.slot(self.slot(table, index), SLOTS["Association"].index("Value"))
        self.active_process_address = slot_address(scheduler, SLOTS["Scheduler"].index("ActiveProcess"))

    def word(self, address: int) -> int:
        return self.board.ram.word(address) if self.board.ram.contains(address, WORD_BYTES) else 0

    def slot(self, oop: int, index: int) -> int:
        return self.word(slot_address(oop, index))

    def size(self, oop: int) -> int:
        """Slots, or bytes of one that has bytes."""
        return self.word(oop + OFFSETS["SizeOffset"])

    @property
    def active_process(self) -> int:
        return self.word(self.active_process_address)

    def is_nil(self, oop: int) -> bool:
        return self.constants.get(oop) == "nil"

    def text(self, oop: int) -> str:
        return self.board.ram.read(oop + BODY_OFFSET, min(self.size(oop), SHOWN_CHARACTERS)).decode("latin-1")

    def class_name(self, oop: int) -> str:
        """Of the object's class."""
        return "SmallInteger" if oop & 1 else self.name_of_class(self.word(oop + OFFSETS["ClassOffset"]))

    def name_of_class(self, class_oop: int, is_meta: bool = False) -> str:
        name = self.slot(class_oop, METACLASS_INSTANCE_SLOT)
        if name & 3 or not self.board.ram.contains(name, WORD_BYTES):
            return "?"
        if self.board.ram.read(name + OFFSETS["FormatOffset"], 1)[0] in BYTE_FORMATS:
            return self.text(name)
        return "?" if is_meta else f"{self.name_of_class(name, True)} class"

    def describe(self, oop: int) -> str:
        """A number, a text, a constant or a class by itself, an Array by its elements, anything else by its class."""
        if oop & 1:
            return str((oop - (1 << 32) if oop >> 31 else oop) >> 1)
        if oop in self.constants:
            return self.constants[oop]
        name = self.class_name(oop)
        if name in LARGE:
            data = self.board.ram.read(oop + BODY_OFFSET, self.size(oop))
            return str(LARGE[name] * int.from_bytes(data, "little"))
        if name == "Symbol":
            return f"#{self.text(oop)}"
        if name == "String":
            return f"'{self.text(oop)}'"
        if name == "Character":
            return f"${chr(self.slot(oop, 0) >> 1)}"
        if name.endswith(" class"):
            return self.name_of_class(oop)
        if name == "Array":
            shown = [self.brief(self.slot(oop, index)) for index in range(min(self.size(oop), SHOWN_ELEMENTS))]
            return f"#({' '.join([*shown, *(['...'] if self.size(oop) > SHOWN_ELEMENTS else [])])})"
        return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"

    def brief(self, oop: int) -> str:
        """An element: no Array is shown inside another."""
        return "an Array" if self.class_name(oop) == "Array" else self.describe(oop)

    def method_name(self, method: int) -> str:
        """Class and selector: the last two literals."""
        count = LITERAL_COUNT.take(self.slot(method, 0))
        association, selector = self.slot(method, count), self.slot(method, count - 1)
        class_oop = self.slot(association, SLOTS["Association"].index("Value"))
        return f"{self.name_of_class(class_oop)}>>{self.text(selector)}"


def slot_address(oop: int, index: int) -> int:
    return oop + BODY_OFFSET + WORD_BYTES * index
