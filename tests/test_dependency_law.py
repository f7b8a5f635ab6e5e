"""The dependency law of docs/architecture.md: which package lives in which folder and which of ours it may import.

Every import statement counts, those inside functions too: a late import is still a dependency.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Law:
    folder: str
    may_import: frozenset[str]


def law(folder: str, *may_import: str) -> Law:
    return Law(folder, frozenset(may_import))


COMPILERS = ("smalltalk", "arm", "vm", "slang", "image", "link", "chip", "registers")
LAWS = {
    "smalltalk": law("firmware"),
    "arm": law("firmware"),
    "vm": law("firmware", "smalltalk"),
    "slang": law("firmware", "smalltalk", "arm", "vm"),
    "image": law("firmware", "smalltalk", "vm", "chip"),
    "link": law("firmware", "arm", "vm", "slang", "image", "chip"),
    "build": law("firmware", *COMPILERS),
    "chip": law("hal"),
    "registers": law("hal", "chip"),
    "devices": law("emulator", "chip"),
    "board": law("emulator", "chip", "devices"),
    "serial": law("host", "smalltalk", "vm"),
    "latency": law("host", "board"),
    "report": law("host", "board"),
    "memory": law("host", "board", "vm"),
    "injection": law("host", "board", "memory", "latency"),
    "trace": law("host", "board"),
    "cli": law(
        "host", *COMPILERS, "build", "devices", "board", "serial", "latency", "report", "memory", "injection", "trace"
    ),
}
FOLDERS = sorted({each.folder for each in LAWS.values()})


def packages_found() -> list[tuple[str, str]]:
    return [
        (folder, path.name)
        for folder in FOLDERS
        for path in sorted((ROOT / folder / "hardtalk").iterdir())
        if path.is_dir() and any(path.rglob("*.py"))
    ]


def our_imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Answer (line, name of the package below `hardtalk`) of each import of ours in a module of that package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = [f"hardtalk.{package if node.level == 1 else node.module or package}"]
        elif isinstance(node, ast.ImportFrom) and node.module == "hardtalk":
            names = [f"hardtalk.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            if name.startswith("hardtalk."):
                yield node.lineno, name.split(".")[1]


def test_no_package_marker_breaks_the_namespace() -> None:
    assert not [folder for folder in FOLDERS if (ROOT / folder / "hardtalk" / "__init__.py").exists()]


@pytest.mark.parametrize(("folder", "package"), packages_found())
def test_package_is_in_its_folder_and_imports_only_what_it_may(folder: str, package: str) -> None:
    assert package in LAWS, f"{folder}/hardtalk/{package} is not in docs/architecture.md"
    assert LAWS[package].folder == folder
    allowed = LAWS[package].may_import | {package}
    broken = [
        f"{path.relative_to(ROOT)}:{line}: imports hardtalk.{imported}"
        for path in sorted((ROOT / folder / "hardtalk" / package).rglob("*.py"))
        for line, imported in our_imports(path.read_text(encoding="utf-8"), package)
        if imported not in allowed
    ]
    assert not broken, f"hardtalk.{package} may import {sorted(allowed)}:\n" + "\n".join(broken)


def test_law_has_no_cycle() -> None:
    order: list[str] = []
    while len(order) < len(LAWS):
        ready = [name for name in LAWS if name not in order and LAWS[name].may_import <= set(order)]
        assert ready, f"cycle among {sorted(set(LAWS) - set(order))}"
        order += ready


def test_documentation_names_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert not [name for name in LAWS if f"`hardtalk.{name}`" not in text]


def test_an_import_anywhere_in_a_module_is_seen() -> None:
    source = "import hardtalk.board.trace\ndef late():\n    from hardtalk import slang\n    from ..arm.x import y\n"
    assert sorted(our_imports(source, "devices")) == [(1, "board"), (3, "slang"), (4, "arm")]
