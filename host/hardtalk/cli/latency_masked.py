"""`hardtalk latency --masked`: each section in which IRQs are masked, its longest way by the code, the longest seen."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.board.mask_watch import IRQ_VECTOR, MaskWatch, SeenSection
from hardtalk.cli.latency_bench import start_load
from hardtalk.cli.latency_matrix import Cell, booted, measure_interrupts, side_by_side
from hardtalk.cli.latency_subjects import subject_named
from hardtalk.cli.latency_table import circumstances_of
from hardtalk.cli.masked_code import MaskedCode, Section
from hardtalk.cli.options import ARM926
from hardtalk.cli.source_map import SourceMap
from hardtalk.report.durations import microseconds
from hardtalk.report.figures import Report

WIDEST = 300


@dataclass(frozen=True)
class SeenInCell:
    """What a cell's run saw of a section. `end` tells where the longest one ended."""

    cell: Cell
    seen: SeenSection
    end: str


@dataclass(frozen=True)
class MaskedRow:
    """A section by the code and by the runs; `section` is None when the code does not show it, which is a defect."""

    start: int
    section: Section | None
    seen: tuple[SeenInCell, ...]

    @property
    def count(self) -> int:
        return sum(each.seen.count for each in self.seen)

    @property
    def longest(self) -> SeenInCell | None:
        return max(self.seen, key=lambda each: each.seen.longest_cycles, default=None)

    @property
    def is_sound(self) -> bool:
        """Whether the code shows the section, and, where the costs are the same, a way as long as those seen."""
        if self.section is None:
            return False
        if self.longest is None or not self.section.is_whole or self.longest.cell.options.model != ARM926:
            return True
        assert self.section.longest is not None
        return self.longest.seen.longest_cycles <= self.section.longest.cycles


def measure_masked(cell: Cell) -> list[SeenInCell]:
    bench = booted(cell.options)
    subject = subject_named(bench, cell.line, cell.form)
    start_load(bench, subject, cell.load)
    with MaskWatch(bench.board) as watch:
        measure_interrupts(bench, subject, cell)
    return [SeenInCell(cell, seen, end_text(bench.source_map, seen.end)) for seen in watch.sections]


def end_text(source_map: SourceMap, address: int) -> str:
    if address == IRQ_VECTOR:
        return "an IRQ that waited"
    symbol = source_map.symbol_at(address)
    return symbol.name if symbol is not None else f"{address:#x}"


def masked_rows(
    cells: Sequence[Cell], source_map: SourceMap, executor: Executor | None, progress: Callable[[int], None]
) -> list[MaskedRow]:
    """A row for each section, in the order of the code; those that only the runs show come last."""
    found = [each for part in side_by_side(measure_masked, cells, executor, progress) for each in part]
    sections = {each.start: each for each in MaskedCode(source_map).sections}
    starts = list(dict.fromkeys([*sections, *sorted(each.seen.start for each in found)]))
    return [
        MaskedRow(start, sections.get(start), tuple(each for each in found if each.seen.start == start))
        for start in starts
    ]


def print_masked(rows: Sequence[MaskedRow], models: Sequence[str], hertz: int, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("section", "place", "instructions", "cycles", "", "seen", "longest", "", "under")):
        table.add_column(column, justify="left" if index in (0, 1, 8) else "right", no_wrap=True)
    for row in rows:
        table.add_row(*cells_of_row(row, hertz))
    wide_console().print(table)
    loops = {str(loop) for row in rows if row.section is not None for loop in row.section.loops if loop.bound}
    for text in sorted(loops):
        console.print(Text(text), soft_wrap=True)
    for row in rows:
        if not row.is_sound:
            console.print(Text(f"the code does not show what was seen from {row.start:#x}"), soft_wrap=True)
    console.print(Text("instructions and cycles: the longest way by the code, loops as often as their source allows;"))
    console.print(Text("  + when a loop has no bound and counts once. seen: how often executed; time asleep apart"))
    for model in models:
        console.print(Text(circumstances_of(model, hertz)))


def wide_console() -> Console:
    """Standard output without a margin: the lines are as long as they are."""
    return Console(highlight=False, markup=False, emoji=False, width=WIDEST)


def cells_of_row(row: MaskedRow, hertz: int) -> list[str]:
    section, longest = row.section, row.longest
    cells = [f"{row.start:#x}", "not in the code", "", "", ""]
    if section is not None:
        cells = [section.name, str(section.place or ""), "never ends", "", ""]
        if section.longest is not None:
            more = "" if section.is_whole else "+"
            cells[2:] = [
                f"{section.longest.instructions:,}{more}",
                f"{section.longest.cycles:,}{more}",
                microseconds(section.longest.cycles, hertz) + more,
            ]
    if longest is None:
        return [*cells, "-", "", "", ""]
    cell = longest.cell
    cycles = longest.seen.longest_cycles
    under = f"{cell.load.name}, {cell.line} {cell.form}, {cell.options.model}, to {longest.end}"
    return [*cells, f"{row.count:,}", f"{cycles:,}", microseconds(cycles, hertz), under]


def masked_report(rows: Sequence[MaskedRow], report: Report) -> Report:
    """Figures by routine; a routine's second section has a 2 behind its name."""
    names: Counter[str] = Counter()
    for row in rows:
        routine = f"{row.start:#x}" if row.section is None else row.section.name
        names[routine] += 1
        add_figures(report, f"masked.{routine}" + (f".{names[routine]}" if names[routine] > 1 else ""), row)
    return report


def add_figures(report: Report, name: str, row: MaskedRow) -> None:
    section, longest = row.section, row.longest
    if section is not None and section.longest is not None:
        report.add(f"{name}.code.cycles", section.longest.cycles, "cycles")
        report.add(f"{name}.code.instructions", section.longest.instructions, "instructions")
        report.add(f"{name}.code.is_whole", int(section.is_whole), "truth")
    report.add(f"{name}.seen", row.count, "sections")
    if longest is not None:
        report.add(f"{name}.seen.max.cycles", longest.seen.longest_cycles, "cycles")
