"""The board as a debugger sees it: registers in the order of its description, RAM, and devices' registers."""

from __future__ import annotations

from typing import Final

from hardtalk.board import Board
from hardtalk.debugger.history import History
from hardtalk.devices import BusError

WORD_BYTES: Final = 4
COUNT_BYTES: Final = 8
CPSR: Final = 25
CYCLES: Final = 26
INSTRUCTIONS: Final = 27
CORE: Final = tuple(range(16))
NAMES: Final = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc")
KINDS: Final = {"sp": "data_ptr", "pc": "code_ptr"}


def description() -> str:
    """The registers in GDB's language."""
    core = "".join(f'<reg name="{name}" bitsize="32" type="{KINDS.get(name, "uint32")}"/>' for name in NAMES)
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">'
        "<architecture>armv5te</architecture>"
        f'<feature name="org.gnu.gdb.arm.core">{core}<reg name="cpsr" bitsize="32" regnum="{CPSR}"/></feature>'
        '<feature name="hardtalk.board">'
        f'<reg name="cycles" bitsize="64" type="uint64" regnum="{CYCLES}" group="board"/>'
        f'<reg name="instructions" bitsize="64" type="uint64" regnum="{INSTRUCTIONS}" group="board"/>'
        "</feature></target>"
    )


class NoSuchPlace(Exception):
    """Nothing answers at the address."""


class Machine:
    """Reads and writes one board, whose history hears of what is written."""

    def __init__(self, board: Board, history: History) -> None:
        self.board = board
        self.history = history

    # Registers

    @property
    def register_numbers(self) -> tuple[int, ...]:
        return (*CORE, CPSR, CYCLES, INSTRUCTIONS)

    def register(self, number: int) -> bytes:
        """Little-endian; empty for one that there is not."""
        if number in CORE:
            return self.board.cpu.register(number).to_bytes(WORD_BYTES, "little")
        if number == CPSR:
            return self.board.cpu.cpsr.to_bytes(WORD_BYTES, "little")
        counts = {CYCLES: self.board.clock.cycles, INSTRUCTIONS: self.board.instructions}
        return counts[number].to_bytes(COUNT_BYTES, "little") if number in counts else b""

    def set_register(self, number: int, data: bytes) -> bool:
        """Whether it can be set: the counts cannot."""
        if number in (CYCLES, INSTRUCTIONS) or self.register(number) == data:
            return number in self.register_numbers
        if number in CORE:
            self.board.cpu.set_register(number, int.from_bytes(data, "little"))
        elif number == CPSR:
            self.board.cpu.cpsr = int.from_bytes(data, "little")
        else:
            return False
        self.history.changed()
        return True

    # Memory

    def read(self, address: int, size: int) -> bytes:
        """As the CPU would; what it reads of a device has no effect there. Raises NoSuchPlace."""
        ram = self.board.ram
        if ram.contains(address, 1):
            return ram.read(address, min(size, ram.base + ram.size - address))
        peripheral = self.board.chip.peripheral_at(address)
        if peripheral is None:
            raise NoSuchPlace
        device = self.board.device(peripheral.name)
        try:
            with self.board.unchanged():
                return b"".join(
                    device.read_at(at - peripheral.base, width).to_bytes(width, "little")
                    for at, width in pieces(address, min(size, peripheral.base + peripheral.size - address))
                )
        except (BusError, ValueError) as error:
            raise NoSuchPlace from error

    def write(self, address: int, data: bytes) -> None:
        """As the CPU would, with all effects. Raises NoSuchPlace."""
        ram = self.board.ram
        peripheral = self.board.chip.peripheral_at(address)
        if ram.contains(address, len(data)):
            ram.write(address, data)
            self.board.cpu.forget_code()
        elif peripheral is not None:
            device = self.board.device(peripheral.name)
            try:
                for at, width in pieces(address, len(data)):
                    value = int.from_bytes(data[at - address : at - address + width], "little")
                    device.write_at(at - peripheral.base, value, width)
            except (BusError, ValueError) as error:
                raise NoSuchPlace from error
        else:
            raise NoSuchPlace
        self.history.changed()


def pieces(address: int, size: int) -> list[tuple[int, int]]:
    """Address and width of the accesses that make up a range: words where they fit, bytes elsewhere."""
    found, end = [], address + size
    while address < end:
        width = WORD_BYTES if address % WORD_BYTES == 0 and end - address >= WORD_BYTES else 1
        found.append((address, width))
        address += width
    return found
