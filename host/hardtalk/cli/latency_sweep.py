"""`hardtalk latency sweep`: the line raised at every instruction of a window, whose maximum is then exact."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.cli.latency_table import FORM_NAMES, circumstances
from hardtalk.latency.activity import activity_at
from hardtalk.latency.interrupt import sum_of_parts
from hardtalk.latency.windows import Swept
from hardtalk.report.durations import microseconds


def print_sweep(swept: Sequence[Swept], deadline_cycles: int, console: Console) -> None:
    hertz = swept[0].bench.board.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("line", "form", "load", "points", "min", "median", "max", "misses")):
        table.add_column(column, justify="left" if index < 3 else "right")
    for each in swept:
        spread = each.spread
        times = (microseconds(cycles, hertz) for cycles in (spread.min, spread.median, spread.max))
        row = (each.recipe.line, FORM_NAMES[each.form], each.recipe.load.name)
        table.add_row(*row, f"{len(spread):,}", *times, f"{spread.misses(deadline_cycles):,}")
    console.print(table)
    for each in swept:
        print_worst(each, console)
    console.print(Text(f"{circumstances(swept[0].bench.board)}   a line raised at every instruction: exact for these"))


def print_worst(swept: Swept, console: Console) -> None:
    worst = swept.worst
    windows = ", ".join(f"{window.first:,} to {window.end - 1:,}" for window in swept.windows)
    title = f"{swept.recipe.line}, {swept.form} handler, under {swept.recipe.load.name}"
    interrupt = worst.interrupt
    console.print(Text(f"{title}: {len(swept.points):,} points, instructions {windows}"), soft_wrap=True)
    console.print(
        Text(f"worst: {interrupt.latency:,} cycles at instruction {worst.instruction:,} = {sum_of_parts(interrupt)}"),
        soft_wrap=True,
    )
    activity = activity_at(swept.bench.source_map, swept.bench.board, interrupt)
    console.print(Text(f"was in: {activity}"), soft_wrap=True)
