"""The collectors that a firmware can be built with, and how the classes of one replace those of another.

The VM in `firmware/vm` has the treadmill. A folder of replacements holds, for another collector, whole classes, which
take the place of the VM's of the same name or are new, and extensions, whose methods take the place of the VM's of the
same class and selector. A class of the VM that had subclasses and keeps none is left out: it served what was replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition

TREADMILL: Final = "treadmill"
STOP_THE_WORLD: Final = "stop-the-world"
REPLACEMENT_FOLDERS: Final = {TREADMILL: None, STOP_THE_WORLD: "vm-stop-the-world"}
"""Folder below `firmware/` by the collector's name."""
REMEDY: Final = "Follow the virtual machine's change, or put what is new in a class of this folder."


class UnknownCollector(Exception):
    """A build was told to use a collector that there is not."""


def replacement_folder(collector: str) -> str | None:
    """The folder's name, None for the collector of the VM's own classes."""
    if collector not in REPLACEMENT_FOLDERS:
        raise UnknownCollector(f"{collector}: no such collector; one of {', '.join(REPLACEMENT_FOLDERS)}")
    return REPLACEMENT_FOLDERS[collector]


def with_replacements(
    classes: Sequence[ClassDefinition], replacements: Sequence[ClassDefinition]
) -> list[ClassDefinition]:
    """The VM's classes in their order with what replaces them, then the new ones."""
    if not replacements:
        return list(classes)
    whole = {each.name: each for each in replacements if not each.is_extension}
    extensions = {each.name: each for each in replacements if each.is_extension}
    names = {each.name for each in classes}
    result = [whole.get(each.name, each) for each in classes]
    result = [_extended(each, extensions.pop(each.name, None)) for each in result]
    for extension in extensions.values():
        raise SourceError(
            extension.file,
            extension.line,
            1,
            f"#{extension.name}",
            f"the virtual machine has no class {extension.name} to extend",
            REMEDY,
        )
    result += [each for name, each in whole.items() if name not in names]
    return _without_bereft(result, {str(each.superclass) for each in classes})


def _extended(definition: ClassDefinition, extension: ClassDefinition | None) -> ClassDefinition:
    if extension is None:
        return definition
    replacing = {(each.class_side, each.selector): each for each in extension.methods}
    methods: list[MethodDefinition] = []
    for each in definition.methods:
        methods.append(replacing.pop((each.class_side, each.selector), each))
    for method in replacing.values():
        raise SourceError.at(
            method.source,
            0,
            f"{definition.name} has no method {method.selector} to replace",
            REMEDY,
            file=method.file,
            line=method.line,
            prefix=f"{definition.name} >> ",
        )
    return replace(definition, methods=tuple(methods))


def _without_bereft(classes: list[ClassDefinition], superclasses: set[str]) -> list[ClassDefinition]:
    while True:
        inherited = {str(each.superclass) for each in classes}
        kept = [each for each in classes if each.name in inherited or each.name not in superclasses]
        if len(kept) == len(classes):
            return kept
        classes = kept
