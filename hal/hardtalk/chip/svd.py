"""CMSIS-SVD files to peripherals.

A strict reader of the part of CMSIS-SVD 1.3 that describes registers and what their bits do (hal/README.md has the
table). Two additions, both as vendor extensions (inside `vendorExtensions` or directly): `lineFollows` in a peripheral
names the REGISTER.FIELD that is the level of the interrupt line, `actsOn` in a register names the one whose bits a
write changes. `groupName` is taken as the type: peripherals of one group share their registers' names.
"""

from dataclasses import replace
from pathlib import Path

from hardtalk.chip.description import Peripheral
from hardtalk.chip.svd_arrays import Origins
from hardtalk.chip.svd_elements import (
    Defaults,
    check_children,
    defaults_of,
    extension_of,
    number_of,
    optional_text,
    text_of,
)
from hardtalk.chip.svd_registers import read_registers
from hardtalk.chip.xml_reader import Element, read_xml


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
    origins = Origins()
    for element in container.children:
        peripheral = read_peripheral(element, defaults, peripherals, origins, file)
        if peripheral.name in peripherals:
            raise element.error(
                f"peripheral {peripheral.name} is described twice", "give each peripheral its own <name>"
            )
        peripherals[peripheral.name] = peripheral
    return tuple(peripherals.values())


def read_peripheral(
    element: Element, defaults: Defaults, earlier: dict[str, Peripheral], origins: Origins, file: Path
) -> Peripheral:
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
    size = number_of(block, "size")
    peripheral = Peripheral(
        name=name,
        type_name=optional_text(element, "groupName") or name,
        base=base,
        size=size,
        lines=lines,
        registers=read_registers(container, defaults, name, size, origins),
        description=optional_text(element, "description"),
        file=file,
    )
    return replace(peripheral, line_follows=read_line_follows(element, peripheral))


def read_line(element: Element) -> int:
    check_children(element)
    return number_of(element, "value")


def read_line_follows(element: Element, peripheral: Peripheral) -> tuple[str, str] | None:
    follows = extension_of(element, "lineFollows")
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
