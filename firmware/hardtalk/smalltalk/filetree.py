"""Files of a FileTree package, as Squeak and older Pharo keep their sources: Lamp.class/properties.json is a class,
Lamp.class/instance/level..st a method of it, with its category as the first line; the class side is below class.

They come out as chunks, on the lines that they have in their file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

PROPERTIES: Final = "properties.json"
_FOLDERS: Final = (".class", ".extension")
_SIDES: Final = {"instance": "", "class": " class"}
_KINDS: Final = {
    "normal": "subclass:",
    "variable": "variableSubclass:",
    "bytes": "variableByteSubclass:",
    "words": "variableWordSubclass:",
    "weak": "weakSubclass:",
}


def is_class_folder(path: Path) -> bool:
    """Whether a folder holds a class, or what a package adds to one."""
    return path.suffix in _FOLDERS and (path / PROPERTIES).is_file()


def files_of(folder: Path) -> list[Path]:
    """The files of a class: its definition, then its methods by name."""
    first = [folder / PROPERTIES] if folder.suffix == ".class" else []
    return first + [each for side in _SIDES for each in sorted((folder / side).glob("*.st"))]


def chunks(path: Path, text: str) -> str:
    """The text of a file as chunks, when it is one of a FileTree package; as it is otherwise."""
    if path.name == PROPERTIES and path.parent.suffix == ".class":
        return _definition(text)
    folder = path.parent.parent
    if path.parent.name not in _SIDES or not is_class_folder(folder):
        return text
    category, _, source = text.partition("\n")
    head = f"{folder.stem}{_SIDES[path.parent.name]} methodsFor: {_string(category)}"
    return f"!{_doubled(head)}!\n{_doubled(source)} ! !\n"


def _definition(text: str) -> str:
    """Of a class with these properties. What is no such file stays as it is, for the reader of chunks to refuse."""
    try:
        properties = json.loads(text, strict=False)
        name, superclass = properties["name"], properties["super"]
        kind = _KINDS[properties.get("type", "normal")]
        variables, of_class, shared, pools = (
            " ".join(properties.get(each, [])) for each in ("instvars", "classinstvars", "classvars", "pools")
        )
        category = properties.get("category", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return text
    entry = (
        f"{superclass} {kind} #{name} instanceVariableNames: {_string(variables)} classVariableNames: {_string(shared)}"
        f" poolDictionaries: {_string(pools)} category: {_string(category)}"
    )
    class_side = f"{name} class instanceVariableNames: {_string(of_class)}!\n" if of_class else ""
    return f"{_doubled(entry)}!\n{class_side}"


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _doubled(text: str) -> str:
    return text.replace("!", "!!")
