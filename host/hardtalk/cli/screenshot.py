"""`--screenshot FILE.png`: what is on the board's panel when the command ends, read out of its registers and memory."""

from pathlib import Path
from typing import Final

from hardtalk.board import Board
from hardtalk.board.panel import panel_of
from hardtalk.cli.picture_file import checked

WRITER: Final = {"Software": "hardtalk"}
"""No version and no date: the same picture gives the same bytes."""


def checked_png(path: Path | None) -> Path | None:
    """The path, before time is spent for it; UserError when it cannot be a PNG file."""
    return checked("--screenshot", path, (".png",), "a picture is written as PNG")


def write_screenshot(board: Board, path: Path | None) -> None:
    """Nothing without a path; BoardError when nothing is shown."""
    if path is not None:
        from matplotlib.image import imsave  # takes longer than a command that needs none should

        imsave(path, panel_of(board), metadata=WRITER)
