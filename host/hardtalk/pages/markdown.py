"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with these heads; each row is a cell for each of them."""
    lines = [columns, ["---"] * len(columns), *([escaped(str(cell)) for cell in row] for row in rows)]
    assert all(len(line) == len(columns) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def escaped(text: str) -> str:
    """As a cell: a bar would end it, a line break the row."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: object) -> str:
    return f"`{text}`"


def span(numbers: range) -> str:
    """`1` or `1–5`."""
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
