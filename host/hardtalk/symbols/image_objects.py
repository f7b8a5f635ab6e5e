"""What an address in the image or a table means: the object and its field, or what the table's word leads to.

Everything is read from the ELF: the image's blocks are walked from its start, a class tells its name by its slots.
"""

from bisect import bisect_right
from collections.abc import Iterator

from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.object_format import (
    BODY_OFFSET,
    BYTE_FORMATS,
    FORMATS,
    HEADER_FIELDS,
    ORDER_MASK,
    SLOTS,
    SMALLEST_ORDER,
    WORD_BYTES,
)
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

IMAGE, HEADER, TABLES = ".image", ".imageHeader", ".tables"
SHOWN_BYTES = 40
OFFSETS = {field.constant: field.offset for field in HEADER_FIELDS}
CLASS_SLOTS = SLOTS["Class"]
METACLASS_INSTANCE_SLOT = CLASS_SLOTS.index("Name")


class ImageObjects:
    """The objects of a firmware's image, by address."""

    def __init__(self, source_map: SourceMap) -> None:
        self._map = source_map
        self._base = source_map.address_of("HeapBase") or 0
        self._data = source_map.read(self._base, source_map.section_sizes.get(IMAGE, 0))
        self.starts = list(self._walk())

    def _walk(self) -> Iterator[int]:
        address, end = self._base, self._base + len(self._data)
        while address < end:
            yield address
            order = self._byte(address + OFFSETS["BlockOffset"]) & ORDER_MASK
            if order < SMALLEST_ORDER:
                return  # no block: the image is damaged from here on
            address += 1 << order

    def _byte(self, address: int) -> int:
        offset = address - self._base
        return self._data[offset] if 0 <= offset < len(self._data) else 0

    def word(self, address: int) -> int:
        offset = address - self._base
        return int.from_bytes(self._data[offset : offset + WORD_BYTES], "little") if offset >= 0 else 0

    def slot(self, oop: int, index: int) -> int:
        return self.word(oop + BODY_OFFSET + WORD_BYTES * index)

    def explain(self, address: int) -> Iterator[str]:
        """The object that holds the address, and which part of it lies there."""
        index = bisect_right(self.starts, address) - 1
        if index < 0:
            return
        oop = self.starts[index]
        yield f"    {self.describe(oop)} at {oop:#010x}, {self.part(oop, address - oop)}"

    def part(self, oop: int, offset: int) -> str:
        """The header field, slot or byte at an offset of an object, with its value."""
        for field in HEADER_FIELDS:
            if field.offset <= offset < field.offset + field.width:
                return f"header: {field.meaning}"
        format_, size = self._byte(oop + OFFSETS["FormatOffset"]), self.word(oop + OFFSETS["SizeOffset"])
        index = offset - BODY_OFFSET
        if format_ in BYTE_FORMATS:
            return f"byte {index + 1} of {size}" if index < size else "unused end of its block"
        if index // WORD_BYTES >= size:
            return "unused end of its block"
        value = self.slot(oop, index // WORD_BYTES)
        if format_ == FORMATS["FormatWords"]:
            return f"word {index // WORD_BYTES + 1} of {size}: {value:#010x}"
        return f"slot {index // WORD_BYTES + 1} of {size}: {self.describe(value)}"

    def describe(self, oop: int) -> str:
        """A SmallInteger, class, String or Symbol by its value, anything else by its class."""
        if oop & 1:
            return str((oop - (1 << 32) if oop >> 31 else oop) >> 1)
        if bisect_right(self.starts, oop) == 0 or self.starts[bisect_right(self.starts, oop) - 1] != oop:
            return f"{oop:#010x}, which is no object of the image"
        name = self.class_name(oop)
        if name is not None:
            return f"the class {name}"
        class_oop = self.word(oop + OFFSETS["ClassOffset"])
        class_name = self.class_name(class_oop) or "?"
        size = self.word(oop + OFFSETS["SizeOffset"])
        if class_name == "UndefinedObject":
            return "nil"
        if class_name in ("Symbol", "String"):
            text = self.text(oop)
            return f"#{text}" if class_name == "Symbol" else repr(text[:SHOWN_BYTES])
        article = "an" if class_name[0] in "AEIOU" else "a"
        return f"{article} {class_name} of size {size}"

    def text(self, oop: int) -> str:
        start = oop + BODY_OFFSET - self._base
        return self._data[start : start + self.word(oop + OFFSETS["SizeOffset"])].decode("latin-1")

    def class_name(self, oop: int) -> str | None:
        """The name of a class or metaclass; None for any other object."""
        name = self.slot(oop, METACLASS_INSTANCE_SLOT)
        if self.word(oop + OFFSETS["SizeOffset"]) <= METACLASS_INSTANCE_SLOT or name & 1:
            return None
        meta = self.word(oop + OFFSETS["ClassOffset"])
        if self.slot(meta, METACLASS_INSTANCE_SLOT) == oop:
            return self.text(name)
        instance_class = self.word(name + OFFSETS["ClassOffset"])
        return f"{self.text(self.slot(name, METACLASS_INSTANCE_SLOT))} class" if instance_class == oop else None


def table_entry(source_map: SourceMap, address: int) -> Iterator[str]:
    """The word of a table at an address: its index and the routine or object that it leads to."""
    table = next(
        (each for each in source_map.symbols if each.section in (TABLES, HEADER) and each.holds(address)), None
    )
    if table is None:
        return
    index = (address - table.address) // WORD_BYTES
    value = int.from_bytes(source_map.read(address & -WORD_BYTES, WORD_BYTES), "little")
    target = source_map.symbol_at(value)
    known = next((each for each in source_map.facts.tables if each.name == table.name), None)
    if known is not None:
        yield f"    {table.name.removesuffix('Table')} {index}: {value:#010x} {target.name if target else ''}".rstrip()
    elif table.name == "pageTable":
        yield f"    addresses from {index << 20:#010x}: descriptor {value:#010x}"
    elif table.name == "specialObjects":
        yield f"    {value:#010x}, the Array of special objects ({len(SPECIAL_OBJECTS)} are used)"
    else:
        yield f"    {value:#010x}"
