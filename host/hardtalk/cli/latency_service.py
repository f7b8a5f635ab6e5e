"""What `hardtalk latency` shows beyond the first access: each handler's times, and who had the processor."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.cli.latency_table import COLUMNS, TEXT_COLUMNS, name_cells
from hardtalk.latency.distribution import Distribution
from hardtalk.latency.rows import Row
from hardtalk.report.durations import microseconds

HANDLER_COLUMNS = (
    *COLUMNS[:TEXT_COLUMNS], "run", "max", "share", "high", "period", "jitter", "polled", "drained", "foreign",
    "keeps up",
)  # fmt: skip
HANDLER_LEGEND = (
    "run: from waking the handler until it waits again, without what is more urgent, median and longest; high: the "
    "longest time the line stayed raised; period: the median; jitter: longest less shortest latency; polled, drained: "
    "interrupts whose line others lowered, or the handler while it served the one before; foreign: others' accesses "
    "while one waited; an overrun: the line was raised while the handler was busy"
)
PROCESS_COLUMNS = ("process", "share", "time", "turns", "longest")


def handler_cells(row: Row, hertz: int) -> list[str]:
    service = row.service
    spread = row.distribution
    return [
        *name_cells(row),
        time_of(service.run, hertz, is_longest=False),
        time_of(service.run, hertz),
        f"{service.share:.2%}",
        time_of(service.high, hertz),
        time_of(service.period, hertz, is_longest=False),
        microseconds(spread.max - spread.min, hertz),
        *(f"{count:,}" for count in (service.polled, service.drained, service.foreign)),
        "yes" if service.keeps_up else f"{service.overruns:,} overruns",
    ]


def time_of(spread: Distribution | None, hertz: int, *, is_longest: bool = True) -> str:
    if spread is None:
        return "-"
    return microseconds(spread.max if is_longest else spread.median, hertz)


def process_cells(row: Row, hertz: int) -> list[list[str]]:
    total = sum(each.cycles for each in row.service.processes) or 1
    return [
        [
            each.name,
            f"{each.cycles / total:.2%}",
            microseconds(each.cycles, hertz),
            f"{each.turns:,}",
            microseconds(each.longest, hertz),
        ]
        for each in row.service.processes
    ]


def handler_lines(rows: Sequence[Row], hertz: int) -> Iterator[RenderableType]:
    """The table of all handlers, without the model when it is one for all, and what its columns mean."""
    first = 0 if len({row.model for row in rows}) > 1 else 1
    cells = [handler_cells(row, hertz)[first:] for row in rows]
    yield Text("")
    yield table_of(HANDLER_COLUMNS[first:], TEXT_COLUMNS - first, cells)
    yield Text(HANDLER_LEGEND)


def process_lines(rows: Sequence[Row], hertz: int) -> Iterator[RenderableType]:
    """A table of processes for each row."""
    for row in rows:
        yield Text("")
        yield Text(f"processes of {row.title}")
        yield table_of(PROCESS_COLUMNS, 1, process_cells(row, hertz))


def table_of(columns: Sequence[str], text_columns: int, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < text_columns else "right", no_wrap=True)
    for cells in rows:
        table.add_row(*cells)
    return table
