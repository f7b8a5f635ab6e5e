"""Compares figures with those of an earlier run, and tells which got worse.

Figures are deterministic, so any growth is a change and there is no tolerance. Figures of other circumstances (command,
model, load, seed, count) cannot be compared; that is an error and not a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hardtalk.report.errors import ReportedError
from hardtalk.report.figures import Report, read_report

COMPARED_CIRCUMSTANCES = ("command", "model", "load", "seed")
BIGGER_IS_WORSE = (
    ".max.cycles", ".p99.9.cycles", ".p99.cycles", ".median.cycles", ".min.cycles", ".misses", ".code.cycles",
    ".lost", ".stray", ".spurious", ".storms",
)  # fmt: skip
MUST_AGREE = (".count",)


class NotComparable(ReportedError):
    """The two reports were not made in the same circumstances."""

    def __init__(self, text: str) -> None:
        super().__init__(f"--baseline: {text}", "Measure the baseline with the same options.")


def read_baseline(path: Path) -> Report:
    """The figures of a file that --json made. Raises ReportedError for any other."""
    try:
        return read_report(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise ReportedError(f"--baseline {path}: no file of figures ({error})", "Make one with --json.") from error


@dataclass(frozen=True)
class Change:
    """A figure whose value is another one now."""

    name: str
    before: int
    after: int

    @property
    def is_worse(self) -> bool:
        return self.after > self.before

    def __str__(self) -> str:
        share = f" ({100 * (self.after - self.before) / self.before:+.1f} %)" if self.before else ""
        return f"{self.name}: {self.before:,} -> {self.after:,}{share}"


def changes(before: Report, after: Report, worse_if_bigger: Sequence[str] = BIGGER_IS_WORSE) -> list[Change]:
    """The figures, of those of which less is better, that differ. A figure that is missing now is NotComparable."""
    for name in COMPARED_CIRCUMSTANCES:
        if getattr(before, name) != getattr(after, name):
            raise NotComparable(f"the baseline's {name} is {getattr(before, name)}, not {getattr(after, name)}")
    now = {figure.name: figure.value for figure in after.figures}
    found = []
    for figure in before.figures:
        if figure.name.endswith(MUST_AGREE) and figure.value != now.get(figure.name):
            raise NotComparable(f"the baseline's {figure.name} is {figure.value}, not {now.get(figure.name, 'there')}")
        if not figure.name.endswith(tuple(worse_if_bigger)):
            continue
        if figure.name not in now:
            raise NotComparable(f"the baseline has {figure.name}, which was not measured")
        if now[figure.name] != figure.value:
            found.append(Change(figure.name, figure.value, now[figure.name]))
    return found
