"""The image of the class library: audited, looked into, and deterministic."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from hardtalk.image import Image, build_image
from hardtalk.image.audit import ImageReader, audit
from hardtalk.smalltalk.tonel import ClassDefinition, read_class, read_class_file
from hardtalk.vm import object_format as of
from hardtalk.vm.special_objects import SPECIAL_OBJECTS
from hardtalk.vm.string_hash import string_hash

ROOT = Path(__file__).parents[2]
BASE = 0x100000
LITERALS = """
Class { #name : #LiteralSamples, #superclass : #Object }

LiteralSamples class >> samples [
    ^ #(1 -1 1073741823 -1073741824 1073741824 -1073741825 18446744073709551616 1.5 'text' #symbol #with:with: $a
        #[1 2 255] #(nested nil true false))
]
"""


def library() -> list[ClassDefinition]:
    return [read_class_file(path) for path in sorted((ROOT / "firmware/kernel").glob("*.class.st"))]


@pytest.fixture(scope="module")
def image() -> Image:
    return build_image([*library(), read_class(LITERALS, "LiteralSamples.class.st")], BASE)


@pytest.fixture(scope="module")
def reader(image: Image) -> ImageReader:
    return ImageReader(image.data, image.base)


class Objects:
    """Reads objects by what they are, to look at an image from outside."""

    def __init__(self, image: Image, reader: ImageReader) -> None:
        self.reader = reader
        self.special = [
            reader.slot(image.special_objects, i) for i in range(reader.headers[image.special_objects].size)
        ]
        self.nil = self.special[0]

    def slots(self, oop: int) -> list[int]:
        return [self.reader.slot(oop, i) for i in range(self.reader.headers[oop].size)]

    def text(self, oop: int) -> str:
        return self.reader.bytes_of(oop).decode()

    def class_of(self, oop: int) -> int:
        return self.reader.headers[oop].class_oop

    def class_name(self, class_oop: int) -> str:
        name = self.reader.slot(class_oop, 6)
        if self.reader.headers[name].format == of.FORMATS["FormatBytes"]:
            return self.text(name)
        return self.class_name(name) + " class"

    def smalltalk(self) -> dict[str, int]:
        """Global names to values, found by walking the dictionary's array."""
        _, array = self.slots(self.special[8])[:2]
        pairs = [self.slots(entry) for entry in self.slots(array) if entry != self.nil]
        return {self.text(key): value for key, value in pairs}

    def value(self, oop: int) -> object:
        """A literal as Python data."""
        if oop & 1:
            return struct.unpack("<i", struct.pack("<I", oop))[0] >> 1
        name = self.class_name(self.class_of(oop))
        readers = {
            "LargePositiveInteger": lambda: int.from_bytes(self.reader.bytes_of(oop), "little"),
            "LargeNegativeInteger": lambda: -int.from_bytes(self.reader.bytes_of(oop), "little"),
            "Float": lambda: struct.unpack("<d", struct.pack("<2I", *self.slots(oop)))[0],
            "String": lambda: self.text(oop),
            "Symbol": lambda: "#" + self.text(oop),
            "Character": lambda: "$" + chr(self.reader.slot(oop, 0) >> 1),
            "ByteArray": lambda: self.reader.bytes_of(oop),
            "Array": lambda: [self.value(element) for element in self.slots(oop)],
            "UndefinedObject": lambda: None,
            "True": lambda: True,
            "False": lambda: False,
        }
        return readers[name]()


@pytest.fixture(scope="module")
def objects(image: Image, reader: ImageReader) -> Objects:
    return Objects(image, reader)


def test_image_is_sound(image: Image) -> None:
    report = audit(image.data, image.base, image.special_objects)
    assert report.faults == []
    assert report.objects == image.object_count > 2000
    assert report.methods == image.method_count > 1000
    assert report.method_dictionaries == 2 * image.class_count


def test_largest_blocks_come_first_without_holes(image: Image, reader: ImageReader) -> None:
    orders = [header.order for header in reader.headers.values()]
    assert orders == sorted(orders, reverse=True)
    assert sum(1 << order for order in orders) == len(image.data)


def test_metaclasses(objects: Objects) -> None:
    world = objects.smalltalk()
    array, metaclass = world["Array"], world["Metaclass"]
    assert objects.class_name(objects.class_of(array)) == "Array class"
    assert objects.class_of(objects.class_of(array)) == metaclass
    assert objects.class_of(objects.class_of(metaclass)) == metaclass, "Metaclass class class == Metaclass"
    object_class = objects.class_of(world["Object"])
    assert objects.reader.slot(object_class, 0) == world["Class"], "Object class superclass == Class"
    assert objects.reader.slot(world["Object"], 0) == objects.nil


def test_special_objects(objects: Objects) -> None:
    world = objects.smalltalk()
    for entry in SPECIAL_OBJECTS:
        value = objects.special[entry.index]
        if entry.kind == "class":
            assert value == world[entry.name], entry
        elif entry.kind == "symbol":
            assert objects.value(value) == "#" + entry.name
    assert objects.class_name(objects.class_of(objects.special[0])) == "UndefinedObject"
    assert objects.class_name(objects.class_of(objects.special[2])) == "True"
    selectors = objects.slots(objects.special[23])
    assert [objects.value(each) for each in selectors[:4]] == ["#+", 1, "#-", 1]
    assert len(selectors) == 64
    characters = objects.slots(objects.special[24])
    assert [objects.value(each) for each in characters[64:67]] == ["$@", "$A", "$B"]
    assert len(objects.slots(objects.special[44])) == 5 * 32  # for lines, and for slots: native.KEPT_PLACES


def test_processor_and_startup_process(objects: Objects) -> None:
    processor = objects.smalltalk()["Processor"]
    assert objects.slots(objects.special[3])[1] == processor
    lists, active = objects.slots(processor)[:2]
    assert active == objects.special[47]
    assert {objects.class_name(objects.class_of(each)) for each in objects.slots(lists)} == {"ProcessList"}
    context = objects.slots(active)[1] - 1
    sender, pc, stackp, method, closure, receiver = objects.slots(context)[:6]
    assert objects.class_name(receiver) == "SystemStartup"
    assert (sender, closure) == (objects.nil, objects.nil)
    literal_count = objects.reader.slot(method, 0) >> 10 & 0xFF
    assert pc == method + 20 + 4 * (1 + literal_count) - 1
    temporaries = objects.reader.slot(method, 0) >> 19 & 63
    assert stackp == context + 40 + 4 * temporaries


def test_symbols_are_unique_and_found_in_the_registry(objects: Objects) -> None:
    symbol_class = objects.smalltalk()["Symbol"]
    symbols = [oop for oop, header in objects.reader.headers.items() if header.class_oop == symbol_class]
    texts = [objects.text(oop) for oop in symbols]
    assert len(set(texts)) == len(texts) > 500
    assert all(objects.reader.headers[oop].identity_hash for oop in symbols)
    pool = objects.slots(objects.slots(objects.reader.slot(symbol_class, 7))[1])
    variables = dict(objects.slots(entry) for entry in pool if entry != objects.nil)
    registry = next(value for key, value in variables.items() if objects.text(key) == "SymbolTable")
    tally, array = objects.slots(registry)[:2]
    table = objects.slots(array)
    assert tally >> 1 == len(symbols)
    for oop in symbols:
        index = string_hash(objects.reader.bytes_of(oop)) % len(table)
        while table[index] not in (oop, objects.nil):
            index = (index + 1) % len(table)
        assert table[index] == oop


def test_global_dictionary_probes_by_identity_hash(objects: Objects) -> None:
    tally, array = objects.slots(objects.special[8])[:2]
    table = objects.slots(array)
    assert tally >> 1 == len(objects.smalltalk())
    for entry in table:
        if entry != objects.nil:
            index = objects.reader.headers[objects.slots(entry)[0]].identity_hash % len(table)
            while table[index] not in (entry, objects.nil):
                index = (index + 1) % len(table)
            assert table[index] == entry


def test_globals_that_come_on_the_board_are_found_soon(objects: Objects) -> None:
    """Whichever of the identity hashes given out first a new key has, the search for it ends within a few steps."""
    table = objects.slots(objects.slots(objects.special[8])[1])
    for number in range(1, 1000):
        start = number * of.HASH_STEP & of.LARGEST_HASH
        assert objects.nil in [table[(start + step) % len(table)] for step in range(16)], number


def test_literals(image: Image, objects: Objects) -> None:
    symbol = next(s for s in image.symbols if s.name == "LiteralSamples class>>samples")
    assert objects.value(objects.reader.slot(symbol.address, 1)) == [
        1,
        -1,
        1073741823,
        -1073741824,
        1073741824,
        -1073741825,
        18446744073709551616,
        1.5,
        "text",
        "#symbol",
        "#with:with:",
        "$a",
        b"\x01\x02\xff",
        ["#nested", None, True, False],
    ]
    large = next(e for e in objects.slots(objects.reader.slot(symbol.address, 1))[4:7])
    assert objects.class_name(objects.class_of(large)) == "LargePositiveInteger"


def test_method_symbols_have_lines(image: Image) -> None:
    symbol = next(s for s in image.symbols if s.name == "Boolean>>printOn:" or s.name == "Object>>printOn:")
    text = Path(symbol.file).read_text().split("\n")
    assert "printOn:" in text[symbol.line - 1]
    assert all(symbol.address < address < symbol.address + symbol.size for address, _ in symbol.lines)
    assert [line for _, line in symbol.lines] == sorted(line for _, line in symbol.lines)


def test_same_sources_same_bytes_in_any_order(image: Image) -> None:
    classes = [read_class(LITERALS, "LiteralSamples.class.st"), *reversed(library())]
    is_same = build_image(classes, BASE).data == image.data
    assert is_same  # not the comparison itself: pytest would print both images
