"""The registers of one peripheral in an SVD file: clusters and arrays written out, fields, what their bits do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hardtalk.chip.description import Field, ReadAction, Register, WriteAction
from hardtalk.chip.svd_arrays import Copy, Origins, copies_of, family
from hardtalk.chip.svd_elements import (
    Defaults,
    access_of,
    check_children,
    choice_of,
    defaults_of,
    extension_of,
    number_of,
    optional_text,
    text_of,
)
from hardtalk.chip.xml_reader import Element

WIDTHS = (8, 16, 32)


@dataclass(frozen=True)
class Scope:
    """What lies around a register. `path` names it in the file, `prefix` and `family` begin its names."""

    path: tuple[str, ...]
    prefix: str = ""
    family: str = ""
    offset: int = 0
    indices: tuple[int, ...] = ()

    def inside(self, cluster: Element, copy: Copy) -> "Scope":
        template = text_of(cluster, "name")
        # A cluster called in capitals is set off; one in words runs on: CH0_CFG, Timer1Load.
        gap = "_" if template.replace("%s", "").isupper() else ""
        return Scope(
            (*self.path, template),
            self.prefix + copy.name(template) + gap,
            self.family + family(template) + gap,
            self.offset + number_of(cluster, "addressOffset") + copy.offset,
            self.with_number(copy),
        )

    def with_number(self, copy: Copy) -> tuple[int, ...]:
        return self.indices if copy.number is None else (*self.indices, copy.number)


def read_registers(
    container: Element, defaults: Defaults, peripheral: str, size: int, origins: Origins
) -> tuple[Register, ...]:
    """By offset. `size` is how many bytes the peripheral occupies."""
    check_children(container)
    found: list[Register] = []
    effects: list[tuple[Register, Element, Scope, Copy]] = []
    for element, register, scope, copy in registers_in(container, defaults, Scope((peripheral,)), origins):
        check_against(register, found, size, element, peripheral)
        found.append(register)
        effects.append((register, element, scope, copy))
    by_name = {register.name: register for register in found}
    connected = [
        replace(register, acts_on=target_of(register, element, scope, copy, by_name))
        for register, element, scope, copy in effects
    ]
    return tuple(sorted(connected, key=lambda register: register.offset))


def registers_in(
    container: Element, defaults: Defaults, scope: Scope, origins: Origins
) -> Iterator[tuple[Element, Register, Scope, Copy]]:
    for child in container.children:
        if child.tag not in ("register", "cluster"):
            continue
        element = origins.resolved(child, scope.path)
        check_children(element)
        for copy in copies_of(element):
            if element.tag == "cluster":
                inner = scope.inside(element, copy)
                yield from registers_in(element, defaults_of(element, defaults), inner, origins)
            else:
                yield element, read_register(element, defaults, scope, copy, origins), scope, copy


def read_register(element: Element, defaults: Defaults, scope: Scope, copy: Copy, origins: Origins) -> Register:
    defaults = defaults_of(element, defaults)
    template = text_of(element, "name")
    name = scope.prefix + copy.name(template)
    full_name = f"{scope.path[0]}.{name}"
    if defaults.size not in WIDTHS:
        raise element.error(f"{full_name} is {defaults.size} bits wide", "registers are 8, 16 or 32 bits wide")
    write_action = choice_of(element, "modifiedWriteValues", WriteAction.MODIFY)
    read_action = choice_of(element, "readAction", ReadAction.NONE)
    plain = Field("", 0, 1, defaults.access, write_action=write_action, read_action=read_action)
    register = Register(
        name=name,
        display_name=scope.prefix + copy.name(optional_text(element, "displayName") or template),
        offset=scope.offset + number_of(element, "addressOffset") + copy.offset,
        width=defaults.size,
        access=defaults.access,
        reset=defaults.reset,
        fields=read_fields(element, plain, full_name, defaults.size, (*scope.path, template), origins),
        description=optional_text(element, "description"),
        write_action=write_action,
        read_action=read_action,
        family=scope.family + family(template),
        indices=scope.with_number(copy),
    )
    if register.offset % (register.width // 8):
        raise element.error(f"{full_name} is not aligned to its width", "use a multiple of its size as <addressOffset>")
    if register.reset >> register.width:
        raise element.error(
            f"the <resetValue> of {full_name} has more than {register.width} bits", "make it fit the register's size"
        )
    return register


def read_fields(
    element: Element, plain: Field, register: str, width: int, path: tuple[str, ...], origins: Origins
) -> tuple[Field, ...]:
    """By place. `plain` has what a field takes over from its register."""
    container = element.find("fields")
    if container is None:
        return ()
    check_children(container)
    fields: list[Field] = []
    for child in container.children:
        described = origins.resolved(child, path)
        check_children(described)
        for copy in copies_of(described):
            bits = read_field(described, copy, plain, register)
            if bits.lsb + bits.width > width:
                raise child.error(
                    f"field {bits.name} of {register} ends at bit {bits.lsb + bits.width - 1}",
                    f"the register has bits 0 to {width - 1}",
                )
            for other in fields:
                if other.mask & bits.mask:
                    raise child.error(
                        f"fields {other.name} and {bits.name} of {register} overlap",
                        "check bitOffset and bitWidth of both",
                    )
                if other.name == bits.name:
                    raise child.error(f"{register} has two fields {bits.name}", "rename one of them")
            fields.append(bits)
    return tuple(sorted(fields, key=lambda each: each.lsb))


def read_field(element: Element, copy: Copy, plain: Field, register: str) -> Field:
    name = copy.name(text_of(element, "name"))
    lsb, width = place_of(element, f"{register}.{name}")
    if width < 1:
        raise element.error(f"field {register}.{name} is {width} bits wide", "a field has at least one bit")
    return Field(
        name,
        lsb + copy.offset,
        width,
        access_of(element, plain.access),
        optional_text(element, "description"),
        choice_of(element, "modifiedWriteValues", plain.write_action),
        choice_of(element, "readAction", plain.read_action),
    )


def place_of(element: Element, field: str) -> tuple[int, int]:
    """Lowest bit and width, in one of the three ways to say it."""
    if element.find("bitOffset") is not None:
        return number_of(element, "bitOffset"), number_of(element, "bitWidth") if element.find("bitWidth") else 1
    if element.find("bitRange") is not None:
        high, _, low = text_of(element, "bitRange").strip("[]").partition(":")
        if not (high.isdecimal() and low.isdecimal()):
            raise element.error(f"<bitRange> of {field} is not [high:low]", "write it as [7:4]")
        return int(low), int(high) - int(low) + 1
    if element.find("lsb") is not None:
        lsb = number_of(element, "lsb")
        return lsb, number_of(element, "msb") - lsb + 1
    raise element.error(f"field {field} has no place", "give <bitOffset> and <bitWidth>")


def target_of(
    register: Register, element: Element, scope: Scope, copy: Copy, by_name: dict[str, Register]
) -> str | None:
    """The register that writes act on: one beside it in its cluster, or any of the peripheral."""
    extension = extension_of(element, "actsOn")
    if extension is None:
        return None
    name = copy.name(extension.text)
    target = by_name.get(scope.prefix + name) or by_name.get(name)
    if target is None or target is register:
        raise extension.error(
            f"<actsOn>: {scope.path[0]} has no other register {name}", "name the register whose bits a write changes"
        )
    return target.name


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
