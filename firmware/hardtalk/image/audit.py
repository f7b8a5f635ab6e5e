"""Walks an image's bytes and checks everything the virtual machine relies on.

The auditor knows docs/object-format.md through `hardtalk.vm.object_format` only; it shares no code with the builder, so
a mistake there shows here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from hardtalk.vm import object_format as of
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

CLASS_SLOTS = of.SLOTS["Class"]
MAX_SUPERCLASS_DEPTH = 100


@dataclass(frozen=True)
class Header:
    """The header of the object at `address`."""

    address: int
    next: int
    previous: int
    class_oop: int
    size: int
    format: int
    order: int
    colour: int
    identity_hash: int

    @property
    def body_bytes(self) -> int:
        return of.body_bytes(self.format, self.size)


@dataclass
class AuditReport:
    """Counts, and what is wrong: empty `faults` is a sound image."""

    objects: int = 0
    references: int = 0
    method_dictionaries: int = 0
    methods: int = 0
    faults: list[str] = field(default_factory=list)


class ImageReader:
    """Objects of an image by address."""

    def __init__(self, data: bytes, base: int) -> None:
        self.data = data
        self.base = base
        self.headers = {header.address: header for header in self._walk()}

    def word(self, address: int) -> int:
        (value,) = struct.unpack_from("<I", self.data, address - self.base)
        return int(value)

    def slot(self, oop: int, index: int) -> int:
        return self.word(oop + of.slot_offset(index))

    def bytes_of(self, oop: int) -> bytes:
        start = oop - self.base + of.BODY_OFFSET
        return self.data[start : start + self.headers[oop].size]

    def header(self, address: int) -> Header:
        following, previous, class_oop, size, word = struct.unpack_from("<5I", self.data, address - self.base)
        block = word >> 8 & 0xFF
        return Header(
            address,
            following,
            previous,
            class_oop,
            size,
            word & 0xFF,
            block & of.ORDER_MASK,
            block >> of.COLOUR_SHIFT,
            word >> 16,
        )

    def _walk(self) -> Iterator[Header]:
        address = self.base
        while address < self.base + len(self.data):
            header = self.header(address)
            if not of.SMALLEST_ORDER <= header.order <= of.LARGEST_ORDER:
                raise ValueError(f"the block at {address:#x} has order {header.order}; the walk cannot go on")
            yield header
            address += 1 << header.order


def audit(data: bytes, base: int, special_objects: int) -> AuditReport:
    """The report on an image."""
    return _Audit(ImageReader(data, base), special_objects).run()


class _Audit:
    def __init__(self, image: ImageReader, special_objects: int) -> None:
        self.image = image
        self.special_objects = special_objects
        self.report = AuditReport()
        self.nil = image.slot(special_objects, 0)
        indices = {entry.name: entry.index for entry in SPECIAL_OBJECTS}
        self.method_dictionary_class = image.slot(special_objects, indices["MethodDictionary"])
        self.method_class = image.slot(special_objects, indices["CompiledMethod"])
        self.metaclass_class = image.slot(special_objects, indices["Metaclass"])
        self.context_class = image.slot(special_objects, indices["MethodContext"])

    def run(self) -> AuditReport:
        for header in self.image.headers.values():
            self.report.objects += 1
            self._block(header)
            if not self._references(header):
                continue
            self._class(header)
            if header.class_oop == self.method_dictionary_class:
                self._method_dictionary(header)
            elif header.class_oop == self.method_class:
                self._method(header)
        self._ring()
        return self.report

    def _fault(self, header: Header, message: str) -> None:
        self.report.faults.append(f"{header.address:#x}: {message}")

    def _block(self, header: Header) -> None:
        if header.address % (1 << header.order):
            self._fault(header, f"a block of order {header.order} is not aligned to its size")
        if header.order != of.order_for_bytes(header.body_bytes):
            self._fault(header, f"order {header.order} does not fit {header.body_bytes} bytes")
        if header.colour != of.COLOUR_ALLOCATED:
            self._fault(header, f"colour {header.colour} is not that of an allocated object")
        if header.format not in of.FORMATS.values():
            self._fault(header, f"format {header.format} is unknown")
        if header.class_oop not in self.image.headers:
            self._fault(header, f"class {header.class_oop:#x} is no object")

    def _references(self, header: Header) -> bool:
        """Checks that every slot holds a SmallInteger or an object; answers whether all do."""
        count = header.size if header.format in of.POINTER_FORMATS else 0
        if header.format == of.FORMATS["FormatMethod"]:
            raw = self.image.slot(header.address, 0)
            count = 1 + self._header_field(raw, "LiteralCount")
        slots = list(range(count))
        if header.format in of.CONTEXT_FORMATS:
            raw_slots = (of.SLOTS["Context"].index("Pc"), of.SLOTS["Context"].index("StackPointer"))
            slots = [slot for slot in range(header.size) if slot not in raw_slots]
        sound = header.class_oop in self.image.headers
        for slot in slots:
            value = self.image.slot(header.address, slot)
            self.report.references += 1
            if not value & 1 and value not in self.image.headers:
                self._fault(header, f"slot {slot} holds {value:#x}, no object")
                sound = False
        return sound

    def _header_field(self, raw: int, name: str) -> int:
        return next(bits for bits in of.METHOD_HEADER if bits.name == name).take(raw)

    def _class_format(self, class_oop: int) -> tuple[int, int]:
        value = self.image.slot(class_oop, CLASS_SLOTS.index("InstanceFormat")) >> 1
        return value // of.CLASS_FORMAT_FACTOR, value % of.CLASS_FORMAT_FACTOR

    def _class(self, header: Header) -> None:
        named, object_format = self._class_format(header.class_oop)
        is_context = header.format in of.CONTEXT_FORMATS and header.class_oop == self.context_class
        if header.format != object_format and not is_context:
            self._fault(header, f"has format {header.format}, its class makes {object_format}")
        if header.format == of.FORMATS["FormatFixed"] and header.size != named:
            self._fault(header, f"has {header.size} slots, its class has {named} variables")
        if header.format in of.POINTER_FORMATS and header.size < named:
            self._fault(header, f"has {header.size} slots, fewer than its class's {named} variables")
        metaclass = self.image.headers[header.class_oop].class_oop
        is_of_metaclass = metaclass == self.metaclass_class
        if not is_of_metaclass and self.image.headers[metaclass].class_oop != self.metaclass_class:
            self._fault(header, "the class of its class is no metaclass")
        depth, each = 0, header.class_oop
        while each != self.nil and depth < MAX_SUPERCLASS_DEPTH:
            each = self.image.slot(each, CLASS_SLOTS.index("Superclass"))
            depth += 1
        if each != self.nil:
            self._fault(header, "its class's superclasses do not end")

    def _method_dictionary(self, header: Header) -> None:
        self.report.method_dictionaries += 1
        capacity = header.size - 2
        tally = self.image.slot(header.address, 0) >> 1
        methods = self.image.slot(header.address, 1)
        if capacity < 1 or capacity & capacity - 1:
            self._fault(header, f"capacity {capacity} is no power of two")
            return
        keys = [self.image.slot(header.address, 2 + i) for i in range(capacity)]
        if self.nil not in keys:
            self._fault(header, "a full method dictionary: a probe for an absent selector would not end")
            return
        if capacity - keys.count(self.nil) != tally:
            self._fault(header, f"tally {tally} for {capacity - keys.count(self.nil)} keys")
        if self.image.headers[methods].size != capacity:
            self._fault(header, "the array of methods has another size than the keys")
            return
        for i, key in enumerate(keys):
            method = self.image.slot(methods, i)
            if key == self.nil:
                if method != self.nil:
                    self._fault(header, f"method {method:#x} without selector")
            elif self._probe(keys, key) != i:
                self._fault(header, f"selector {self.image.bytes_of(key)!r} is not where probing finds it")
            elif method not in self.image.headers or self.image.headers[method].class_oop != self.method_class:
                self._fault(header, f"selector {self.image.bytes_of(key)!r} has no method")
            elif self.image.slot(method, self._header_field(self.image.slot(method, 0), "LiteralCount") - 1) != key:
                self._fault(header, f"the method of {self.image.bytes_of(key)!r} names another selector")

    def _probe(self, keys: list[int], key: int) -> int:
        """Where the key, or its absence, is found; -1 beyond the limit of a search."""
        start = self.image.headers[key].identity_hash
        for distance in range(of.PROBE_LIMIT):
            index = start + distance & len(keys) - 1
            if keys[index] in (key, self.nil):
                return index
        return -1

    def _method(self, header: Header) -> None:
        self.report.methods += 1
        raw = self.image.slot(header.address, 0)
        literal_count = self._header_field(raw, "LiteralCount")
        if not raw & 1:
            self._fault(header, f"method header {raw:#x} is no SmallInteger")
        if header.size <= of.WORD_BYTES * (1 + literal_count):
            self._fault(header, "a method without bytecodes")
        temporaries = self._header_field(raw, "TemporaryCount")
        if self._header_field(raw, "ArgumentCount") > temporaries:
            self._fault(header, "more arguments than temporaries")
        slots = of.LARGE_CONTEXT_SLOTS if self._header_field(raw, "LargeContext") else of.SMALL_CONTEXT_SLOTS
        if temporaries > slots:
            self._fault(header, f"{temporaries} temporaries do not fit its context")
        binding = self.image.slot(header.address, literal_count)
        if binding & 1 or self.image.headers[binding].size != len(of.SLOTS["Association"]):
            self._fault(header, "its last literal is no association")

    def _ring(self) -> None:
        addresses = sorted(self.image.headers)
        for i, address in enumerate(addresses):
            header = self.image.headers[address]
            if header.next != addresses[(i + 1) % len(addresses)] or header.previous != addresses[i - 1]:
                self._fault(header, "is not on the ring in address order")
