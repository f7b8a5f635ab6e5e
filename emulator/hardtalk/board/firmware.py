"""The firmware as the board gets it: an ELF file's segments, entry address and symbols."""

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hardtalk.board.errors import BoardError
from hardtalk.board.memory import Ram

MOST_PARTS = 1_000
ELF_MAGIC = b"\x7fELF"
SYMBOL = struct.Struct("<IIIBBH")
"""A row of an ELF's symbol table: name, value, size, info, other, section."""
SYMBOL_TYPES = (0, 1, 2)
"""In the lower half of the info: no type, object, function."""
REMEMBERED_FIRMWARES = 8


@dataclass(frozen=True)
class Segment:
    """Bytes for an address; memory beyond them up to `size` is zero."""

    address: int
    data: bytes
    size: int


@dataclass(frozen=True)
class Symbol:
    """A name for an address; `size` is 0 when the ELF does not tell."""

    name: str
    address: int
    size: int


class Firmware:
    """A loaded ELF file; `elf` are its bytes, for whoever reads sections that are not loaded."""

    def __init__(self, elf: bytes) -> None:
        self.elf = elf
        if not elf.startswith(ELF_MAGIC):
            raise BoardError("the firmware is not an ELF file", "give a firmware.elf that hardtalk build wrote")
        try:
            self._read(elf)
        except BoardError:
            raise
        except Exception as error:  # the reader of a damaged file may stumble over anything
            raise BoardError(
                f"the firmware's ELF file is damaged: {error}", "build it again, or copy it again: it may be cut off"
            ) from error

    def _read(self, elf: bytes) -> None:
        file = ELFFile(io.BytesIO(elf))
        if file["e_machine"] != "EM_ARM" or file["e_type"] != "ET_EXEC":
            raise BoardError(
                f"the firmware is {file['e_machine']}, {file['e_type']}", "link an executable for ARM (EM_ARM, ET_EXEC)"
            )
        for count, parts in ((file["e_shnum"], "sections"), (file["e_phnum"], "segments")):
            if count > MOST_PARTS:
                raise ValueError(f"it says that it has {count:,} {parts}")
        for segment in file.iter_segments():
            if segment["p_offset"] + segment["p_filesz"] > len(elf):
                raise ValueError(f"a segment ends at byte {segment['p_offset'] + segment['p_filesz']} of {len(elf)}")
        self.entry: int = file["e_entry"]
        self.segments = tuple(
            Segment(segment["p_paddr"], segment.data(), segment["p_memsz"])
            for segment in file.iter_segments()
            if segment["p_type"] == "PT_LOAD"
        )
        if not self.segments:
            raise BoardError("the firmware has nothing to load", "link it with PT_LOAD segments")
        found: dict[str, Symbol] = {}
        for section in file.iter_sections():
            if isinstance(section, SymbolTableSection):
                found.update((each.name, each) for each in _symbols(section))
        self.symbols = tuple(sorted(found.values(), key=lambda symbol: (symbol.address, symbol.name)))
        self._addresses = [symbol.address for symbol in self.symbols]
        self.addresses = MappingProxyType({symbol.name: symbol.address for symbol in self.symbols})

    def load(self, ram: Ram) -> None:
        """Make RAM zero but for the segments."""
        ram.restore({})
        for segment in self.segments:
            if not ram.contains(segment.address, segment.size):
                raise BoardError(
                    f"the firmware wants {segment.size:#x} bytes at {segment.address:#x}, outside RAM",
                    f"link it between {ram.base:#x} and {ram.base + ram.size - 1:#x}",
                )
            ram.write(segment.address, segment.data)

    def address_of(self, name: str) -> int:
        """The address of a symbol; KeyError when there is none of that name."""
        return self.addresses[name]

    def symbol_at(self, address: int) -> Symbol | None:
        """The nearest symbol at or before an address inside the firmware."""
        if not any(segment.address <= address < segment.address + segment.size for segment in self.segments):
            return None
        index = bisect_right(self._addresses, address) - 1
        return self.symbols[index] if index >= 0 else None

    def describe(self, address: int) -> str:
        """An address with the nearest symbol: 0x10024 <startMachine+0x24>."""
        symbol = self.symbol_at(address)
        if symbol is None:
            return f"{address:#010x}"
        offset = address - symbol.address
        return f"{address:#010x} <{symbol.name}{f'+{offset:#x}' if offset else ''}>"


@lru_cache(maxsize=REMEMBERED_FIRMWARES)
def firmware_of(elf: bytes) -> Firmware:
    """The same for the same bytes: boards do not change it. Raises BoardError."""
    return Firmware(elf)


def _symbols(section: SymbolTableSection) -> Iterator[Symbol]:
    """Those with a name that stand for an address. Read here since the ELF reader takes an object for each number."""
    names = section.stringtable.data()
    for name, address, size, info, _, _ in SYMBOL.iter_unpack(section.data()):
        text = names[name : names.index(0, name)].decode()
        if info & 0xF in SYMBOL_TYPES and text and not text.startswith("$"):
            yield Symbol(text, address, size)
