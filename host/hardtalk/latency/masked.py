"""Each section in which IRQs are masked: its longest way by the code, the longest that the cells of a plan saw."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from hardtalk.board.mask_watch import IRQ_VECTOR, MaskWatch, SeenSection
from hardtalk.bounds.masked import Section
from hardtalk.bounds.proof import Proof
from hardtalk.chip import default_chip
from hardtalk.latency.laboratory import NotServed
from hardtalk.latency.loaded_board import NotMeasured, Unmeasured, check_load, or_unmeasured, printed, start_load
from hardtalk.latency.matrix import Cell, booted, measure_interrupts
from hardtalk.latency.models import ARM926
from hardtalk.latency.subjects import subject_named
from hardtalk.report.figures import Report
from hardtalk.symbols.source_map import SourceMap
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, side_by_side


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
        if self.longest is None or self.section.cycles is None or self.longest.cell.options.model != ARM926:
            return True
        return self.longest.seen.longest_cycles <= self.section.cycles


def measure_masked(cell: Cell) -> list[SeenInCell]:
    """The sections that its run saw. Raises NotMeasured, and CutShort with those so far."""
    bench = booted(cell.options)
    subject = subject_named(bench, cell.line, cell.form)
    start_load(bench, subject, cell.load)
    is_cut = False
    with MaskWatch(bench.board) as watch:
        try:
            measure_interrupts(bench, subject, cell, tell)
        except CutShort:
            is_cut = True
        except NotServed as error:
            reason = "\n".join([*bench.console.device_failures, *printed(bench), str(error)])
            raise NotMeasured(f"load {cell.load.name}, {cell.line}: {reason}") from error
    if not is_cut:
        check_load(bench, cell.load)
    measured = replace(cell, form=subject.form)
    found = [SeenInCell(measured, seen, end_text(bench.source_map, seen.end)) for seen in watch.sections]
    if is_cut:
        raise CutShort([found])
    return found


def end_text(source_map: SourceMap, address: int) -> str:
    if address == IRQ_VECTOR:
        return "an IRQ that waited"
    symbol = source_map.symbol_at(address)
    return symbol.name if symbol is not None else f"{address:#x}"


def masked_rows(
    cells: Sequence[Cell], source_map: SourceMap, executor: Executor | None, progress: Callable[[int], None]
) -> list[MaskedRow | Unmeasured]:
    """A row for each section, in the order of the code; those that only the runs show come behind, and the loads under
    which nothing could be measured. Raises CutShort with the rows of what was seen by then when Control-C comes."""
    sections = {each.start: each for each in Proof(source_map, default_chip()).masked_sections}
    try:
        parts = side_by_side(partial(or_unmeasured, measure_masked), cells, executor, progress)
    except CutShort as cut:
        raise CutShort(rows_of(cut.done, sections)) from None
    return rows_of(parts, sections)


def rows_of(
    parts: Sequence[Sequence[SeenInCell] | Unmeasured], sections: Mapping[int, Section]
) -> list[MaskedRow | Unmeasured]:
    found = [each for part in parts if not isinstance(part, Unmeasured) for each in part]
    without = [part for part in parts if isinstance(part, Unmeasured)]
    starts = list(dict.fromkeys([*sections, *sorted(each.seen.start for each in found)]))
    rows = [
        MaskedRow(start, sections.get(start), tuple(each for each in found if each.seen.start == start))
        for start in starts
    ]
    return [*rows, *without]


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
    if section is not None and section.cycles is not None and section.instructions is not None:
        report.add(f"{name}.code.cycles", section.cycles, "cycles")
        report.add(f"{name}.code.instructions", section.instructions, "instructions")
    report.add(f"{name}.seen", row.count, "sections")
    if longest is not None:
        report.add(f"{name}.seen.max.cycles", longest.seen.longest_cycles, "cycles")
