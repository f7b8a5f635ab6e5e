"""The board that this process works on: the shipped one, or what a file of the user's makes of it.

Such a file says only what differs from `hal/board.toml`, and in `[parts]` what the user adds to the board. It is named
once for a process, in the environment, so that the processes which it starts work on the same board.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from hardtalk.chip.errors import ChipError

BOARD_VARIABLE: Final = "HARDTALK_BOARD"
PARTS: Final = "parts"
PART_KINDS: Final = ("driver", "svd", "device")
OPEN_TABLES: Final = ("clocks",)
"""Tables to which a user may add names."""


@dataclass(frozen=True)
class BoardParts:
    """What a board file adds: folders of classes, SVD files, Python files with simulated devices."""

    driver: tuple[Path, ...] = ()
    svd: tuple[Path, ...] = ()
    device: tuple[Path, ...] = ()


def users_board() -> Path | None:
    """The user's board file, if there is one."""
    name = os.environ.get(BOARD_VARIABLE)
    return Path(name) if name else None


def use_board(file: Path) -> None:
    """Work on the board that this file describes from now on. Raises ChipError when it is none."""
    read_parts(file)
    os.environ[BOARD_VARIABLE] = str(file.resolve())


def parts_of_board() -> BoardParts:
    """What the user's board file adds to the board."""
    file = users_board()
    return BoardParts() if file is None else read_parts(file)


def read_parts(file: Path) -> BoardParts:
    """The `[parts]` of a board file, whose paths are relative to it."""
    table = read_tables(file).get(PARTS, {})
    if not isinstance(table, dict):
        raise ChipError(f"{PARTS} is no table", "write [parts] and lists of paths below it", file)
    found = {}
    for kind, paths in table.items():
        if kind not in PART_KINDS:
            raise ChipError(f"{PARTS}.{kind} is not known", f"there are {', '.join(PART_KINDS)}", file)
        if not isinstance(paths, list) or not all(isinstance(each, str) for each in paths):
            raise ChipError(f"{PARTS}.{kind} is no list of paths", f'write {kind} = ["PATH"]', file)
        found[kind] = tuple(file.resolve().parent / each for each in paths)
    for kind, path in ((kind, path) for kind, paths in found.items() for path in paths):
        if not os.path.exists(path):  # Path.exists raises for a name that is too long
            raise ChipError(f"{PARTS}.{kind}: there is no {path}", "give paths relative to the board file", file)
    return BoardParts(**found)


def read_tables(file: Path) -> dict[str, Any]:
    """The TOML of a file."""
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise ChipError(f"cannot read the file: {error.strerror}", "give the path of a board file", file) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ChipError(
            f"byte {error.object[error.start]:#04x} is no UTF-8 text", "save the file as UTF-8", file, line, 1
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ChipError(str(error), "correct the TOML syntax", file) from error


def merged(shipped: Mapping[str, Any], own: Mapping[str, Any], file: Path, path: str = "") -> dict[str, Any]:
    """The shipped tables with what the user's say instead. Rows of a list of tables replace those of the same name.

    Raises ChipError for a key that the shipped tables do not have: it would be a misspelling without effect.
    """
    result = dict(shipped)
    for key, value in own.items():
        name = f"{path}{key}"
        if key == PARTS and not path:
            continue
        if key not in shipped and path.rstrip(".") not in OPEN_TABLES:
            there = (*shipped, PARTS) if not path else tuple(shipped)
            raise ChipError(f"{name} is not known", f"here can be {', '.join(there)}", file)
        before = shipped.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            result[key] = merged(before, value, file, f"{name}.")
        elif is_rows(before) and is_rows(value):
            result[key] = list({row["name"]: row for row in before + value}.values())
        else:
            result[key] = value
    return result


def is_rows(value: object) -> TypeGuard[list[dict[str, Any]]]:
    """Whether this is a list of tables that have names."""
    return isinstance(value, list) and all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in value)
