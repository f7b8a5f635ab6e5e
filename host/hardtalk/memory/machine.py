"""A stopped board's memory and VM variables, as the auditor and the meters read them.

Everything comes from the outside: RAM, the CPU's registers, and the ELF's symbols for where the VM keeps what. RAM is
seen in place, not copied: a Machine is good for one stop of the board.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.board import Board
from hardtalk.board.firmware import Firmware
from hardtalk.vm import object_format as of
from hardtalk.vm.facts import Facts

STATE_SYMBOL: Final = "vmState"
CACHE_SYMBOL: Final = "methodCache"

Words = NDArray[np.uint32]


class NotReadable(Exception):
    """The board is not at a place where its memory can be understood; the text says why and what to do."""


@lru_cache(maxsize=8)
def facts_of(firmware: Firmware) -> Facts:
    """What the firmware says of itself. Raises NotReadable when it says nothing."""
    try:
        return Facts.of_elf(firmware.elf)
    except ValueError as error:
        raise NotReadable(f"the firmware names no VM variables: {error}") from error


def is_in_vm(board: Board) -> bool:
    """Whether the registers are the VM's: the one for its state holds that."""
    number = facts_of(board.firmware).pinned[STATE_SYMBOL]
    return board.cpu.register(number) == board.firmware.address_of(STATE_SYMBOL)


@dataclass(frozen=True)
class Machine:
    """RAM as words from `base`, the addresses of the VM's variables, the values of those in registers."""

    words: Words
    base: int
    addresses: Mapping[str, int]
    registers: Mapping[str, int]

    @classmethod
    def of_board(cls, board: Board) -> "Machine":
        """Raises NotReadable before the VM has set up its memory and while its registers are someone else's."""
        addresses = board.firmware.addresses
        if not is_in_vm(board):
            raise NotReadable(
                f"the CPU is outside the VM at {board.firmware.describe(board.cpu.pc)}; run it to a safepoint first"
            )
        registers = {name: board.cpu.register(number) for name, number in facts_of(board.firmware).pinned.items()}
        machine = cls(board.ram.bytes.view(np.uint32), board.ram.base, addresses, registers)
        if machine.variable("regionStart") == 0:
            raise NotReadable("the VM has not set up its memory yet; let the board boot first")
        return machine

    def word(self, address: int) -> int:
        """The word at an address; 0 outside RAM, so that a wild pointer can be looked at."""
        index = (address - self.base) >> 2
        return int(self.words[index]) if 0 <= index < len(self.words) else 0

    def byte(self, address: int) -> int:
        return self.word(address) >> 8 * (address & 3) & 0xFF

    def half(self, address: int) -> int:
        return self.word(address) >> 8 * (address & 2) & 0xFFFF

    def has(self, name: str) -> bool:
        return name in self.addresses or name in self.registers

    def variable(self, name: str) -> int:
        """A VM variable's value, wherever it is kept. KeyError when the firmware has none of that name."""
        if name in self.registers:
            return self.registers[name]
        return self.word(self.addresses[name])

    def slot(self, oop: int, index: int) -> int:
        return self.word(oop + of.slot_offset(index))

    def text(self, oop: int, limit: int = 60) -> str:
        """The characters of a String or Symbol, as far as they can be printed."""
        size = min(self.word(oop + SIZE), limit)
        characters = (self.byte(oop + of.BODY_OFFSET + index) for index in range(size))
        return "".join(chr(each) if 32 <= each < 127 else "?" for each in characters)

    def class_name(self, class_oop: int) -> str:
        """What the class is called; ? when nothing sensible stands there."""
        if class_oop & 3 or not self.variable("regionStart") <= class_oop < self.variable("regionEnd"):
            return "?"
        name = self.slot(class_oop, NAME)
        if name & 3:
            return "?"
        if self.word(class_oop + CLASS) == self.variable("classMetaclass"):
            return f"{self.class_name(name)} class"
        if self.byte(name + FORMAT) != of.FORMATS["FormatBytes"] or not 0 < self.word(name + SIZE) < 200:
            return "?"
        return self.text(name)


HEADER: Final = {field.constant: field.offset for field in of.HEADER_FIELDS}
NEXT, PREVIOUS, CLASS = HEADER["NextOffset"], HEADER["PreviousOffset"], HEADER["ClassOffset"]
SIZE, FORMAT, BLOCK = HEADER["SizeOffset"], HEADER["FormatOffset"], HEADER["BlockOffset"]
NAME: Final = of.SLOTS["Class"].index("Name")
