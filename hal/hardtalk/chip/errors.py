"""Errors in a chip description, told with the place in the file and what to do about it."""

from pathlib import Path
from typing import Final

WIDEST: Final = 200
"""Characters of a source line that are shown."""


def around(line: str, column: int) -> tuple[str, int]:
    """A line, cut on both sides when it is very long, and where the column is in that."""
    start = max(0, column - 1 - WIDEST // 2) if len(line) > WIDEST else 0
    return line[start : start + WIDEST], column - start


class ChipError(Exception):
    """What is wrong with an SVD file or a board file, where, and the remedy.

    `line` and `column` count from 1; 0 when the place is the file as a whole.
    """

    def __init__(self, message: str, remedy: str, file: Path | str, line: int = 0, column: int = 0, source: str = ""):
        self.message = message
        self.remedy = remedy
        self.file = str(file)
        self.line = line
        self.column = column
        place = f"{self.file}:{line}:{column}" if line else self.file
        text = f"{place}: {message}"
        if source:
            shown, caret = around(source, column)
            text += f"\n{shown}\n{' ' * (caret - 1)}^"
        super().__init__(f"{text}\nremedy: {remedy}")
