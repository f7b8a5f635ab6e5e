"""Writes the Tonel text of the register classes and of the class `Chip`."""

from collections.abc import Iterator
from dataclasses import dataclass

from hardtalk.chip import Chip, ChipError, Field, Peripheral, Register
from hardtalk.registers.names import UNUSABLE, common_name, file_of, register_class_name, selector_for, view_class_name
from hardtalk.vm.primitives import PRIMITIVES

CATEGORY = "Hardtalk-Registers"
LONGEST_LIST = 32
"""Registers of an array that have accessors of their own; a longer one has one pair for all, with an index."""
TAKEN_IN_VIEWS = UNUSABLE | {"value"}
"""A view answers its register's whole word as `value`."""


def numbers_of(routine: str) -> range:
    """The numbers of the primitive that is compiled for each of a range."""
    return next(row.numbers for row in PRIMITIVES if row.routine == f"primitive{routine}:method:arguments:")


VIEW_BIT, READ_WORD, WRITE_WORD = numbers_of("ViewBit"), numbers_of("ReadWord"), numbers_of("WriteWord")
"""Bit 0 to bit 31 of a view's register; a peripheral's first words, read and written."""


@dataclass(frozen=True)
class GeneratedClass:
    """`text` is Tonel; `source` says what it was made from, for messages."""

    name: str
    text: str
    source: str


def register_classes(chip: Chip) -> list[GeneratedClass]:
    """The classes for every type of peripheral of the chip, and `Chip` last."""
    classes: list[GeneratedClass] = []
    seen: dict[str, str] = {}
    for peripheral in chip.types():
        source = f"{peripheral.file.name if peripheral.file else chip.name} (generated)"
        texts = {register_class_name(peripheral): peripheral_class(peripheral)}
        for register in peripheral.registers:
            if register.fields:
                name, text = view_class_name(peripheral, register), view_class(peripheral, register)
                if texts.setdefault(name, text) != text:
                    message = f"two registers of {peripheral.name} make different classes {name}"
                    raise ChipError(message, "rename one of them in the SVD", file_of(peripheral))
        for name, text in texts.items():
            if name in seen:
                message = f"{seen[name]} and {source} both make the class {name}"
                raise ChipError(message, "rename a peripheral's group", file_of(peripheral))
            seen[name] = source
            classes.append(GeneratedClass(name, text, source))
    classes.append(GeneratedClass("Chip", chip_class(chip), f"{chip.name} (generated)"))
    return classes


def tonel(name: str, superclass: str, comment: str, variables: list[str], methods: list[str]) -> str:
    quoted = comment.replace('"', '""')
    slots = f"\t#instVars : [ {', '.join(repr(each) for each in variables)} ],\n" if variables else ""
    properties = f"\t#name : #{name},\n\t#superclass : #{superclass},\n{slots}\t#category : #'{CATEGORY}'\n"
    head = f'"{quoted}"\nClass {{\n{properties}}}\n'
    return "\n".join([head, *methods])


def method(receiver: str, category: str, pattern: str, body: str, comment: str = "") -> str:
    quoted = comment.replace('"', '""')
    note = f'\t"{quoted}"\n' if comment else ""
    return f"{{ #category : #'{category}' }}\n{receiver} >> {pattern} [\n{note}\t{body}\n]\n"


def sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith(".") else ".")


def unique(selectors: list[str], where: str, peripheral: Peripheral) -> None:
    for selector in selectors:
        if selectors.count(selector) > 1:
            message = f"{where}: two names become the selector {selector}"
            raise ChipError(message, "rename one of them in the SVD", file_of(peripheral))


def peripheral_class(peripheral: Peripheral) -> str:
    name = register_class_name(peripheral)
    file = file_of(peripheral)
    arrays = long_arrays(peripheral)
    single = [each for each in peripheral.registers if each.family not in arrays]
    unique([*(selector_for(each.name, file=file) for each in single), *arrays], peripheral.name, peripheral)
    viewed = [register for register in single if register.fields]
    methods = [line for register in single for line in accessors(name, register)]
    methods += [line for registers in arrays.values() for line in indexed_accessors(name, registers)]
    if viewed:
        body = ".\n\t".join(
            f"{selector_for(register.name)} := {view_class_name(peripheral, register)} "
            f"at: wordAddress * 4 + 16r{register.offset:X}"
            for register in viewed
        )
        methods.insert(0, method(name, "private", "makeViews", body))
    comment = f"I am the registers of a peripheral of type {peripheral.type_name}: {sentence(peripheral.description)}"
    if viewed:
        comment += "\nMy variables are views of the registers that have fields."
    return tonel(name, "Registers", comment, [selector_for(register.name) for register in viewed], methods)


