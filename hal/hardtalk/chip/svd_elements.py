"""The elements of CMSIS-SVD that are read here, and their texts as names, numbers and choices.

An element that is not known is an error, since a misspelt one would otherwise be a register that silently is not there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hardtalk.chip.xml_reader import Element

ACCESSES = ("read-only", "write-only", "read-write")
ARRAY = ("dim", "dimIncrement", "dimIndex")
BEHAVIOUR = ("modifiedWriteValues", "readAction")
DEFAULTS = ("size", "access", "resetValue")

# Elements by parent: those that mean something here, and those that are allowed and carry only documentation.
KNOWN = {
    "device": ("name", "width", *DEFAULTS, "peripherals"),
    "peripherals": ("peripheral",),
    "peripheral": (
        "name", "groupName", "baseAddress", *DEFAULTS, "addressBlock", "interrupt", "registers", "lineFollows",
        "vendorExtensions",
    ),
    "addressBlock": ("offset", "size"),
    "interrupt": ("name", "value"),
    "registers": ("register", "cluster"),
    "cluster": ("name", "addressOffset", *DEFAULTS, *ARRAY, "register", "cluster"),
    "register": (
        "name", "displayName", "addressOffset", *DEFAULTS, *ARRAY, *BEHAVIOUR, "fields", "actsOn", "vendorExtensions",
    ),
    "fields": ("field",),
    "field": ("name", "bitOffset", "bitWidth", "bitRange", "lsb", "msb", "access", *ARRAY, *BEHAVIOUR),
}  # fmt: skip
DOCUMENTATION = {
    "device": (
        "vendor", "vendorID", "series", "version", "description", "licenseText", "cpu", "headerSystemFilename",
        "headerDefinitionsPrefix", "addressUnitBits", "resetMask", "vendorExtensions",
    ),
    "peripheral": ("description", "version", "displayName", "prependToName", "headerStructName", "resetMask"),
    "addressBlock": ("usage", "protection"),
    "interrupt": ("description",),
    "cluster": ("description", "headerStructName", "resetMask", "protection"),
    "register": ("description", "resetMask", "dataType", "protection", "writeConstraint"),
    "field": ("description", "enumeratedValues", "writeConstraint"),
}  # fmt: skip

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Defaults:
    """What a register inherits from the elements around it."""

    size: int = 32
    access: str = "read-write"
    reset: int = 0


def check_children(element: Element) -> None:
    known = KNOWN[element.tag]
    allowed = known + DOCUMENTATION.get(element.tag, ())
    for child in element.children:
        if child.tag not in allowed:
            raise child.error(f"<{child.tag}> is not known inside <{element.tag}>", f"known there: {', '.join(known)}")


def defaults_of(element: Element, outer: Defaults) -> Defaults:
    size = number_of(element, "size") if element.find("size") is not None else outer.size
    reset = number_of(element, "resetValue") if element.find("resetValue") is not None else outer.reset
    return Defaults(size, access_of(element, outer.access), reset)


def access_of(element: Element, outer: str) -> str:
    access = optional_text(element, "access") or outer
    if access not in ACCESSES:
        raise element.error(f"access {access!r} is not supported", f"use one of {', '.join(ACCESSES)}")
    return access


def choice_of(element: Element, tag: str, default: Choice) -> Choice:
    """One of the values of an enumeration."""
    child = element.find(tag)
    if child is None:
        return default
    kind = type(default)
    try:
        return kind(child.text)
    except ValueError:
        raise child.error(
            f"<{tag}> {child.text!r} is not supported", f"use one of {', '.join(known_to(kind))}"
        ) from None


def known_to(kind: type[StrEnum]) -> list[str]:
    return [each.value for each in kind if each.value]


def extension_of(element: Element, tag: str) -> Element | None:
    """An addition of ours: directly in the element, or in its <vendorExtensions>."""
    extensions = element.find("vendorExtensions")
    return element.find(tag) or (extensions.find(tag) if extensions is not None else None)


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
        number = int(digits, 0)
    except ValueError:
        number = -1
    if number < 0:
        child = element.find(tag) or element
        raise child.error(f"<{tag}> is not a number: {text}", "write it as 16, 0x10 or #10000")
    return number
