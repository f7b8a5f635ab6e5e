"""Where the user's files are that a firmware names relative to their folders, or to the project."""

from pathlib import Path

from hardtalk.bench import Bench
from hardtalk.build.sources import text_root


def users_file(bench: Bench, name: str) -> Path | None:
    """The file of that name in one of the folders given, if it is in one."""
    for folder in bench.options.class_folders:
        for root in (folder, text_root()):
            path = (root / name).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
    return None
