"""What `hardtalk latency` shows in the terminal: the table, counters, histograms, the worst with what ran then."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board
from hardtalk.board.cycles import MODELS
from hardtalk.latency.interrupt import sum_of_parts
from hardtalk.latency.proven import Proven
from hardtalk.latency.rows import Combination, Row, Trouble, spread_values, total_counts, worst_row
from hardtalk.report.durations import microseconds
from hardtalk.report.histogram import text_histogram

COLUMNS = ("model", "line", "form", "load", "n", "min", "median", "p99", "p99.9", "max", "deadline", "misses", "proven")
TEXT_COLUMNS = 4
PROVOKED = "With a method `provoke` the tool says when."
FORM_NAMES = {"smalltalk": "Smalltalk", "native": "native"}


def name_cells(row: Combination) -> list[str]:
    return [row.model, row.line, FORM_NAMES.get(row.form, row.form), row.load]


def table_cells(row: Row, deadline_cycles: int, hertz: int) -> list[str]:
    spread = row.distribution
    return [
        *name_cells(row),
        f"{len(spread):,}",
        *(microseconds(cycles, hertz) for cycles in spread_values(spread, deadline_cycles)),
        f"{spread.misses(deadline_cycles):,}",
        "-" if row.bound is None else microseconds(row.bound, hertz),
    ]


def trouble_cells(trouble: Trouble) -> list[str]:
    cells = [*name_cells(trouble), f"{trouble.served:,}"]
    return [*cells, trouble.kind.lower(), *["-"] * (len(COLUMNS) - len(cells) - 1)]


def latency_table(
    rows: Sequence[Row], hertz: int, deadline_cycles: int, seed: int, troubles: Sequence[Trouble] = ()
) -> Iterator[RenderableType]:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if index < TEXT_COLUMNS else "right", no_wrap=True)
    for row in rows:
        table.add_row(*table_cells(row, deadline_cycles, hertz))
    for each in troubles:
        table.add_row(*trouble_cells(each))
    yield table
    for form in dict.fromkeys(row.form for row in rows):
        row = worst_row(each for each in rows if each.form == form)
        worst = row.worst[0]
        yield Text(
            f"worst: {worst.interrupt.latency:,} cycles on {row.line}, {form} handler, under {row.load}, {row.model} = "
            f"{sum_of_parts(worst.interrupt)}"
        )
        yield Text(f"was in: {worst.activity}")
    yield from count_lines(rows)
    for line in dict.fromkeys(row.line for row in rows if not row.is_provoked):
        yield Text(f"{line}: its device raises the line when it wants to: the seed has no effect on that. {PROVOKED}")
    for model in dict.fromkeys(row.model for row in rows):
        yield Text(f"{circumstances_of(model, hertz)}   seed {seed}   the worst seen, no bound")


def trouble_lines(troubles: Sequence[Trouble]) -> Iterator[Text]:
    """The lines that were not served, and the loads that did not run, each with its reason; what has the same reason
    together."""
    for text in told_once(troubles):
        yield Text(text)


def told_once(troubles: Sequence[Trouble]) -> list[str]:
    together: dict[tuple[str, str], list[Trouble]] = {}
    for each in troubles:
        together.setdefault((each.kind, each.reason), []).append(each)
    return [
        f"{kind}: {same[0].title}{f' and {len(same) - 1} more rows' if len(same) > 1 else ''}: {reason}"
        for (kind, reason), same in together.items()
    ]


def count_lines(rows: Sequence[Row]) -> Iterator[Text]:
    """The counters of all rows together, and of each row in which something was not an ordinary delivery."""
    yield Text(f"counted: {total_counts(rows)}")
    for row in rows:
        if not row.counts.are_good:
            yield Text(f"NOT ALL DELIVERED: {row.title}: {row.counts}")


def circumstances(board: Board) -> str:
    return circumstances_of(board.model, board.chip.cpu_hertz)


def circumstances_of(model: str, hertz: int) -> str:
    return f"model: {model}, {hertz // 10**6} MHz, {MODELS[model].caches.value}"


def bound_lines(rows: Sequence[Row], found: Proven, hertz: int) -> Iterator[Text]:
    """What is proven beside the worst seen, and each row in which more was seen than is proven."""
    if found.problem:
        yield Text(f"nothing is proven: {found.problem}")
    for model, bounds in found.bounds.items():
        parts = ", ".join(f"{what} {cycles:,}" for what, cycles in bounds.figures.items())
        yield Text(f"proven, {model}: {parts} cycles, when no other line interrupts")
    for row in rows:
        if row.bound is not None and row.is_beyond_bound:
            seen, proven = (microseconds(cycles, hertz) for cycles in (row.distribution.max, row.bound))
            yield Text(f"LONGER THAN PROVEN: {row.title}: {seen}, proven {proven}")


def histogram_lines(rows: Sequence[Row], hertz: int) -> Iterator[Text]:
    """A histogram of each row, in bins of 1 µs."""
    for row in rows:
        yield Text("")
        yield Text(row.title)
        yield from map(Text, text_histogram(row.distribution.histogram(bin_cycles(hertz))))


def worst_lines(rows: Sequence[Row]) -> Iterator[Text]:
    """The worst of each row with their parts and what the machine was doing."""
    for row in rows:
        yield Text("")
        yield Text(f"the worst of {row.title}, in cycles")
        for each in row.worst:
            yield Text(f"{each.interrupt.latency:>8,} = {sum_of_parts(each.interrupt)}")
            yield Text(f"           was in: {each.activity}")


def bin_cycles(hertz: int) -> int:
    """A microsecond."""
    return hertz // 10**6
