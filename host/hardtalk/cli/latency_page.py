"""The latency report as a page: the table of all rows, the counters, then histogram and worst of each row."""

from collections.abc import Sequence

from hardtalk.cli.latency_service import (
    HANDLER_COLUMNS,
    HANDLER_LEGEND,
    PROCESS_COLUMNS,
    handler_cells,
    process_cells,
)
from hardtalk.cli.latency_table import (
    COLUMNS,
    TEXT_COLUMNS,
    bin_cycles,
    circumstances_of,
    name_cells,
    table_cells,
    told_once,
    trouble_cells,
)
from hardtalk.latency.counts import COUNT_NAMES
from hardtalk.latency.distribution import P99
from hardtalk.latency.rows import Row, Trouble, part_names
from hardtalk.report.comparison import Span, svg_comparison
from hardtalk.report.durations import microseconds
from hardtalk.report.histogram import svg_histogram
from hardtalk.report.page import Page

COMPARED = "Latencies of all rows"
NAME_COLUMNS = COLUMNS[:TEXT_COLUMNS]


def latency_page(
    rows: Sequence[Row],
    hertz: int,
    firmware: str,
    deadline_cycles: int,
    seed: int,
    made: str,
    troubles: Sequence[Trouble] = (),
) -> Page:
    """`made`: by which command, and when."""
    page = Page("Interrupt latencies")
    models_shown = dict.fromkeys(row.model for row in [*rows, *troubles])
    models = "; ".join(circumstances_of(model, hertz) for model in models_shown)
    page.paragraph(
        "From the cycle in which a device raises its line to the handler's first access to the device, as the board "
        f"sees it. {models}; firmware {firmware}, seed {seed}."
    )
    page.paragraph(made)
    if rows:
        page.picture(svg_comparison([span_of(row, hertz) for row in rows], deadline_cycles * 10**6 / hertz, COMPARED))
    missed = [number for number, row in enumerate(rows) if row.distribution.misses(deadline_cycles)]
    cells = [table_cells(row, deadline_cycles, hertz) for row in rows] + [trouble_cells(each) for each in troubles]
    page.table(COLUMNS, cells, range(TEXT_COLUMNS), [*missed, *range(len(rows), len(cells))])
    for text in told_once(troubles):
        page.lines(text)
    if not rows:
        return page
    page.heading("What became of the interrupts")
    page.paragraph("Raised and served: the measured line, as the board saw it. The others: counted by the firmware.")
    page.table(
        [*NAME_COLUMNS, *COUNT_NAMES],
        [[row.model, row.line, row.form, row.load, *(f"{value:,}" for value in row.counts.values)] for row in rows],
        range(TEXT_COLUMNS),
        [number for number, row in enumerate(rows) if not row.counts.are_good],
    )
    page.heading("The handlers")
    page.paragraph(HANDLER_LEGEND)
    behind = [number for number, row in enumerate(rows) if not row.service.keeps_up]
    page.table(HANDLER_COLUMNS, [handler_cells(row, hertz) for row in rows], range(TEXT_COLUMNS), behind)
    bins = max(len(row.distribution.histogram(bin_cycles(hertz))) for row in rows)
    for row in rows:
        add_row(page, row, hertz, bins)
    return page


def span_of(row: Row, hertz: int) -> Span:
    spread = row.distribution
    least, median, p99, most = (
        cycles * 10**6 / hertz for cycles in (spread.min, spread.median, spread.percentile(P99), spread.max)
    )
    proven = None if row.bound is None else row.bound * 10**6 / hertz
    return Span(" ".join(name_cells(row)), least, median, p99, most, proven)


def add_row(page: Page, row: Row, hertz: int, bins: int) -> None:
    page.heading(row.title)
    page.picture(svg_histogram(row.distribution.histogram(bin_cycles(hertz)), row.title, bins=bins))
    page.heading("Who had the processor", level=3)
    page.table(PROCESS_COLUMNS, process_cells(row, hertz))
    page.heading("The worst, in cycles", level=3)
    cells = []
    for each in row.worst:
        activity = each.activity
        latency = each.interrupt.latency
        cells.append([
            f"{latency:,} ({microseconds(latency, hertz)})",
            *(f"{part:,}" for part in each.interrupt.parts.values()),
            f"{activity.routine} {activity.routine_place}".strip(),
            activity.bytecode,
            f"{activity.method} {activity.method_place}".strip(),
            activity.source,
        ])  # fmt: skip
    names = ["latency", *part_names()]
    columns = [*names, "routine", "bytecode", "Smalltalk method", "line"]
    page.table(columns, cells, range(len(names), len(columns)))
