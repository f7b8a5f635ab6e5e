"""Complaints about source text: where, what, and the remedy.

A method is compiled from its own text, which is part of a larger file. So a place in it is found from the file, the
line on which the text starts, and the `prefix` that stands before it on that first line (`Foo >> ` in Tonel).
"""

from __future__ import annotations

from typing import Final

WIDEST: Final = 400
"""Characters of a source line that are shown, and of a message, which may quote a name."""


class SourceError(Exception):
    """Source text that cannot be accepted. `line` and `column` count from 1; `str()` shows the line and a caret."""

    def __init__(self, file: str, line: int, column: int, source_line: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column
        self.source_line = source_line
        self.message = message
        self.remedy = remedy

    @classmethod
    def at(
        cls,
        source: str,
        offset: int,
        message: str,
        remedy: str = "",
        *,
        file: str = "<text>",
        line: int = 1,
        prefix: str = "",
    ) -> SourceError:
        """Complain about the character at `offset` of `source`, whose first line is line `line` of `file`."""
        offset = max(0, min(offset, len(source)))
        line_start = source.rfind("\n", 0, offset) + 1
        line_stop = source.find("\n", offset)
        source_line = source[line_start : line_stop if line_stop >= 0 else len(source)].rstrip("\r")
        column = offset - line_start + 1
        if line_start == 0:
            source_line = prefix + source_line
            column += len(prefix)
        return cls(file, line + source.count("\n", 0, offset), column, source_line, message, remedy)

    def __reduce__(self) -> tuple[type[SourceError], tuple[object, ...]]:
        return SourceError, (self.file, self.line, self.column, self.source_line, self.message, self.remedy)

    def as_warning(self) -> str:
        """The text, with the word in it that says that this is no mistake."""
        place = f"{self.file}:{self.line}:{self.column}: "
        return f"{place}warning: {str(self).removeprefix(place)}"

    def __str__(self) -> str:
        start = max(0, self.column - 1 - WIDEST // 2) if len(self.source_line) > WIDEST else 0
        shown, caret = self.source_line[start : start + WIDEST], self.column - 1 - start
        indent = "".join("\t" if character == "\t" else " " for character in shown[:caret]).ljust(caret)
        text = f"{self.file}:{self.line}:{self.column}: {shortened(self.message)}\n{shown}\n{indent}^"
        return f"{text}\n{self.remedy}" if self.remedy else text


def shortened(message: str) -> str:
    """The message without its middle when it quotes something very long."""
    half = WIDEST // 2
    return message if len(message) <= WIDEST else f"{message[:half]} … {message[-half:]}"
