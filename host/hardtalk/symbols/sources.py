"""Source text that a place in a firmware's line table names.

Paths in the table are relative to the project's root, or to the folder of the user's classes that the file is in.
"""

from functools import cache
from pathlib import Path

from hardtalk.build.sources import text_root
from hardtalk.symbols.source_map import Place


@cache
def lines_of(file: str, folders: tuple[Path, ...] = ()) -> tuple[str, ...]:
    path = path_of(file, folders)
    return () if path is None else tuple(path.read_text(encoding="utf-8").splitlines())


def path_of(file: str, folders: tuple[Path, ...] = ()) -> Path | None:
    """Where it is; None when it is not at hand."""
    paths = (Path(file), text_root() / file, *(folder / file for folder in folders))
    return next((path for path in paths if path.is_file()), None)


def source_line(place: Place, folders: tuple[Path, ...] = ()) -> str | None:
    """The text of the line; None when the file is not at hand. `folders` are those of the user's classes."""
    lines = lines_of(place.file, folders)
    return lines[place.line - 1] if 0 < place.line <= len(lines) else None
