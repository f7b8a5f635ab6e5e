"""Coverage in pytest: what the boards of a run did of the user's classes, here or in the workers of pytest-xdist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hardtalk.bench import Bench
from hardtalk.sunit.coverage import (
    NONE,
    FileCoverage,
    MethodCoverage,
    bytecode_watch,
    coverage,
    coverage_rows,
    merged,
)

WORKERS_KEY = "sunit_coverage"
"""Under which a worker of pytest-xdist tells what it covered."""


class BoardCoverage:
    """Of one board after the other."""

    def __init__(self) -> None:
        self._found: list[FileCoverage] = []
        self._finish: Callable[[], None] = _nothing

    def watch(self, bench: Bench, tests: Iterable[Path]) -> None:
        """This board from now on, and none before it; the files of `tests` are left out."""
        self._finish()
        watch, left_out = bytecode_watch(bench), tuple(tests)
        watch.__enter__()

        def finish() -> None:
            watch.__exit__(None, None, None)
            self._found += coverage(bench, watch, left_out)
            self._finish = _nothing

        self._finish = finish

    def add(self, plain: Sequence[Any]) -> None:
        """What a worker tells."""
        self._found += from_plain(plain)

    def files(self) -> list[FileCoverage]:
        """All that was found, the current board's with it."""
        self._finish()
        return merged(self._found)


def _nothing() -> None:
    pass


def as_plain(files: Iterable[FileCoverage]) -> list[Any]:
    """In lists, strings and numbers, which pytest-xdist carries."""
    return [
        [str(each.file), [[m.name, m.first, [[line, run] for line, run in m.lines]] for m in each.methods]]
        for each in files
    ]


def from_plain(plain: Sequence[Any]) -> list[FileCoverage]:
    """The reverse."""
    return [
        FileCoverage(
            Path(file),
            tuple(
                MethodCoverage(name, Path(file), first, tuple((line, run) for line, run in lines))
                for name, first, lines in methods
            ),
        )
        for file, methods in plain
    ]


def tell(files: Sequence[FileCoverage], reporter: pytest.TerminalReporter) -> None:
    """A line for each file, and one for all."""
    reporter.section("Smalltalk coverage")
    if not files:
        reporter.write_line(NONE)
        return
    rows = list(coverage_rows(files))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *counts, missing in rows:
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(counts, widths[1:], strict=False))]
        reporter.write_line("  ".join([*cells, missing]).rstrip())
