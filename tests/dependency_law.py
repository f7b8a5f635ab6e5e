"""What modules really import, to be compared with the law of docs/packages.toml.

Every import statement counts, those inside functions and those for the type checker too: a late import is still a
dependency. So do the name of a module in a text and an attribute of the namespace itself. Relative imports are resolved
by the place of the module, so that packages may have packages inside.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardtalk.pages.packages import OURS, Package

ROOT: Final = Path(__file__).parents[1]
LOADERS: Final = ("import_module", "__import__", "find_spec", "run_module", "resolve_name", "locate", "find_loader")
"""Standard functions that import, or look for, what a text names."""
LAZY: Final = re.compile(rf"{OURS}\.\w+[\w.]*(:\w+)?")
"""A text that is a module's name, or begins one: whoever gets it may import that."""


@dataclass(frozen=True)
class Import:
    """`name` is the full name of what is imported, as far as it may be a module."""

    line: int
    name: str
    is_dynamic: bool = False

    @property
    def is_ours(self) -> bool:
        return self.name.split(".")[0] == OURS

    @property
    def package(self) -> str:
        """Below `hardtalk`; empty for the namespace itself, which holds nothing."""
        return (*self.name.split("."), "")[1]


@dataclass(frozen=True)
class Module:
    """`name` is the full name by its place; that of a package's `__init__` is the package's."""

    name: str
    source: str
    is_package: bool = False

    @property
    def package(self) -> str:
        return self.name.split(".")[1]

    @property
    def imports(self) -> Iterator[Import]:
        tree = ast.parse(self.source)
        loaders, ourselves = {*LOADERS}, {OURS}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, alias.name) for alias in node.names)
                ourselves |= {alias.asname for alias in node.names if alias.asname and alias.name == OURS}
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from (Import(node.lineno, f"{base}.{alias.name}") for alias in node.names)
                loaders |= {alias.asname for alias in node.names if alias.asname and alias.name in LOADERS}
        given: set[ast.expr] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called_name(node) in loaders:
                given |= {*node.args}
                yield Import(node.lineno, dynamic_name(node), is_dynamic=True)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ourselves:
                if not node.attr.startswith("__"):
                    yield Import(node.lineno, f"{OURS}.{node.attr}")
            elif isinstance(node, ast.Constant) and node not in given and LAZY.fullmatch(str(node.value)):
                yield Import(node.lineno, str(node.value).partition(":")[0])

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*kept, node.module] if node.module else kept)


def called_name(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def dynamic_name(node: ast.Call) -> str:
    """What a call imports; a name that is computed, or relative, might be one of ours."""
    argument = node.args[0] if node.args else None
    value = argument.value if isinstance(argument, ast.Constant) else None
    return value if isinstance(value, str) and not value.startswith(".") else OURS


def modules(folder: Path) -> Iterator[Module]:
    """All of a portion of the namespace, `folder/hardtalk`."""
    for path in sorted((folder / OURS).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        yield Module(".".join(parts[: len(parts) - is_package]), path.read_text(encoding="utf-8"), is_package)


def violations(found: Iterable[Module], law: Mapping[str, Package]) -> Iterator[str]:
    """Imports that the law does not allow, and permissions that no import uses."""
    used: set[tuple[str, str]] = set()
    for module in found:
        if module.package not in law:
            yield f"{module.name}: docs/packages.toml has no {module.package}"
            continue
        allowed = law[module.package]
        for each in module.imports:
            place = f"{module.name}:{each.line}"
            if each.is_ours and each.is_dynamic:
                yield f"{place}: imports what may be ours by name"
            elif each.is_ours and each.package:
                used.add((allowed.name, each.package))
                if each.package not in allowed.imports | {allowed.name}:
                    yield f"{place}: {OURS}.{allowed.name} may not import {OURS}.{each.package}"
            elif not each.is_ours and not each.is_dynamic:
                top = each.name.split(".")[0]
                used.add((allowed.name, top))
                if top not in allowed.others and top not in sys.stdlib_module_names:
                    yield f"{place}: {OURS}.{allowed.name} may not import {top}"
    for row in law.values():
        for name in sorted(row.imports | row.others):
            if (row.name, name) not in used:
                yield f"{OURS}.{row.name} may import {name} and does not"


def cycle(arrows: Mapping[str, Iterable[str]]) -> list[str]:
    """Some cycle of a graph; empty when there is none."""
    done: set[str] = set()

    def search(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in arrows.get(name, ()):
            found = search(target, [*path, name])
            if found:
                return found
        done.add(name)
        return []

    return next((found for name in arrows if (found := search(name, []))), [])


def module_arrows(found: Iterable[Module]) -> dict[str, set[str]]:
    """Which modules each module imports. Whoever imports from another package runs that one's `__init__` too."""
    by_name = {module.name: module for module in found}
    arrows: dict[str, set[str]] = {name: set() for name in by_name}
    for name, module in by_name.items():
        for each in module.imports:
            target = each.name if each.name in by_name else each.name.rpartition(".")[0]
            if target in by_name and target != name:
                arrows[name].add(target)
                outer = f"{OURS}.{each.package}"
                if each.package != module.package and outer in by_name:
                    arrows[name].add(outer)
    return arrows
