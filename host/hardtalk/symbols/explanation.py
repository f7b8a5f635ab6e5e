"""From an address or a symbol to its name, source line, and instructions or bytecodes."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from hardtalk.arm.listing import listing
from hardtalk.chip import Chip, default_chip
from hardtalk.smalltalk.bytecodes import BY_OPCODE
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.image_objects import IMAGE, TABLES, ImageObjects, table_entry
from hardtalk.symbols.source_map import MethodLines, Place, SourceMap
from hardtalk.symbols.sources import source_line
from hardtalk.vm.object_format import BODY_OFFSET, HEADER_FIELDS, METHOD_HEADER, WORD_BYTES

INSTRUCTIONS_AROUND = 6
LITERAL_COUNT = next(bits for bits in METHOD_HEADER if bits.name == "LiteralCount")
SIZE_OFFSET = next(field.offset for field in HEADER_FIELDS if field.constant == "SizeOffset")


def resolve(source_map: SourceMap, text: str) -> int:
    """The address that `text` writes, or the value of the symbol it names, in full or by a selector of one class."""
    value = source_map.address_of(text)
    if value is not None:
        return value
    with_selector = [name for name in source_map.names if name.endswith(f">>{text}")]
    if len(with_selector) == 1:
        return resolve(source_map, with_selector[0])
    try:
        number = int(text, 0)
        if not 0 <= number < 1 << 32:
            raise SymbolError(f"{text}: addresses have 32 bits", "Write an address as 0x10234.")
        return number
    except ValueError:
        close = get_close_matches(text, source_map.names, n=3)
        remedy = f"Did you mean {', '.join(close)}?" if close else "Write an address as 0x10234."
        raise SymbolError(f"{text}: is neither an address nor a symbol of this firmware", remedy) from None


def explanation(source_map: SourceMap, address: int, chip: Chip | None = None) -> Iterator[str]:
    section = source_map.section_at(address)
    if section is None:
        yield f"{address:#010x}  {outside(address, chip or default_chip())}"
        return
    symbol = source_map.symbol_at(address)
    offset = address - symbol.address if symbol else 0
    name = f"{symbol.name}{f'+{offset:#x}' if offset else ''}  " if symbol else ""
    yield f"{address:#010x}  {name}in {section}"
    method = source_map.method_at(address)
    if method is not None:
        yield from located(method.place(address), source_map.folders)
        yield from bytecode_listing(source_map, method, address)
    elif source_map.is_code(address):
        place = source_map.arm_place(address)
        if place is not None:
            yield from located(place, source_map.folders)
        yield from instruction_listing(source_map, address & ~3)
    elif section == IMAGE:
        yield from ImageObjects(source_map).explain(address)
    elif section == TABLES:
        yield from table_entry(source_map, address)


def outside(address: int, chip: Chip) -> str:
    """What the board has at an address where the firmware has nothing."""
    peripheral = chip.peripheral_at(address)
    if peripheral is None:
        return "free memory of RAM" if chip.ram.base <= address < chip.ram.end else "nothing answers there"
    offset = address - peripheral.base & ~3
    register = next((each for each in peripheral.registers if each.offset == offset), None)
    if register is None:
        return f"{peripheral.name}, no register at offset {offset:#x}"
    return f"{peripheral.name} {register.name}  {register.description}".rstrip()


def located(place: Place, folders: tuple[Path, ...]) -> Iterator[str]:
    yield f"    {place}"
    text = source_line(place, folders)
    if text is not None:
        yield f"    {text.strip()}"


def instruction_listing(source_map: SourceMap, address: int) -> Iterator[str]:
    """The instructions around `address` in its routine, each under the source line it comes from."""
    symbol = source_map.symbol_at(address)
    first, last = address - INSTRUCTIONS_AROUND * 4, address + INSTRUCTIONS_AROUND * 4
    if symbol is not None and symbol.size:
        first, last = max(first, symbol.address), min(last, symbol.address + symbol.size - 4)
    names = {each.address: each.name for each in source_map.symbols if source_map.is_code(each.address)}
    code = source_map.read(first, last + 4 - first)
    previous: Place | None = None
    for offset in range(0, len(code) - 3, 4):
        here = first + offset
        word = int.from_bytes(code[offset : offset + 4], "little")
        place = source_map.arm_place(here)
        if place is not None and place != previous:
            text = source_line(place, source_map.folders) or ""
            yield f"{'':14}; {place.file.rpartition('/')[2]}:{place.line}  {text.strip()}"
            previous = place
        marker = "->" if here == address else "  "
        yield f"{marker} {here:08x}:  {word:08x}  {listing(word, here, names)}"


def bytecode_listing(source_map: SourceMap, method: MethodLines, address: int) -> Iterator[str]:
    """All bytecodes of a compiled method, the one at `address` marked."""
    header = int.from_bytes(source_map.read(method.address + BODY_OFFSET, WORD_BYTES), "little")
    size = int.from_bytes(source_map.read(method.address + SIZE_OFFSET, WORD_BYTES), "little")
    literal_count = LITERAL_COUNT.take(header)
    start = method.address + BODY_OFFSET + WORD_BYTES * (1 + literal_count)
    code = source_map.read(start, method.address + BODY_OFFSET + size - start)
    offset = 0
    while offset < len(code):
        row = BY_OPCODE[code[offset]]
        if offset + row.size > len(code):
            break
        here = start + offset
        operands = " ".join(map(str, row.decode(code, offset)))
        marker = "->" if here <= address < here + row.size else "  "
        yield f"{marker} {here:08x}:  {code[offset : offset + row.size].hex(' '):<12}{row.name or 'unused'} {operands}"
        offset += row.size
