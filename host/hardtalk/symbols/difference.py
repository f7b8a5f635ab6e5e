"""Whether two firmwares put the same bytes into the machine: the loaded sections, not those that hold facts for tools.

A change of the tools or of the sources' form must leave these alone; `hardtalk build --against` shows that it did.
"""

import hashlib
from collections.abc import Iterator
from io import BytesIO

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.source_map import SourceMap, check_sections

DIGEST_DIGITS = 16


def loaded_sections(elf: bytes) -> dict[str, tuple[int, int, bytes]]:
    """Address, size and bytes (none for sections that begin as zeros) of each section in the machine's memory."""
    file = ELFFile(BytesIO(elf))
    check_sections(file)
    return {
        section.name: (
            section["sh_addr"],
            section["sh_size"],
            b"" if section["sh_type"] == "SHT_NOBITS" else section.data(),
        )
        for section in file.iter_sections()
        if section["sh_flags"] & SH_FLAGS.SHF_ALLOC
    }


def loaded_digest(elf: bytes) -> str:
    """A short hash over names, places and bytes of what is loaded, and the entry address."""
    digest = hashlib.sha256(str(ELFFile(BytesIO(elf))["e_entry"]).encode())
    for name, (address, size, data) in loaded_sections(elf).items():
        digest.update(f"{name} {address} {size} ".encode() + data)
    return digest.hexdigest()[:DIGEST_DIGITS]


def differences(elf: bytes, other: bytes) -> Iterator[str]:
    """A line for each loaded section that is not the same in both, with the first symbol of `elf` that differs.

    Raises SymbolError when `other` is no ELF file.
    """
    mine = loaded_sections(elf)
    try:
        theirs = loaded_sections(other)
    except Exception as error:  # the reader of a damaged file may stumble over anything
        raise SymbolError(str(error), "Give a firmware.elf that hardtalk build wrote.") from error
    for name in dict.fromkeys([*mine, *theirs]):
        if name not in mine or name not in theirs:
            yield f"{name}: only in {'this firmware' if name in mine else 'the other'}"
            continue
        (address, size, data), (other_address, other_size, other_data) = mine[name], theirs[name]
        if (address, size) != (other_address, other_size):
            yield f"{name}: {size:,} bytes at {address:#x}, in the other {other_size:,} at {other_address:#x}"
        if data != other_data:
            pairs = enumerate(zip(data, other_data, strict=False))
            first = address + next((i for i, (a, b) in pairs if a != b), min(len(data), len(other_data)))
            symbol = SourceMap(elf).symbol_at(first)
            place = f"{symbol.name}+{first - symbol.address:#x}" if symbol else "no symbol"
            yield f"{name}: differs from {first:#010x} ({place}) on"