def long_arrays(peripheral: Peripheral) -> dict[str, list[Register]]:
    """The arrays, by the name without the index, that have accessors with an index: long ones, without fields."""
    families: dict[str, list[Register]] = {}
    for register in peripheral.registers:
        if len(register.indices) == 1 and not register.fields:
            families.setdefault(register.family, []).append(register)
    return {family: found for family, found in families.items() if len(found) > LONGEST_LIST}


def indexed_accessors(name: str, registers: list[Register]) -> Iterator[str]:
    """A pair for all of an array; the index is the manual's, from 0."""
    first, second = registers[:2]
    selector = selector_for(first.family) + "At: index"
    place = f"(self check: index below: {len(registers)}) * {second.offset - first.offset} + 16r{first.offset:X}"
    note = sentence(f"{first.family}: {first.description}" if first.description else first.family)
    if first.is_readable:
        yield method(name, "registers", selector, f"^ self wordAt: {place}", note)
    if first.is_writable:
        yield method(name, "registers", f"{selector} put: anInteger", f"^ self wordAt: {place} put: anInteger", note)


def accessors(name: str, register: Register) -> Iterator[str]:
    selector = selector_for(register.name)
    note = sentence(f"{register.name}: {register.description}" if register.description else register.name)
    if register.fields:
        yield method(name, "registers", selector, f"^ {selector}", note)
    elif register.is_readable:
        body = direct(READ_WORD, register) + f"^ self wordAt: 16r{register.offset:X}"
        yield method(name, "registers", selector, body, note)
    if register.is_writable:
        body = direct(WRITE_WORD, register) + f"^ self wordAt: 16r{register.offset:X} put: anInteger"
        yield method(name, "registers", f"{selector}: anInteger", body, note)


def direct(primitives: range, register: Register) -> str:
    """The primitive of an accessor: there is one for each of the first words of a peripheral."""
    number, rest = divmod(register.offset, 4)
    return f"<primitive: {primitives[number]}>\n\t" if not rest and number < len(primitives) else ""


def view_class(peripheral: Peripheral, register: Register) -> str:
    name = view_class_name(peripheral, register)
    selectors = [selector_for(each.name, TAKEN_IN_VIEWS, file_of(peripheral)) for each in register.fields]
    unique(selectors, f"{peripheral.name} {register.name}", peripheral)
    methods = [line for each in register.fields for line in field_accessors(name, register, each)]
    comment = (
        f"I am the register {common_name(register)} of a peripheral of type {peripheral.type_name}, field by field."
    )
    return tonel(name, "RegisterView", comment, [], methods)


def field_accessors(name: str, register: Register, field: Field) -> Iterator[str]:
    selector = selector_for(field.name, TAKEN_IN_VIEWS)
    note = sentence(f"{field.name}: {field.description}" if field.description else field.name)
    is_bit = field.width == 1
    bits = f"bit: {field.lsb}" if is_bit else f"bitsFrom: {field.lsb} width: {field.width}"
    if register.is_readable and field.access != "write-only":
        yield method(name, "fields", selector, reading(field), note)
    if register.is_writable and field.access != "read-only":
        argument = "aBoolean" if is_bit else "anInteger"
        put = "put" if register.is_readable else "alonePut"
        yield method(name, "fields", f"{selector}: {argument}", f"self {bits} {put}: {argument}", note)


def reading(field: Field) -> str:
    """The body of a field's accessor. One bit is a primitive; the lowest bits need no shift."""
    if field.width == 1:
        return f"<primitive: {VIEW_BIT[field.lsb]}>\n\t^ self bit: {field.lsb} at: 0"
    if field.lsb == 0:
        return f"^ self value bitAnd: 16r{(1 << field.width) - 1:X}"
    return f"^ self bitsFrom: {field.lsb} width: {field.width}"


def chip_class(chip: Chip) -> str:
    rows = "\n\t\t".join(
        f"({peripheral.name} {register_class_name(peripheral)} 16r{peripheral.base // 4:X} "
        f"({' '.join(map(str, peripheral.lines))}))"
        for peripheral in chip.peripherals
    )
    methods = [
        method("Chip class", "accessing", "name", f"^ '{chip.name.replace(chr(39), chr(39) * 2)}'"),
        method(
            "Chip class",
            "accessing",
            "peripherals",
            f"^ #(\n\t\t{rows} )",
            "Answer rows of name, class of the registers, word address (a quarter of the base address) and lines.",
        ),
    ]
    for name, hertz in chip.clocks.items():
        methods.append(method("Chip class", "clocks", f"{selector_for(name)}Hertz", f"^ {hertz}"))
    return tonel("Chip", "Object", "I know what the chip has: its peripherals and its clocks.", [], methods)
