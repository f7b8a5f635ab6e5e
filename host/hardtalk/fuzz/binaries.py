"""Files of bytes: objects of other compilers, firmwares."""

import json
import zlib
from functools import cache
from io import BytesIO
from typing import Any, Final

from elftools.elf.elffile import ELFFile

from hardtalk.bench.firmware import study_folder
from hardtalk.board.firmware import Firmware
from hardtalk.build import BuildOptions, build
from hardtalk.link import read_object
from hardtalk.link.elf import Section, Symbol, write_elf
from hardtalk.symbols.difference import differences
from hardtalk.symbols.source_map import LINES_SECTION, read_source_map
from hardtalk.vm.facts import FACTS_SECTION

OBJECT_FILE: Final = "fuzzed.o"
FIRMWARE_FILE: Final = "fuzzed.elf"
SHORT_BYTES: Final = 256
SHORT_ROWS: Final = 12
SYMBOLS: Final = ("startMachine", "vmState", "methodCache")


def object_examples() -> tuple[bytes, ...]:
    """What a C compiler made."""
    return tuple(path.read_bytes() for path in sorted(study_folder("fuzz").glob("*.o")))


def attempt_object(data: bytes) -> None:
    read_object(OBJECT_FILE, data)


@cache
def firmware_examples() -> tuple[bytes, ...]:
    """A firmware with its sections and tables cut short, so that changes meet every part of it."""
    elf = ELFFile(BytesIO(build(BuildOptions()).elf))
    sections = [
        Section(each.name, each.data()[:SHORT_BYTES], each["sh_addr"], executable=bool(each["sh_flags"] & 4))
        for each in elf.iter_sections()
        if each["sh_addr"] and each["sh_type"] == "SHT_PROGBITS"
    ]
    tables = [
        Section(each.name, shortened(each.data()), load=False, alignment=1)
        for each in elf.iter_sections()
        if each.name in (LINES_SECTION, FACTS_SECTION)
    ]
    first = sections[0]
    symbols = [Symbol(name, first.address + 4 * at, 4, section=first.name) for at, name in enumerate(SYMBOLS)]
    return (write_elf(elf["e_entry"], [*sections, *tables], symbols),)


def shortened(data: bytes) -> bytes:
    """A compressed JSON text whose tables have some rows only."""
    return zlib.compress(json.dumps(short(json.loads(zlib.decompress(data)))).encode())


def short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: short(each) for name, each in value.items()}
    is_table = isinstance(value, list) and isinstance(value[0] if value else None, list)
    return [short(each) for each in value[:SHORT_ROWS]] if is_table else value


def attempt_firmware(data: bytes) -> None:
    """Read as by the board, by `explain` and by `build --against`."""
    Firmware(data)
    source_map = read_source_map(FIRMWARE_FILE, data)
    for symbol in source_map.symbols:
        source_map.arm_place(symbol.address)
        source_map.method_at(symbol.address)
    list(differences(firmware_examples()[0], data))
