"""Files that a command writes at its end: whether it can is looked at before it begins."""

from pathlib import Path
from typing import Any

from cyclopts import Parameter

from hardtalk.cli.errors import UserError


def out_file(what: str, name: str | None = None) -> Parameter:
    """An option that says where something is written."""
    return Parameter(name=name, validator=can_be_written, help=what)


def can_be_written(_: Any, path: Path | None) -> None:
    """A validator of an option. Raises UserError when there is no place for the file."""
    if path is None:
        return
    if path.is_dir():
        raise UserError(f"{path}: this is a folder", "Give a file in it.")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}", "Make it, or give another place.")
