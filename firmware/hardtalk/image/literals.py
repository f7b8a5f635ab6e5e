"""Literal values of the compiler as objects, with Symbols and Characters unique."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from hardtalk.image.objects import ImageObject, ObjectMemory, Value
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.vm import object_format as of

CHARACTER_TABLE_SIZE = 256
ClassFinder = Callable[[str], ImageObject]
"""From a class's name to its object."""


class LiteralObjects:
    """Makes the objects that literals denote. Symbols get their identity hash at once: dictionaries are built on it."""

    def __init__(self, memory: ObjectMemory, class_named: ClassFinder) -> None:
        self.memory = memory
        self.class_named = class_named
        self.symbols: dict[str, ImageObject] = {}
        self.characters: dict[int, ImageObject] = {}
        self.nil = memory.add(None, of.FORMATS["FormatEmpty"])
        self.false = memory.add(None, of.FORMATS["FormatEmpty"])
        self.true = memory.add(None, of.FORMATS["FormatEmpty"])

    def value(self, literal: LiteralValue) -> Value:
        """The slot value of a literal."""
        if literal is None:
            return self.nil
        if literal is True or literal is False:
            return self.true if literal else self.false
        if isinstance(literal, int):
            return self.integer(literal)
        if isinstance(literal, float):
            return self._raw("Float", "FormatWords", struct.pack("<d", literal))
        if isinstance(literal, Symbol):
            return self.symbol(literal)
        if isinstance(literal, str):
            return self.string(literal)
        if isinstance(literal, bytes):
            return self._raw("ByteArray", "FormatBytes", literal)
        if isinstance(literal, Character):
            return self.character(literal.code)
        if isinstance(literal, tuple):
            return self.array([self.value(element) for element in literal])
        return self._scaled_decimal(literal)

    def integer(self, value: int) -> Value:
        if of.SMALL_INTEGER_MINIMUM <= value <= of.SMALL_INTEGER_MAXIMUM:
            return value
        magnitude = abs(value)
        data = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "little")
        return self._raw("LargePositiveInteger" if value > 0 else "LargeNegativeInteger", "FormatBytes", data)

    def symbol(self, name: str) -> ImageObject:
        if name not in self.symbols:
            made = self._raw("Symbol", "FormatBytes", name.encode("latin-1"))
            self.memory.identity_hash(made)
            self.symbols[name] = made
        return self.symbols[name]

    def string(self, text: str) -> ImageObject:
        return self._raw("String", "FormatBytes", text.encode("latin-1"))

    def character(self, code: int) -> ImageObject:
        if code not in self.characters:
            self.characters[code] = self.memory.add(self.class_named("Character"), of.FORMATS["FormatFixed"], [code])
        return self.characters[code]

    def array(self, elements: Sequence[Value]) -> ImageObject:
        return self.memory.add(self.class_named("Array"), of.FORMATS["FormatIndexable"], elements)

    def _raw(self, class_name: str, object_format: str, data: bytes) -> ImageObject:
        return self.memory.add(self.class_named(class_name), of.FORMATS[object_format], (), data)

    def _scaled_decimal(self, literal: ScaledDecimal) -> ImageObject:
        value = self.integer(literal.numerator)
        fixed = of.FORMATS["FormatFixed"]
        if literal.denominator != 1:
            value = self.memory.add(self.class_named("Fraction"), fixed, [value, self.integer(literal.denominator)])
        return self.memory.add(self.class_named("ScaledDecimal"), fixed, [value, literal.scale])
