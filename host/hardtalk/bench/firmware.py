"""What is in a firmware: its classes, for the prompt, and the folders of Smalltalk that studies add to it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from hardtalk.build import BuildOptions
from hardtalk.build.sources import chip_of, class_paths, generated_classes, read_classes, text_root
from hardtalk.serial import ClassModel
from hardtalk.smalltalk.ast import Literal, Return
from hardtalk.smalltalk.tonel import ClassDefinition

HASH_DIGITS = 16


def class_definitions(options: BuildOptions) -> list[ClassDefinition]:
    """The classes in a firmware built with these options."""
    return [*read_classes(class_paths(options)), *generated_classes(chip_of(options))]


def class_model(options: BuildOptions) -> ClassModel:
    return ClassModel(class_definitions(options))


def firmware_hash(elf: bytes) -> str:
    """What figures name the firmware by."""
    return hashlib.sha256(elf).hexdigest()[:HASH_DIGITS]


@dataclass(frozen=True)
class DriverClass:
    """A class below Device, and the peripheral that it says it drives; "" for one that leaves it to its subclasses."""

    name: str
    peripheral: str


def driver_classes(options: BuildOptions) -> list[DriverClass]:
    """The drivers in a firmware built with these options, by name."""
    definitions = {each.name: each for each in class_definitions(options) if not each.is_extension}
    found = {"Device": ""}
    while more := [each for each in definitions.values() if each.superclass in found and each.name not in found]:
        for each in more:
            found[each.name] = peripheral_of(each) or found[each.superclass or ""]
    del found["Device"]
    return [DriverClass(name, found[name]) for name in sorted(found)]


def peripheral_of(definition: ClassDefinition) -> str:
    """What the class's own `peripheral` answers, where it is a literal."""
    for method in definition.methods:
        if method.class_side and method.selector == "peripheral":
            for each in method.node.statements:
                if isinstance(each, Return) and isinstance(each.value, Literal) and isinstance(each.value.value, str):
                    return str(each.value.value)
    return ""


def driver_names(options: BuildOptions) -> list[str]:
    """The classes below Device in a firmware built with these options."""
    return [each.name for each in driver_classes(options)]


def study_folder(study: str) -> Path:
    """The Smalltalk and Slang that a study adds to the firmware."""
    return text_root() / "host" / "firmware" / study
