"""Source text that a place in a firmware's line table names.

The table holds paths as the build wrote them; those of the project's own text are relative to its root.
"""

from functools import cache
from pathlib import Path

from hardtalk.build.sources import text_root
from hardtalk.symbols.source_map import Place


@cache
def lines_of(file: str) -> tuple[str, ...]:
    for path in (Path(file), text_root() / file):
        if path.is_file():
            return tuple(path.read_text(encoding="utf-8").splitlines())
    return ()


def source_line(place: Place) -> str | None:
    """The text of the line; None when the file is not at hand."""
    lines = lines_of(place.file)
    return lines[place.line - 1] if 0 < place.line <= len(lines) else None
