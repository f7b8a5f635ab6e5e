"""What registers, fields and peripherals are called in Smalltalk."""

import re
from pathlib import Path

from hardtalk.chip import ChipError, Peripheral, Register

UNUSABLE = frozenset({"self", "super", "nil", "true", "false", "thisContext", "class", "hash", "size", "yourself"})
"""Selectors that would not compile or would break every object."""
UNKNOWN_FILE = Path("chip description")
CLASS_SUFFIX = "Registers"
VIEW_SUFFIX = "Register"


def selector_for(name: str, taken: frozenset[str] = UNUSABLE, file: Path = UNKNOWN_FILE) -> str:
    """The unary selector of a register or field; `<selector>Bits` when the plain one is `taken`."""
    words = re.sub(r"[^A-Za-z0-9_]", "_", name)
    selector = words.lower() if words == words.upper() else words[:1].lower() + words[1:]
    if not selector[:1].isalpha():
        raise ChipError(f"{name} cannot be a Smalltalk name", "let the SVD's <name> start with a letter", file)
    return selector + "Bits" if selector in taken else selector


def class_word(name: str, file: Path = UNKNOWN_FILE) -> str:
    word = re.sub(r"[^A-Za-z0-9]", "", name)
    if not word[:1].isalpha():
        raise ChipError(f"{name} cannot be part of a class name", "let the SVD's <name> start with a letter", file)
    return word[0].upper() + word[1:]


def file_of(peripheral: Peripheral) -> Path:
    return peripheral.file or UNKNOWN_FILE


def register_class_name(peripheral: Peripheral) -> str:
    return class_word(peripheral.type_name, file_of(peripheral)) + CLASS_SUFFIX


def common_name(register: Register) -> str:
    """Of an array's registers the name without the index."""
    return register.family if register.indices else register.name


def view_class_name(peripheral: Peripheral, register: Register) -> str:
    """The class of a register with fields, which those of an array share; a register whose name begins with its type's
    is not named twice."""
    file = file_of(peripheral)
    prefix, name = class_word(peripheral.type_name, file), class_word(common_name(register), file)
    return (name if name.startswith(prefix) else prefix + name) + VIEW_SUFFIX
