"""The packages and what each may import: docs/packages.toml, to which tests/test_dependency_law.py holds them."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from hardtalk.pages.markdown import code, table
from hardtalk.pages.writing import documentation_folder

LAW_FILE = "packages.toml"
OURS = "hardtalk"


@dataclass(frozen=True)
class Package:
    """What one package may import: `imports` of ours, `others` of those that are installed."""

    name: str
    folder: str
    purpose: str
    imports: frozenset[str]
    others: frozenset[str] = frozenset()


def packages() -> dict[str, Package]:
    """By name."""
    rows = tomllib.loads((documentation_folder() / LAW_FILE).read_text(encoding="utf-8"))
    return {
        name: Package(name, row["folder"], row["purpose"], frozenset(row["imports"]), frozenset(row.get("others", ())))
        for name, row in rows.items()
    }


def packages_section() -> str:
    return table(("folder", "package", "what it is", "may import", "of others"), _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    folder = ""
    for row in packages().values():
        shown = code(f"{row.folder}/") if row.folder != folder else ""
        folder = row.folder
        ours = ", ".join(map(code, sorted(row.imports))) or "nothing of ours"
        yield shown, code(f"{OURS}.{row.name}"), row.purpose, ours, ", ".join(map(code, sorted(row.others)))
