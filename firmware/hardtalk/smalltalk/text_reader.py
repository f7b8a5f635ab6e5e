"""What the readers of source files share: a text, the place in it, and patterns that are matched there."""

import re
from typing import ClassVar, NoReturn

from hardtalk.smalltalk.errors import SourceError


class TextReader:
    """`space` is what lies between the parts of the text, and means nothing."""

    space: ClassVar[re.Pattern[str]]

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.offset = 0

    def fail(self, offset: int, message: str, remedy: str) -> NoReturn:
        """Raise SourceError for a place in the text."""
        raise SourceError.at(self.text, offset, message, remedy, file=self.file)

    def skip_space(self) -> None:
        match = self.space.match(self.text, self.offset)
        if match:
            self.offset = match.end()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The match of the pattern here, stepped over."""
        match = pattern.match(self.text, self.offset)
        if match:
            self.offset = match.end()
        return match
