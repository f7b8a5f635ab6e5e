"""An ELF32 executable for ARM, written from nothing: sections, load segments, symbols.

Source: System V ABI (gABI) chapter 4 and ELF for the ARM Architecture (IHI 0044). No library we know writes an ELF
that was not one before; the format is small. Bytes depend on the arguments only.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

EM_ARM = 40
EF_ARM_EABI_VERSION_5 = 0x05000000
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS = 1, 2, 3, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
PT_LOAD = 1
PF_X, PF_W, PF_R = 1, 2, 4
STT_NOTYPE, STT_OBJECT, STT_FUNC = 0, 1, 2
STB_LOCAL, STB_GLOBAL = 0, 1
SHN_ABS = 0xFFF1
EHDR_BYTES, PHDR_BYTES, SHDR_BYTES, SYM_BYTES = 52, 32, 40, 16


@dataclass(frozen=True)
class Section:
    """A section; `address` 0 with no `load` for what is not in the machine's memory; `size` counts for nobits."""

    name: str
    data: bytes = b""
    address: int = 0
    size: int | None = None
    writable: bool = False
    executable: bool = False
    load: bool = True
    alignment: int = 4

    @property
    def is_nobits(self) -> bool:
        return self.size is not None

    @property
    def byte_count(self) -> int:
        return len(self.data) if self.size is None else self.size

    @property
    def stop(self) -> int:
        return self.address + self.byte_count


@dataclass(frozen=True)
class Symbol:
    """A global symbol. `section` None: an absolute value."""

    name: str
    value: int
    size: int = 0
    kind: int = STT_NOTYPE
    section: str | None = None


class _Strings:
    """A string table: names to offsets, each stored once."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self.offsets: dict[str, int] = {"": 0}

    def offset(self, name: str) -> int:
        if name not in self.offsets:
            self.offsets[name] = len(self.data)
            self.data += name.encode() + b"\0"
        return self.offsets[name]


def write_elf(entry: int, sections: Sequence[Section], symbols: Sequence[Symbol]) -> bytes:
    """The executable: one load segment for each section with an address, file offsets congruent to the alignment."""
    index = {section.name: i + 1 for i, section in enumerate(sections)}
    strings = _Strings()
    symbol_data = bytearray(SYM_BYTES)
    for symbol in symbols:
        number = index[symbol.section] if symbol.section else SHN_ABS
        symbol_data += struct.pack(
            "<IIIBBH", strings.offset(symbol.name), symbol.value, symbol.size, STB_GLOBAL << 4 | symbol.kind, 0, number
        )
    names = _Strings()
    loaded = [section for section in sections if section.load]
    out = bytearray(EHDR_BYTES + PHDR_BYTES * len(loaded))
    headers = [bytes(SHDR_BYTES)]
    segments: list[bytes] = []

    def append(data: bytes, alignment: int) -> int:
        out.extend(bytes(-len(out) % alignment))
        offset = len(out)
        out.extend(data)
        return offset

    for section in sections:
        offset = append(section.data, min(section.alignment, 4096))
        flags = (SHF_ALLOC if section.load else 0) | (SHF_WRITE if section.writable else 0)
        flags |= SHF_EXECINSTR if section.executable else 0
        kind = SHT_NOBITS if section.is_nobits else SHT_PROGBITS
        headers.append(
            struct.pack(
                "<10I",
                names.offset(section.name),
                kind,
                flags,
                section.address,
                offset,
                section.byte_count,
                0,
                0,
                section.alignment,
                0,
            )
        )
        if section.load:
            access = PF_R | (PF_W if section.writable else 0) | (PF_X if section.executable else 0)
            segments.append(
                struct.pack(
                    "<8I",
                    PT_LOAD,
                    offset,
                    section.address,
                    section.address,
                    len(section.data),
                    section.byte_count,
                    access,
                    min(section.alignment, 4096),
                )
            )
    string_index = len(sections) + 2
    offset = append(bytes(symbol_data), 4)
    headers.append(
        struct.pack(
            "<10I", names.offset(".symtab"), SHT_SYMTAB, 0, 0, offset, len(symbol_data), string_index, 1, 4, SYM_BYTES
        )
    )
    offset = append(bytes(strings.data), 1)
    headers.append(
        struct.pack("<10I", names.offset(".strtab"), SHT_STRTAB, 0, 0, offset, len(strings.data), 0, 0, 1, 0)
    )
    name_offset = names.offset(".shstrtab")
    offset = append(bytes(names.data), 1)
    headers.append(struct.pack("<10I", name_offset, SHT_STRTAB, 0, 0, offset, len(names.data), 0, 0, 1, 0))
    header_offset = append(b"".join(headers), 4)

    identification = b"\x7fELF" + bytes([1, 1, 1, 0]) + bytes(8)
    header = identification + struct.pack(
        "<HHIIIIIHHHHHH",
        2,
        EM_ARM,
        1,
        entry,
        EHDR_BYTES,
        header_offset,
        EF_ARM_EABI_VERSION_5,
        EHDR_BYTES,
        PHDR_BYTES,
        len(segments),
        SHDR_BYTES,
        len(headers),
        len(headers) - 1,
    )
    out[:EHDR_BYTES] = header
    out[EHDR_BYTES : EHDR_BYTES + PHDR_BYTES * len(segments)] = b"".join(segments)
    return bytes(out)
