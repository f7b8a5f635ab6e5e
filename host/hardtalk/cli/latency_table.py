"""What `hardtalk latency` shows and writes: the table, the break-down of the worst, what ran then, the raw figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board
from hardtalk.cli.source_map import SourceMap
from hardtalk.cli.sources import source_line
from hardtalk.latency.distribution import P99, P99_9, Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.report.durations import microseconds
from hardtalk.report.figures import Report

FORM = "smalltalk"
COLUMNS = ("line", "form", "load", "n", "min", "median", "p99", "p99.9", "max", "deadline", "misses")
TEXT_COLUMNS = 3


@dataclass(frozen=True)
class Row:
    """What was measured on one line under one load."""

    line: str
    load: str
    interrupts: list[Interrupt]

    @property
    def distribution(self) -> Distribution:
        return Distribution.of(each.latency for each in self.interrupts)

    @property
    def worst(self) -> Interrupt:
        """The first of the longest."""
        return max(self.interrupts, key=lambda each: each.latency)


def latency_table(
    rows: list[Row], source_map: SourceMap, board: Board, deadline_cycles: int, seed: int
) -> Iterator[RenderableType]:
    hertz = board.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if index < TEXT_COLUMNS else "right", no_wrap=True)
    for row in rows:
        spread = row.distribution
        times = (
            spread.min,
            spread.median,
            spread.percentile(P99),
            spread.percentile(P99_9),
            spread.max,
            deadline_cycles,
        )
        table.add_row(
            row.line,
            "Smalltalk",
            row.load,
            f"{len(spread):,}",
            *(microseconds(cycles, hertz) for cycles in times),
            f"{spread.misses(deadline_cycles):,}",
        )
    yield table
    worst_row = max(rows, key=lambda row: row.worst.latency)
    worst = worst_row.worst
    yield Text(f"worst: {worst.latency:,} cycles on {worst_row.line} under {worst_row.load} = {sum_of_parts(worst)}")
    yield Text(f"was in: {activity(source_map, worst)}")
    yield Text(f"model: {board.model}, {hertz // 10**6} MHz, caches always hit   seed {seed}   no bound is proven yet")


def sum_of_parts(interrupt: Interrupt) -> str:
    return " + ".join(f"{part} {cycles:,}" for part, cycles in interrupt.parts.items())


def activity(source_map: SourceMap, interrupt: Interrupt) -> str:
    """What the machine did when the line was raised: the Smalltalk method and line, and the ARM routine and line."""
    symbol = source_map.symbol_at(interrupt.program_counter)
    text = f"{symbol.name} " if symbol is not None else ""
    place = source_map.arm_place(interrupt.program_counter)
    text += f"({place}) " if place is not None else f"at {interrupt.program_counter:#x} "
    method = source_map.method_at(interrupt.bytecode_pointer)
    if method is None:
        return text.strip()
    smalltalk = method.place(interrupt.bytecode_pointer)
    line = source_line(smalltalk)
    text += f"for {method.name} ({smalltalk})"
    return f"{text}: {line.strip()}" if line else text


def latency_report(rows: list[Row], model: str, load: str, seed: int, firmware: str, deadline_cycles: int) -> Report:
    """The fixed figures over everything measured, then those of each line and load, then the parts of the worst."""
    report = Report("latency", model, load, seed, firmware)
    everything = [each for row in rows for each in row.interrupts]
    add_distribution(report, FORM, everything, deadline_cycles)
    for row in rows:
        add_distribution(report, f"{FORM}.{row.line}.{row.load}", row.interrupts, deadline_cycles)
    worst = max(everything, key=lambda each: each.latency)
    for part, cycles in worst.parts.items():
        report.add(f"{FORM}.worst.{part.replace(' ', '_')}.cycles", cycles, "cycles")
    report.add("deadline.cycles", deadline_cycles, "cycles")
    return report


def add_distribution(report: Report, name: str, interrupts: list[Interrupt], deadline_cycles: int) -> None:
    spread = Distribution.of(each.latency for each in interrupts)
    report.add(f"{name}.max.cycles", spread.max, "cycles")
    report.add(f"{name}.p99.9.cycles", spread.percentile(P99_9), "cycles")
    report.add(f"{name}.p99.cycles", spread.percentile(P99), "cycles")
    report.add(f"{name}.median.cycles", spread.median, "cycles")
    report.add(f"{name}.min.cycles", spread.min, "cycles")
    report.add(f"{name}.count", len(spread), "interrupts")
    report.add(f"{name}.misses", spread.misses(deadline_cycles), "interrupts")
