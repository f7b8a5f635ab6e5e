"""What `hardtalk latency` shows in the terminal: the table, histograms, the worst with what ran then."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board
from hardtalk.cli.latency_activity import activity_at
from hardtalk.cli.latency_rows import Row, spread_values, worst_of
from hardtalk.cli.source_map import SourceMap
from hardtalk.latency.interrupt import Interrupt
from hardtalk.report.durations import microseconds
from hardtalk.report.histogram import text_histogram

COLUMNS = ("line", "form", "load", "n", "min", "median", "p99", "p99.9", "max", "deadline", "misses")
TEXT_COLUMNS = 3
FORM_NAMES = {"smalltalk": "Smalltalk", "native": "native"}


def table_cells(row: Row, deadline_cycles: int, hertz: int) -> list[str]:
    spread = row.distribution
    return [
        row.line,
        FORM_NAMES.get(row.form, row.form),
        row.load,
        f"{len(spread):,}",
        *(microseconds(cycles, hertz) for cycles in spread_values(spread, deadline_cycles)),
        f"{spread.misses(deadline_cycles):,}",
    ]


def latency_table(
    rows: Sequence[Row], source_map: SourceMap, board: Board, deadline_cycles: int, seed: int
) -> Iterator[RenderableType]:
    hertz = board.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if index < TEXT_COLUMNS else "right", no_wrap=True)
    for row in rows:
        table.add_row(*table_cells(row, deadline_cycles, hertz))
    yield table
    row, worst = worst_of(rows)
    yield Text(f"worst: {worst.latency:,} cycles on {row.line} under {row.load} = {sum_of_parts(worst)}")
    yield Text(f"was in: {activity_at(source_map, board, worst)}")
    yield Text(f"{circumstances(board)}   seed {seed}   no bound is proven yet")


def circumstances(board: Board) -> str:
    return f"model: {board.model}, {board.chip.cpu_hertz // 10**6} MHz, {board.clock_model.caches.value}"


def histogram_lines(rows: Sequence[Row], board: Board) -> Iterator[Text]:
    """A histogram of each row, in bins of 1 µs."""
    for row in rows:
        yield Text("")
        yield Text(row.title)
        yield from map(Text, text_histogram(row.distribution.histogram(bin_cycles(board))))


def worst_lines(rows: Sequence[Row], source_map: SourceMap, board: Board) -> Iterator[Text]:
    """The worst of each row with their parts and what the machine was doing."""
    for row in rows:
        yield Text("")
        yield Text(f"the worst of {row.title}, in cycles")
        for each in row.worst:
            yield Text(f"{each.latency:>8,} = {sum_of_parts(each)}")
            yield Text(f"           was in: {activity_at(source_map, board, each)}")


def bin_cycles(board: Board) -> int:
    """A microsecond."""
    return board.chip.cpu_hertz // 10**6


def sum_of_parts(interrupt: Interrupt) -> str:
    return " + ".join(f"{part} {cycles:,}" for part, cycles in interrupt.parts.items())
