"""Builds the firmware that a command's options ask for, and knows its classes for the prompt."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hardtalk.build import BuildOptions, BuildResult, build
from hardtalk.build.collectors import TREADMILL
from hardtalk.build.sources import chip_of, class_paths, generated_classes, read_classes
from hardtalk.serial import ClassModel
from hardtalk.smalltalk.tonel import ClassDefinition

HASH_DIGITS = 16


def options_for(
    drivers: Sequence[Path], svds: Sequence[Path], with_kernel_tests: bool = False, collector: str = TREADMILL
) -> BuildOptions:
    return BuildOptions(
        class_folders=tuple(dict.fromkeys(path.resolve() for path in drivers)),
        svd_paths=tuple(dict.fromkeys(path.resolve() for path in svds)),
        with_kernel_tests=with_kernel_tests,
        collector=collector,
    )


def build_firmware(drivers: Sequence[Path], svds: Sequence[Path], collector: str = TREADMILL) -> BuildResult:
    """The firmware with those folders of classes and those peripherals. Raises one of BUILD_ERRORS."""
    return build(options_for(drivers, svds, collector=collector))


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
