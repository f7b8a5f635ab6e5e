"""The components of the virtual machine: what each is, by the first sentence of its class comment, and what it uses."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hardtalk.build.collectors import STOP_THE_WORLD, TREADMILL
from hardtalk.build.sources import text_root, vm_paths
from hardtalk.pages.markdown import code, table
from hardtalk.slang.components import Component, components_of
from hardtalk.smalltalk.tonel import read_class_file

SENTENCE = re.compile(r".+?\.(?=\s|$)", re.DOTALL)


def components_section() -> str:
    """A table for each folder; components of both collectors come once."""
    found: dict[Path, Component] = {}
    for collector in (TREADMILL, STOP_THE_WORLD):
        paths = vm_paths(collector)
        components = components_of([read_class_file(path) for path in paths])
        found |= {path: components[path.name.split(".")[0]] for path in paths}
    root = text_root()
    folders = sorted({path.parent for path in found})
    return "\n\n".join(
        f"### `{folder.relative_to(root)}`\n"
        + table(
            ("component", "what it is", "uses", "provides"),
            _rows({p: c for p, c in found.items() if p.parent == folder}),
        )
        for folder in folders
    )


def _rows(components: dict[Path, Component]) -> Iterator[tuple[str, str, str, str]]:
    for path in sorted(components):
        each = components[path]
        name = f"{code(each.name)} (interface)" if each.is_interface else code(each.name)
        yield name, first_sentence(each.definition.comment), _names(each.uses), _names(each.provides)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def first_sentence(comment: str) -> str:
    paragraph = comment.strip().split("\n\n")[0]
    found = SENTENCE.match(paragraph)
    return found[0] if found else paragraph
