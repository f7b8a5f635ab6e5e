"""ELF objects that users link in: relocatable ARM code from any compiler, as routines of the firmware.

All loaded sections of an object become one stretch of code and data, so that distances between them are kept.
Undefined names are found among the firmware's symbols. ARM state only: the interrupt entry calls handlers with BLX, but
the virtual machine's routines and the fault report know no Thumb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, SymbolTableSection

from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import Relocation
from hardtalk.vm.facts import CodeFacts

SHF_ALLOC = 2
ALIGNMENT = 32
MOST_SECTIONS, MOST_BYTES = 1_000, 16 << 20
UNWIND_SECTIONS = (".ARM.exidx", ".ARM.extab")
R_ARM_NONE, R_ARM_V4BX = 0, 40
KINDS = {1: "branch24", 28: "branch24", 29: "branch24", 2: "abs32", 38: "abs32", 3: "rel32"}
"""ELF for the ARM Architecture (IHI 0044), section 4.6.1: PC24, CALL, JUMP24, ABS32, TARGET1, REL32."""


@dataclass(frozen=True)
class NativeObject:
    """One object, as a routine of the firmware; `labels` are its global symbols' offsets, `functions` the names.

    The symbol of a relocation is the object itself, with an offset as `addend`, or a name from outside.
    """

    name: str
    code: bytes
    relocations: tuple[Relocation, ...]
    labels: Mapping[str, int]
    functions: tuple[str, ...]
    class_name: str = ""
    selector: str = ""
    frame_bytes: int = 0
    recursion_depth: int = 0
    is_threaded: bool = False
    locked: int | None = None
    facts: CodeFacts = field(default_factory=CodeFacts)

    @property
    def lines(self) -> tuple[tuple[int, str, int], ...]:
        """The object has no line table of ours: all of it is the file's."""
        return ((0, self.name, 1),)


def read_object(file: str, data: bytes) -> NativeObject:
    """The object in a file's bytes. Raises LinkError for what cannot be linked."""
    try:
        elf = ELFFile(BytesIO(data))
    except ELFError as error:
        raise LinkError(f"{file}: not an ELF object ({error}); give the output of a compiler's -c") from None
    if elf.header.e_type != "ET_REL" or elf.header.e_machine != "EM_ARM":
        raise LinkError(f"{file}: {elf.header.e_type} for {elf.header.e_machine}; compile with -c for ARM")
    if elf.header.e_shnum > MOST_SECTIONS:
        raise LinkError(f"{file}: {elf.header.e_shnum:,} sections; {MOST_SECTIONS:,} are the most")
    try:
        return _Reader(file, elf).read()
    except LinkError:
        raise
    except Exception as error:  # the reader of a damaged file may stumble over anything
        raise LinkError(f"{file}: the object is damaged ({error}); compile it again") from error


class _Reader:
    def __init__(self, file: str, elf: ELFFile) -> None:
        self.file = file
        self.elf = elf
        self.places: dict[int, int] = {}
        self.code = bytearray()
        table = elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise LinkError(f"{file}: no symbol table; do not strip the object")
        self.symbols = list(table.iter_symbols())

    def read(self) -> NativeObject:
        for index, section in enumerate(self.elf.iter_sections()):
            if section.header.sh_flags & SHF_ALLOC and not section.name.startswith(UNWIND_SECTIONS):
                self.place(index, section)
        self.code.extend(bytes(-len(self.code) % 4))
        labels: dict[str, int] = {}
        functions = []
        for symbol in self.symbols:
            if symbol.entry.st_info.bind not in ("STB_GLOBAL", "STB_WEAK") or symbol.entry.st_shndx not in self.places:
                continue
            labels[symbol.name] = self.address(symbol.entry)
            if labels[symbol.name] > len(self.code):
                raise LinkError(f"{self.file}: {symbol.name} is outside its section; compile it again")
            if symbol.entry.st_info.type == "STT_FUNC":
                if labels[symbol.name] & 1:
                    raise LinkError(f"{self.file}: {symbol.name} is Thumb code; compile with -marm -mcpu=arm926ej-s")
                functions.append(symbol.name)
        relocations = [
            relocation
            for section in self.elf.iter_sections()
            if isinstance(section, RelocationSection) and section.header.sh_info in self.places
            for relocation in self.relocations(section)
        ]
        return NativeObject(self.file, bytes(self.code), tuple(relocations), labels, tuple(functions))

    def place(self, index: int, section: Section) -> None:
        alignment = max(section.header.sh_addralign, 1)
        if alignment > ALIGNMENT:
            raise LinkError(
                f"{self.file}: section {section.name} wants {alignment} bytes of alignment, {ALIGNMENT} is the most"
            )
        self.code.extend(bytes(-len(self.code) % alignment))
        if len(self.code) + section.header.sh_size > MOST_BYTES:
            raise LinkError(
                f"{self.file}: section {section.name} is too long: {MOST_BYTES:,} bytes are the most in all"
            )
        self.places[index] = len(self.code)
        is_empty = section.header.sh_type == "SHT_NOBITS"
        self.code.extend(bytes(section.header.sh_size) if is_empty else section.data())

    def address(self, entry: Any) -> int:
        return self.places[entry.st_shndx] + int(entry.st_value)

    def relocations(self, section: RelocationSection) -> list[Relocation]:
        base = self.places[section.header.sh_info]
        result = []
        for item in section.iter_relocations():
            number = item["r_info_type"]
            if number in (R_ARM_NONE, R_ARM_V4BX):
                continue
            symbol = self.symbols[item["r_info_sym"]]
            if number not in KINDS:
                raise LinkError(
                    f"{self.file}: {section.name} has a relocation of type {number}, which is not "
                    "supported; compile with -fno-pic -mcpu=arm926ej-s -marm"
                )
            offset = base + item["r_offset"]
            if offset % 4 or offset > len(self.code) - 4:
                raise LinkError(f"{self.file}: {section.name} changes what is no word of the code; compile it again")
            addend = self.addend(offset, KINDS[number])
            if symbol.entry.st_shndx in self.places:
                result.append(Relocation(offset, KINDS[number], self.file, addend + self.address(symbol.entry)))
            elif symbol.entry.st_shndx == "SHN_UNDEF":
                result.append(Relocation(offset, KINDS[number], symbol.name, addend))
            else:
                raise LinkError(
                    f"{self.file}: {symbol.name} is in section {symbol.entry.st_shndx}; compile with -fno-common"
                )
        return result

    def addend(self, offset: int, kind: str) -> int:
        word = int.from_bytes(self.code[offset : offset + 4], "little")
        if kind != "branch24":
            return word
        field24 = word & 0xFFFFFF
        return ((field24 ^ 0x800000) - 0x800000 << 2) + 8
