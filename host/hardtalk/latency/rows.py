"""What was measured, by model, line, form and load, and the figures made of it: JSON and CSV."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardtalk.board import Board
from hardtalk.latency.activity import Activity, activity_at
from hardtalk.latency.counts import COUNT_NAMES, Counts
from hardtalk.latency.distribution import P99, P99_9, Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.models import ALL_MODELS
from hardtalk.latency.service import Service
from hardtalk.latency.subjects import SMALLTALK
from hardtalk.report.figures import Report
from hardtalk.symbols.moment import Moment
from hardtalk.symbols.source_map import SourceMap

WORST_COUNT = 10
NOT_SERVED, NOT_MEASURED = "NOT SERVED", "NOT MEASURED"
CSV_COLUMNS = (
    "model", "line", "form", "load", "count", "min", "median", "p99", "p99.9", "max", "deadline", "misses", "bound",
    *COUNT_NAMES, "trouble",
)  # fmt: skip


@dataclass(frozen=True)
class Late:
    """One of the longest: its interrupt, and what the machine was doing when its line was raised."""

    interrupt: Interrupt
    activity: Activity


@dataclass(frozen=True)
class Combination:
    """What was measured; `form` is the handler's."""

    model: str
    line: str
    form: str
    load: str

    @property
    def title(self) -> str:
        return f"{self.line}, {self.form} handler, load {self.load}, {self.model}"


@dataclass(frozen=True)
class Row(Combination):
    """What was measured on one line under one load; `worst` are the longest, longest first.

    `driver` is the class that serves the line, `bound` what is proven of it in cycles, None where nothing is.
    """

    distribution: Distribution
    worst: tuple[Late, ...]
    counts: Counts = field(default_factory=Counts)
    driver: str = ""
    bound: int | None = None
    service: Service = field(default_factory=Service)
    is_provoked: bool = True
    """Whether the interrupts came when the generator said; else the device raised its line in its own time."""

    @property
    def is_beyond_bound(self) -> bool:
        return self.bound is not None and self.distribution.max > self.bound


@dataclass(frozen=True)
class Trouble(Combination):
    """A line that was not served as it should have been, or a load that did not run: why, and how many interrupts were
    served before."""

    reason: str
    served: int
    kind: str = NOT_SERVED


def worst_of(interrupts: Sequence[Interrupt], source_map: SourceMap, board: Board) -> tuple[Late, ...]:
    """The longest, longest first; of equals, the first that happened."""
    longest = sorted(interrupts, key=lambda each: (-each.latency, each.raised))[:WORST_COUNT]
    return tuple(Late(each, activity_at(source_map, board, each)) for each in longest)


def spread_values(spread: Distribution, deadline_cycles: int) -> tuple[int, ...]:
    """Everything that is a time, in the order of the columns from min to deadline."""
    return spread.min, spread.median, spread.percentile(P99), spread.percentile(P99_9), spread.max, deadline_cycles


def worst_row(rows: Iterable[Row]) -> Row:
    return max(rows, key=lambda each: each.distribution.max)


def total_counts(rows: Iterable[Row]) -> Counts:
    return sum((row.counts for row in rows), Counts())


def latency_report(
    rows: Sequence[Row],
    model: str,
    load: str,
    seed: int,
    firmware: str,
    deadline_cycles: int,
    troubles: Sequence[Trouble] = (),
) -> Report:
    """The fixed figures over each form, then those of each line and load, then the parts of the worst.

    With all models, each figure's name begins with its model.
    """
    report = Report("latency", model, load, seed, firmware)
    for name in dict.fromkeys(row.model for row in rows):
        add_model(report, figure_prefix(name, model), [row for row in rows if row.model == name], deadline_cycles)
    for each in troubles:
        prefix = figure_prefix(each.model, model)
        report.add(f"{prefix}{each.form}.{each.line}.{each.load}.served", each.served, "interrupts")
    report.add("deadline.cycles", deadline_cycles, "cycles")
    return report


def figure_prefix(name: str, model: str) -> str:
    """What stands before the figures of the model `name` in a report of `model`."""
    return f"{name}." if model == ALL_MODELS else ""


def add_model(report: Report, prefix: str, rows: Sequence[Row], deadline_cycles: int) -> None:
    forms = list(dict.fromkeys([SMALLTALK, *(row.form for row in rows)]))
    by_form = {form: own for form in forms if (own := [row for row in rows if row.form == form])}
    for form, own in by_form.items():
        everything = Distribution.of(cycles for row in own for cycles in row.distribution.cycles)
        add_distribution(report, f"{prefix}{form}", everything, deadline_cycles)
        add_counts(report, f"{prefix}{form}", total_counts(own))
    for row in rows:
        name = f"{prefix}{row.form}.{row.line}.{row.load}"
        add_distribution(report, name, row.distribution, deadline_cycles)
        add_counts(report, name, row.counts)
        add_service(report, name, row.service)
        if row.bound is not None:
            report.add(f"{name}.bound.cycles", row.bound, "cycles")
    for form, own in by_form.items():
        for part, cycles in worst_row(own).worst[0].interrupt.parts.items():
            report.add(f"{prefix}{form}.worst.{part.replace(' ', '_')}.cycles", cycles, "cycles")


def add_distribution(report: Report, name: str, spread: Distribution, deadline_cycles: int) -> None:
    report.add(f"{name}.max.cycles", spread.max, "cycles")
    report.add(f"{name}.p99.9.cycles", spread.percentile(P99_9), "cycles")
    report.add(f"{name}.p99.cycles", spread.percentile(P99), "cycles")
    report.add(f"{name}.median.cycles", spread.median, "cycles")
    report.add(f"{name}.min.cycles", spread.min, "cycles")
    report.add(f"{name}.count", len(spread), "interrupts")
    report.add(f"{name}.misses", spread.misses(deadline_cycles), "interrupts")


def add_counts(report: Report, name: str, counts: Counts) -> None:
    for kind, value in zip(COUNT_NAMES, counts.values, strict=True):
        report.add(f"{name}.{kind}", value, "interrupts")


def add_service(report: Report, name: str, service: Service) -> None:
    for what, spread in (("run", service.run), ("high", service.high), ("period", service.period)):
        if spread is not None:
            report.add(f"{name}.{what}.median.cycles", spread.median, "cycles")
            report.add(f"{name}.{what}.max.cycles", spread.max, "cycles")
    report.add(f"{name}.share", round(service.share * 1_000_000), "millionths")
    for kind in ("polled", "drained", "foreign", "overruns"):
        report.add(f"{name}.{kind}", getattr(service, kind), "interrupts" if kind != "foreign" else "accesses")


def write_csv(rows: Sequence[Row], deadline_cycles: int, path: Path, troubles: Sequence[Trouble] = ()) -> None:
    """A line for each row; times in cycles. A trouble's has its reason and how many were served, and no times."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for row in rows:
            spread = row.distribution
            times = spread_values(spread, deadline_cycles)
            names = (row.model, row.line, row.form, row.load)
            bound = "" if row.bound is None else row.bound
            misses = spread.misses(deadline_cycles)
            writer.writerow([*names, len(spread), *times, misses, bound, *row.counts.values, ""])
        for each in troubles:
            known = {"model": each.model, "line": each.line, "form": each.form, "load": each.load}
            known |= {"count": str(each.served), "trouble": f"{each.kind}: {each.reason}"}
            writer.writerow([known.get(column, "") for column in CSV_COLUMNS])


def part_names() -> list[str]:
    return [moment.part for moment in Moment]
