"""What was measured, by line, form and load, and the figures made of it: JSON and CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hardtalk.cli.latency_subjects import SMALLTALK
from hardtalk.latency.distribution import P99, P99_9, Distribution
from hardtalk.latency.interrupt import Interrupt, Moment
from hardtalk.report.figures import Report

WORST_COUNT = 10
CSV_COLUMNS = ("line", "form", "load", "count", "min", "median", "p99", "p99.9", "max", "deadline", "misses")


@dataclass(frozen=True)
class Row:
    """What was measured on one line under one load; `form` is the handler's."""

    line: str
    form: str
    load: str
    interrupts: list[Interrupt]

    @cached_property
    def distribution(self) -> Distribution:
        return Distribution.of(each.latency for each in self.interrupts)

    @cached_property
    def worst(self) -> list[Interrupt]:
        """The longest, longest first; of equals, the first that happened."""
        return sorted(self.interrupts, key=lambda each: (-each.latency, each.raised))[:WORST_COUNT]

    @property
    def title(self) -> str:
        return f"{self.line}, {self.form} handler, load {self.load}"


def spread_values(spread: Distribution, deadline_cycles: int) -> tuple[int, ...]:
    """Everything that is a time, in the order of the columns from min to deadline."""
    return spread.min, spread.median, spread.percentile(P99), spread.percentile(P99_9), spread.max, deadline_cycles


def worst_of(rows: Sequence[Row]) -> tuple[Row, Interrupt]:
    row = max(rows, key=lambda each: each.distribution.max)
    return row, row.worst[0]


def latency_report(
    rows: Sequence[Row], model: str, load: str, seed: int, firmware: str, deadline_cycles: int
) -> Report:
    """The fixed figures over each form, then those of each line and load, then the parts of the worst."""
    report = Report("latency", model, load, seed, firmware)
    forms = list(dict.fromkeys([SMALLTALK, *(row.form for row in rows)]))
    by_form = {form: [row for row in rows if row.form == form] for form in forms}
    for form, own in by_form.items():
        if own:
            everything = Distribution.of(each.latency for row in own for each in row.interrupts)
            add_distribution(report, form, everything, deadline_cycles)
    for row in rows:
        add_distribution(report, f"{row.form}.{row.line}.{row.load}", row.distribution, deadline_cycles)
    for form, own in by_form.items():
        if own:
            for part, cycles in worst_of(own)[1].parts.items():
                report.add(f"{form}.worst.{part.replace(' ', '_')}.cycles", cycles, "cycles")
    report.add("deadline.cycles", deadline_cycles, "cycles")
    return report


def add_distribution(report: Report, name: str, spread: Distribution, deadline_cycles: int) -> None:
    report.add(f"{name}.max.cycles", spread.max, "cycles")
    report.add(f"{name}.p99.9.cycles", spread.percentile(P99_9), "cycles")
    report.add(f"{name}.p99.cycles", spread.percentile(P99), "cycles")
    report.add(f"{name}.median.cycles", spread.median, "cycles")
    report.add(f"{name}.min.cycles", spread.min, "cycles")
    report.add(f"{name}.count", len(spread), "interrupts")
    report.add(f"{name}.misses", spread.misses(deadline_cycles), "interrupts")


def write_csv(rows: Sequence[Row], deadline_cycles: int, path: Path) -> None:
    """A line for each line and load; times in cycles."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for row in rows:
            spread = row.distribution
            times = spread_values(spread, deadline_cycles)
            writer.writerow([row.line, row.form, row.load, len(spread), *times, spread.misses(deadline_cycles)])


def part_names() -> list[str]:
    return [moment.part for moment in Moment]
