"""What is in a firmware: its classes, for the prompt, and the folders of Smalltalk that studies add to it."""

import hashlib
from pathlib import Path

from hardtalk.build import BuildOptions
from hardtalk.build.sources import chip_of, class_paths, generated_classes, read_classes, text_root
from hardtalk.serial import ClassModel
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


def driver_names(options: BuildOptions) -> list[str]:
    """The classes below Device in a firmware built with these options."""
    superclasses = {each.name: each.superclass for each in class_definitions(options) if not each.is_extension}
    found = {"Device"}
    while more := {name for name, above in superclasses.items() if above in found} - found:
        found |= more
    return sorted(found - {"Device"})


def study_folder(study: str) -> Path:
    """The Smalltalk and Slang that a study adds to the firmware."""
    return text_root() / "host" / "firmware" / study
