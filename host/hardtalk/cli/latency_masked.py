"""`hardtalk latency masked`: each section in which IRQs are masked, its longest way by the code, the longest seen."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.cli import output
from hardtalk.cli.latency_table import circumstances_of
from hardtalk.latency.masked import MaskedRow
from hardtalk.report.durations import microseconds


def print_masked(rows: Sequence[MaskedRow], models: Sequence[str], hertz: int, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("section", "place", "instructions", "cycles", "", "seen", "longest", "", "under")):
        table.add_column(column, justify="left" if index in (0, 1, 8) else "right", no_wrap=True)
    for row in rows:
        table.add_row(*cells_of_row(row, hertz))
    output.wide_console().print(table)
    loops = {str(loop) for row in rows if row.section is not None for loop in row.section.loops if loop.bound}
    for text in sorted(loops):
        console.print(Text(text), soft_wrap=True)
    for row in rows:
        if not row.is_sound:
            console.print(Text(f"the code does not show what was seen from {row.start:#x}"), soft_wrap=True)
    console.print(Text("instructions and cycles: the longest way by the code, loops as often as their source allows;"))
    console.print(Text("  seen: how often executed; time asleep apart"))
    for model in models:
        console.print(Text(circumstances_of(model, hertz)))


def cells_of_row(row: MaskedRow, hertz: int) -> list[str]:
    section, longest = row.section, row.longest
    cells = [f"{row.start:#x}", "not in the code", "", "", ""]
    if section is not None:
        cells = [section.name, str(section.place or ""), "never ends", "", ""]
        if section.cycles is not None:
            time = microseconds(section.cycles, hertz)
            cells[2:] = [f"{section.instructions:,}", f"{section.cycles:,}", time]
    if longest is None:
        return [*cells, "-", "", "", ""]
    cell = longest.cell
    cycles = longest.seen.longest_cycles
    under = f"{cell.load.name}, {cell.line} {cell.form}, {cell.options.model}, to {longest.end}"
    return [*cells, f"{row.count:,}", f"{cycles:,}", microseconds(cycles, hertz), under]
