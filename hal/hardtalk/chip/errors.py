"""Errors in a chip description, told with the place in the file and what to do about it."""

from pathlib import Path


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
            text += f"\n{source}\n{' ' * (column - 1)}^"
        super().__init__(f"{text}\nremedy: {remedy}")
