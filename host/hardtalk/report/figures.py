"""The JSON file of every measuring command: one shape, so that it can be read without knowing the command.

Figures are integers in the unit they were counted in; no rounded or derived text goes into the file.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


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
    """The inverse of `Report.text`."""
    raw = json.loads(text)
    figures = [Figure(**figure) for figure in raw.pop("figures")]
    return Report(**raw, figures=figures)
