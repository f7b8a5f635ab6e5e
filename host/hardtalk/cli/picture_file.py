"""The files for what is on the board's panel, looked at before time is spent for them."""

from __future__ import annotations

from pathlib import Path

from hardtalk.cli.errors import UserError


def checked(option: str, path: Path | None, suffixes: tuple[str, ...], rule: str) -> Path | None:
    """The path that was given with the option; UserError, with the rule, for another kind of file, or without its
    folder. A file is best named as the first of the suffixes."""
    if path is None:
        return None
    if path.suffix.lower() not in suffixes:
        raise UserError(f"{option} {path}: {rule}", f"name the file {path.stem}{suffixes[0]}")
    if not path.parent.is_dir():
        raise UserError(f"{option} {path}: there is no folder {path.parent}", "make it first")
    return path
