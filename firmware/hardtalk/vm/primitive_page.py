"""docs/primitives.md from the table: `python -m hardtalk.vm.primitive_page > docs/primitives.md`."""

from __future__ import annotations

from collections.abc import Iterator

from hardtalk.vm.primitives import OWN_NUMBERS, PRIMITIVES, Primitive

HEAD = """# Primitives

A Smalltalk method whose first line is `<primitive: n>` runs the virtual machine's routine n; the rest of the method
runs only when that fails. This page is made from the table `hardtalk.vm.primitives` by
`python -m hardtalk.vm.primitive_page > docs/primitives.md`. A primitive without a routine always fails: its methods
are Smalltalk.
"""
COLUMNS = "| n | arguments | as used in Smalltalk | meaning |\n| --- | --- | --- | --- |"


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Hardtalk's own"
    yield COLUMNS
    yield from (_row(each) for each in PRIMITIVES if each.number in OWN_NUMBERS)
    yield "\n## Squeak V3's"
    yield COLUMNS
    yield from (_row(each) for each in PRIMITIVES if each.number not in OWN_NUMBERS)


def _row(row: Primitive) -> str:
    number = str(row.number) if len(row.numbers) == 1 else f"{row.numbers[0]}–{row.numbers[-1]}"
    arity = "any" if row.arity is None else str(row.arity)
    meaning = row.meaning if row.has_routine else f"no routine: {row.meaning}"
    return f"| {number} | {arity} | `{_escaped(row.used_by)}` | {_escaped(meaning)} |"


def _escaped(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
