"""What lies at an address of a firmware: symbol, source line, bytes. Read back from the ELF alone, with pyelftools.

So that any `firmware.elf` can be explained, whoever built it and when.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection

from hardtalk.symbols.errors import SymbolError
from hardtalk.vm.facts import Facts

ELF_MAGIC = b"\x7fELF"
LINES_SECTION = ".hardtalk.lines"
MOST_SECTIONS = 1_000


@dataclass(frozen=True)
class Symbol:
    name: str
    address: int
    size: int
    section: str

    def holds(self, address: int) -> bool:
        return self.address <= address < self.address + max(self.size, 1)


@dataclass(frozen=True)
class Place:
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class MethodLines:
    """A compiled Smalltalk method in the image; `lines` pairs the address of a bytecode with the line from there on."""

    name: str
    address: int
    size: int
    first: Place
    lines: tuple[tuple[int, int], ...]

    def place(self, address: int) -> Place:
        """The line of the bytecode at `address`; the method's first line for its header and literals."""
        index = bisect_right(self.lines, (address, 1 << 32)) - 1
        return self.first if index < 0 else Place(self.first.file, self.lines[index][1])


def check_sections(elf: ELFFile) -> None:
    """ValueError for a number of sections that only a damaged header can name."""
    if elf["e_shnum"] > MOST_SECTIONS:
        raise ValueError(f"it says that it has {elf['e_shnum']:,} sections")


def read_source_map(file: str, elf: bytes, folders: tuple[Path, ...] = ()) -> SourceMap:
    """Of a file that may be damaged: all of it is read. Raises SymbolError."""
    try:
        found = SourceMap(elf, folders)
        found.check()
    except ValueError as error:
        raise SymbolError(f"{file}: {error}", "Give --elf a file that hardtalk build wrote.") from error
    return found


class SourceMap:
    """Raises ValueError when `elf` is not an ELF file, is damaged, or lacks Hardtalk's line table.

    `folders` are those of the user's classes: their files' names in the ELF are relative to them.
    """

    def __init__(self, elf: bytes, folders: tuple[Path, ...] = ()) -> None:
        self.folders = folders
        if not elf.startswith(ELF_MAGIC):
            raise ValueError("not an ELF file")
        try:
            self._read(elf)
        except Exception as error:  # the readers of a damaged file may stumble over anything
            raise ValueError(f"the ELF file cannot be read: {error}") from error

    def _read(self, elf: bytes) -> None:
        self._data = elf
        self._elf = ELFFile(BytesIO(elf))
        check_sections(self._elf)
        lines = self._elf.get_section_by_name(LINES_SECTION)
        symbols = self._elf.get_section_by_name(".symtab")
        if lines is None or not isinstance(symbols, SymbolTableSection):
            raise ValueError(f"it has no {LINES_SECTION}; it was not built by hardtalk build")
        self._tables = json.loads(zlib.decompress(lines.data()))
        self._entries = [entry for entry in symbols.iter_symbols() if entry.name]
        self._sections = list(self._elf.iter_sections())

    def check(self) -> None:
        """Read what is read when it is asked for; ValueError where that fails."""
        try:
            for symbol in self.symbols:
                self.arm_place(symbol.address)
            for row in self._arm_rows:
                self.arm_place(row[0])
            for method in self.methods:
                method.place(method.address)
            _ = self.section_sizes, self.facts
        except Exception as error:  # the readers of a damaged file may stumble over anything
            raise ValueError(f"its tables cannot be read: {error}") from error

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols with a section, by address, the widest first among those of one address."""
        found = []
        for entry in self._entries:
            if isinstance(entry["st_shndx"], int):
                section = self._sections[entry["st_shndx"]].name
                found.append(Symbol(entry.name, entry["st_value"], entry["st_size"], section))
        return tuple(sorted(found, key=lambda symbol: (symbol.address, -symbol.size, symbol.name)))

    @cached_property
    def _addresses(self) -> dict[str, int]:
        return {entry.name: entry["st_value"] for entry in self._entries}

    @cached_property
    def facts(self) -> Facts:
        """What the firmware says of itself. Raises ValueError when it says nothing."""
        return Facts.of_elf(self._data)

    def address_of(self, name: str) -> int | None:
        return self._addresses.get(name)

    @property
    def names(self) -> list[str]:
        return sorted(self._addresses)

    def symbol_at(self, address: int) -> Symbol | None:
        """The narrowest symbol that holds `address`."""
        holding = [symbol for symbol in self.symbols if symbol.holds(address)]
        return min(holding, key=lambda symbol: symbol.size) if holding else None

    @cached_property
    def _arm_starts(self) -> list[int]:
        return [row[0] for row in self._arm_rows]

    @cached_property
    def _arm_rows(self) -> list[tuple[int, int, int, int]]:
        return sorted(tuple(row) for row in self._tables["arm"])

    def arm_place(self, address: int) -> Place | None:
        """The Slang or assembly line that the instruction at `address` comes from."""
        index = bisect_right(self._arm_starts, address) - 1
        if index < 0 or address >= self._arm_rows[index][1]:
            return None
        return Place(self._tables["files"][self._arm_rows[index][2]], self._arm_rows[index][3])

    @cached_property
    def methods(self) -> tuple[MethodLines, ...]:
        files = self._tables["files"]
        return tuple(
            MethodLines(name, address, size, Place(files[file], line), tuple((each[0], each[1]) for each in lines))
            for address, size, name, file, line, lines in sorted(self._tables["methods"])
        )

    @cached_property
    def _method_starts(self) -> list[int]:
        return [method.address for method in self.methods]

    def method_at(self, address: int) -> MethodLines | None:
        index = bisect_right(self._method_starts, address) - 1
        if index < 0 or address >= self.methods[index].address + self.methods[index].size:
            return None
        return self.methods[index]

    def _section_at(self, address: int) -> Section | None:
        for section in self._sections:
            start = section["sh_addr"]
            if start and start <= address < start + section["sh_size"]:
                return section
        return None

    @property
    def section_sizes(self) -> dict[str, int]:
        """Bytes of each section that is in the machine's memory, in address order."""
        loaded = [section for section in self._sections if section["sh_addr"]]
        return {each.name: each["sh_size"] for each in sorted(loaded, key=lambda each: int(each["sh_addr"]))}

    def section_at(self, address: int) -> str | None:
        section = self._section_at(address)
        return section.name if section is not None else None

    def is_code(self, address: int) -> bool:
        """Whether `address` is in an executable section."""
        section = self._section_at(address)
        return section is not None and bool(section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR)

    @cached_property
    def _loaded(self) -> list[tuple[int, bytes]]:
        """Address and contents of each section that is in the machine's memory."""
        return [(section["sh_addr"], bytes(section.data())) for section in self._sections if section["sh_addr"]]

    def read(self, address: int, size: int) -> bytes:
        """The bytes from `address` on, as loaded; fewer than `size` when the section ends before."""
        for start, data in self._loaded:
            if start <= address < start + len(data):
                return data[address - start : address - start + size]
        return b""
