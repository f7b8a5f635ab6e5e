"""The JSON file of every measuring command: one shape, so that it can be read without knowing the command.

Figures are integers in the unit they were counted in; no rounded or derived text goes into the file.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

LONGEST_TEXT: Final = 4_000
FIGURE_FIELDS: Final = {"name": str, "value": int, "unit": str}
REPORT_FIELDS: Final = {
    "command": str, "model": str, "load": str, "seed": int, "firmware": str, "figures": list,
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    name: str
    value: int
    unit: str


@dataclass
class Report:
    """Figures with all that is needed to have them again: `firmware` is the hash of the ELF that gave them."""

    command: str
    model: str
    load: str
    seed: int
    firmware: str
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: int, unit: str) -> None:
        if any(figure.name == name for figure in self.figures):
            raise ValueError(f"figure {name} is already there")
        self.figures.append(Figure(name, value, unit))

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    def write(self, path: Path) -> None:
        path.write_text(self.text(), encoding="utf-8")


def read_report(text: str) -> Report:
    """The inverse of `Report.text`. Raises ValueError for what is none."""
    try:
        raw = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    fields = _checked(raw, "the file", REPORT_FIELDS)
    rows = [_checked(row, f"figure {number}", FIGURE_FIELDS) for number, row in enumerate(fields.pop("figures"), 1)]
    return Report(**fields, figures=[Figure(**row) for row in rows])


def _checked(raw: Any, place: str, fields: Mapping[str, type]) -> dict[str, Any]:
    """A table with just these fields."""
    if not isinstance(raw, dict) or raw.keys() != fields.keys():
        raise ValueError(f"{place} has not the fields {', '.join(fields)}")
    for name, kind in fields.items():
        if not isinstance(raw[name], kind) or isinstance(raw[name], bool):
            raise ValueError(f"{name} of {place} is no {kind.__name__}")
        if kind is str and len(raw[name]) > LONGEST_TEXT:
            raise ValueError(f"{name} of {place} has {len(raw[name]):,} characters")
    return raw
