"""CMSIS-SVD files to peripherals.

A strict reader of the part of CMSIS-SVD 1.3 that describes registers: an element it does not know is an error, since a
misspelt one would otherwise be a register that silently is not there. Two additions, both as vendor extensions (inside
`vendorExtensions` of the peripheral or directly in it): `lineFollows` names the REGISTER.FIELD that is the level of the
interrupt line. `groupName` is taken as the type: peripherals of one group share their registers' names.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from hardtalk.chip.description import Field, Peripheral, Register
from hardtalk.chip.xml_reader import Element, read_xml

ACCESSES = ("read-only", "write-only", "read-write")

# Elements by parent: those that mean something here, and those that are allowed and carry only documentation.
KNOWN = {
    "device": ("name", "width", "size", "access", "resetValue", "peripherals"),
    "peripherals": ("peripheral",),
    "peripheral": (
        "name",
        "groupName",
        "baseAddress",
        "size",
        "access",
        "resetValue",
        "addressBlock",
        "interrupt",
        "registers",
        "lineFollows",
        "vendorExtensions",
    ),
    "addressBlock": ("offset", "size"),
    "interrupt": ("name", "value"),
    "registers": ("register",),
    "register": (
        "name",
        "displayName",
        "addressOffset",
        "size",
        "access",
        "resetValue",
        "fields",
        "dim",
        "dimIncrement",
        "dimIndex",
    ),
    "fields": ("field",),
    "field": ("name", "bitOffset", "bitWidth", "bitRange", "lsb", "msb", "access"),
}
DOCUMENTATION = {
    "device": (
        "vendor",
        "vendorID",
        "series",
        "version",
        "description",
        "licenseText",
        "cpu",
        "headerSystemFilename",
        "headerDefinitionsPrefix",
        "addressUnitBits",
        "resetMask",
        "vendorExtensions",
    ),
    "peripheral": ("description", "version", "displayName", "prependToName", "headerStructName", "resetMask"),
    "addressBlock": ("usage", "protection"),
    "interrupt": ("description",),
    "register": (
        "description",
        "resetMask",
        "dataType",
        "modifiedWriteValues",
        "readAction",
        "protection",
        "writeConstraint",
    ),
    "field": ("description", "enumeratedValues", "modifiedWriteValues", "readAction", "writeConstraint"),
}


@dataclass(frozen=True)
class Defaults:
    """What a register inherits from the elements around it."""

    size: int = 32
    access: str = "read-write"
    reset: int = 0


def read_svd(file: Path) -> tuple[Peripheral, ...]:
    """The peripherals of one SVD file, in its order."""
    device = read_xml(file)
    if device.tag != "device":
        raise device.error(f"the root element is <{device.tag}>", "an SVD file's root element is <device>")
    check_children(device)
    defaults = defaults_of(device, Defaults())
    container = device.find("peripherals")
    if container is None:
        raise device.error("<device> has no <peripherals>", "describe at least one <peripheral>")
    check_children(container)
    peripherals: dict[str, Peripheral] = {}
    for element in container.children:
        peripheral = read_peripheral(element, defaults, peripherals, file)
        if peripheral.name in peripherals:
            raise element.error(
                f"peripheral {peripheral.name} is described twice", "give each peripheral its own <name>"
            )
        peripherals[peripheral.name] = peripheral
    return tuple(peripherals.values())


def read_peripheral(element: Element, defaults: Defaults, earlier: dict[str, Peripheral], file: Path) -> Peripheral:
    check_children(element)
    name = text_of(element, "name")
    base = number_of(element, "baseAddress")
    lines = tuple(read_line(each) for each in element.find_all("interrupt"))
    origin_name = element.attributes.get("derivedFrom")
    if origin_name is not None:
        if origin_name not in earlier:
            raise element.error(
                f"{name} is derived from {origin_name}, which is not described before it",
                f"put {origin_name} first; described so far: {', '.join(earlier) or 'none'}",
            )
        if element.find("registers") is not None:
            raise element.error(
                f"{name} is derived and has <registers> of its own", "remove derivedFrom or the <registers>"
            )
        origin = earlier[origin_name]
        described = optional_text(element, "description") or origin.description
        return replace(origin, name=name, base=base, lines=lines, description=described)
    defaults = defaults_of(element, defaults)
    block = element.find("addressBlock")
    if block is None:
        raise element.error(
            f"peripheral {name} has no <addressBlock>",
            "say how many bytes it occupies: <addressBlock><offset>"
            "0x0</offset><size>0x1000</size><usage>registers</usage></addressBlock>",
        )
    check_children(block)
    if number_of(block, "offset") != 0:
        raise block.error(
            f"the address block of {name} does not begin at offset 0", "move the offset into <baseAddress>"
        )
    container = element.find("registers")
    if container is None:
        raise element.error(f"peripheral {name} has no <registers>", "describe its registers, or use derivedFrom")
    check_children(container)
    registers: list[Register] = []
    for each in container.children:
        for register in read_register(each, defaults, name):
            check_against(register, registers, number_of(block, "size"), each, name)
            registers.append(register)
    peripheral = Peripheral(
        name=name,
        type_name=optional_text(element, "groupName") or name,
        base=base,
        size=number_of(block, "size"),
        lines=lines,
        registers=tuple(sorted(registers, key=lambda register: register.offset)),
        description=optional_text(element, "description"),
        file=file,
    )
    return replace(peripheral, line_follows=read_line_follows(element, peripheral))


def read_line(element: Element) -> int:
    check_children(element)
    return number_of(element, "value")


def read_line_follows(element: Element, peripheral: Peripheral) -> tuple[str, str] | None:
    extensions = element.find("vendorExtensions")
    follows = element.find("lineFollows") or (extensions.find("lineFollows") if extensions else None)
    if follows is None:
        return None
    register_name, _, field_name = follows.text.partition(".")
    try:
        peripheral.register(register_name).field(field_name)
    except KeyError as error:
        raise follows.error(
            f"<lineFollows>: {error.args[0]}", "write it as REGISTER.FIELD with names from this peripheral"
        ) from None
    if len(peripheral.lines) != 1:
        raise follows.error(
            f"{peripheral.name} has {len(peripheral.lines)} lines", "<lineFollows> needs exactly one <interrupt>"
        )
    return register_name, field_name


def read_register(element: Element, defaults: Defaults, peripheral: str) -> list[Register]:
    """One register, or as many as `dim` says, %s in its name replaced by the index."""
    check_children(element)
    defaults = defaults_of(element, defaults)
    name = text_of(element, "name")
    if defaults.size not in (8, 16, 32):
        raise element.error(f"{peripheral}.{name} is {defaults.size} bits wide", "registers are 8, 16 or 32 bits wide")
    fields: list[Field] = []
    container = element.find("fields")
    if container is not None:
        check_children(container)
        for each in container.children:
            bits = read_field(each, defaults.access, f"{peripheral}.{name}")
            if bits.lsb + bits.width > defaults.size:
                raise each.error(
                    f"field {bits.name} of {peripheral}.{name} ends at bit {bits.lsb + bits.width - 1}",
                    f"the register has bits 0 to {defaults.size - 1}",
                )
            for other in fields:
                if other.mask & bits.mask:
                    raise each.error(
                        f"fields {other.name} and {bits.name} of {peripheral}.{name} overlap",
                        "check bitOffset and bitWidth of both",
                    )
                if other.name == bits.name:
                    raise each.error(f"{peripheral}.{name} has two fields {bits.name}", "rename one of them")
            fields.append(bits)
    register = Register(
        name=name,
        display_name=optional_text(element, "displayName") or name,
        offset=number_of(element, "addressOffset"),
        width=defaults.size,
        access=defaults.access,
        reset=defaults.reset,
        fields=tuple(sorted(fields, key=lambda each: each.lsb)),
        description=optional_text(element, "description"),
    )
    if register.offset % (register.width // 8):
        raise element.error(
            f"{peripheral}.{name} is not aligned to its width", "use a multiple of its size as <addressOffset>"
        )
    if element.find("dim") is None:
        return [register]
    step = number_of(element, "dimIncrement")
    return [
        replace(
            register,
            name=name.replace("%s", str(index)),
            offset=register.offset + index * step,
            display_name=register.display_name.replace("%s", str(index)),
        )
        for index in range(number_of(element, "dim"))
    ]


def read_field(element: Element, access: str, register: str) -> Field:
    check_children(element)
    name = text_of(element, "name")
    if element.find("bitOffset") is not None:
        lsb = number_of(element, "bitOffset")
        width = number_of(element, "bitWidth") if element.find("bitWidth") is not None else 1
    elif element.find("bitRange") is not None:
        high, _, low = text_of(element, "bitRange").strip("[]").partition(":")
        if not (high.isdigit() and low.isdigit()):
            raise element.error(f"<bitRange> of {register}.{name} is not [high:low]", "write it as [7:4]")
        lsb, width = int(low), int(high) - int(low) + 1
    elif element.find("lsb") is not None:
        lsb = number_of(element, "lsb")
        width = number_of(element, "msb") - lsb + 1
    else:
        raise element.error(f"field {register}.{name} has no place", "give <bitOffset> and <bitWidth>")
    if width < 1:
        raise element.error(f"field {register}.{name} is {width} bits wide", "a field has at least one bit")
    return Field(name, lsb, width, optional_text(element, "access") or access, optional_text(element, "description"))


def check_against(register: Register, earlier: list[Register], size: int, element: Element, peripheral: str) -> None:
    end = register.offset + register.width // 8
    if end > size:
        raise element.error(
            f"{peripheral}.{register.name} lies outside the peripheral's {size:#x} bytes",
            "enlarge <addressBlock> or correct <addressOffset>",
        )
    for other in earlier:
        if other.name == register.name:
            raise element.error(f"{peripheral} has two registers {register.name}", "rename one of them")
        if register.offset < other.offset + other.width // 8 and other.offset < end:
            raise element.error(
                f"registers {other.name} and {register.name} of {peripheral} overlap at {register.offset:#x}",
                "correct the <addressOffset> of one of them",
            )


def check_children(element: Element) -> None:
    known = KNOWN[element.tag]
    allowed = known + DOCUMENTATION.get(element.tag, ())
    for child in element.children:
        if child.tag not in allowed:
            raise child.error(f"<{child.tag}> is not known inside <{element.tag}>", f"known there: {', '.join(known)}")


def defaults_of(element: Element, outer: Defaults) -> Defaults:
    access = optional_text(element, "access") or outer.access
    if access not in ACCESSES:
        raise element.error(f"access {access!r} is not supported", f"use one of {', '.join(ACCESSES)}")
    size = number_of(element, "size") if element.find("size") is not None else outer.size
    reset = number_of(element, "resetValue") if element.find("resetValue") is not None else outer.reset
    return Defaults(size, access, reset)


def optional_text(element: Element, tag: str) -> str:
    child = element.find(tag)
    return child.text if child is not None else ""


def text_of(element: Element, tag: str) -> str:
    text = optional_text(element, tag)
    if not text:
        raise element.error(
            f"<{element.tag}> {optional_text(element, 'name')} has no <{tag}>".replace("  ", " "), f"add <{tag}>"
        )
    return text


def number_of(element: Element, tag: str) -> int:
    text = text_of(element, tag)
    digits = "0b" + text[1:] if text.startswith("#") else text
    try:
        return int(digits, 0)
    except ValueError:
        child = element.find(tag) or element
        raise child.error(f"<{tag}> is not a number: {text}", "write it as 16, 0x10 or #10000") from None
