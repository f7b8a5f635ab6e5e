"""The latency report as a page: the table of all lines and loads, then histogram and worst of each."""

from collections.abc import Sequence

from hardtalk.cli.boards import Bench
from hardtalk.cli.latency_activity import activity_at
from hardtalk.cli.latency_rows import Row, part_names
from hardtalk.cli.latency_table import COLUMNS, TEXT_COLUMNS, bin_cycles, circumstances, table_cells
from hardtalk.report.durations import microseconds
from hardtalk.report.histogram import svg_histogram
from hardtalk.report.page import Page


def latency_page(rows: Sequence[Row], bench: Bench, deadline_cycles: int, seed: int) -> Page:
    board = bench.board
    hertz = board.chip.cpu_hertz
    page = Page("Interrupt latencies")
    page.paragraph(
        "From the cycle in which a device raises its line to the handler's first access to the device, as the board "
        f"sees it. {circumstances(board)}; firmware {bench.firmware_hash}, seed {seed}."
    )
    missed = [number for number, row in enumerate(rows) if row.distribution.misses(deadline_cycles)]
    page.table(COLUMNS, [table_cells(row, deadline_cycles, hertz) for row in rows], range(TEXT_COLUMNS), missed)
    for row in rows:
        page.heading(row.title)
        page.picture(svg_histogram(row.distribution.histogram(bin_cycles(board)), row.title))
        page.heading("The worst, in cycles", level=3)
        cells = []
        for each in row.worst:
            activity = activity_at(bench.source_map, board, each)
            routine = f"{activity.routine} {activity.routine_place}".strip()
            method = f"{activity.method} {activity.method_place}".strip()
            parts = [f"{part:,}" for part in each.parts.values()]
            latency = f"{each.latency:,} ({microseconds(each.latency, hertz)})"
            cells.append([latency, *parts, routine, activity.bytecode, method, activity.source])
        names = ["latency", *part_names()]
        columns = [*names, "routine", "bytecode", "Smalltalk method", "line"]
        page.table(columns, cells, range(len(names), len(columns)))
    return page
