"""`--record FILE`: a film of the board's panel.

It is looked at 25 times a second of the board's time; a picture that differs from the one before is a frame.
Frames are kept as they are until the end, so a film has a limit; what comes behind it is left out, and that is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from hardtalk.board import Board, BoardError
from hardtalk.board.panel import panel_of
from hardtalk.cli.errors import UserError
from hardtalk.cli.picture_file import checked

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES: Final = (".png", ".gif")
FRAME_MS: Final = 40
MOST_FRAMES: Final = 1500


def checked_film(path: Path | None) -> Path | None:
    """The path, before time is spent for it; UserError when it can be no film."""
    return checked("--record", path, SUFFIXES, "a film is an animated PNG or GIF")


class Film:
    """Of a board, from now on until `write`."""

    def __init__(self, board: Board, path: Path) -> None:
        self.frames: list[Image] = []
        self.starts: list[int] = []
        self.is_cut = False
        self._board = board
        self._path = path
        self._last = b""
        board.clock.every(FRAME_MS * board.chip.cpu_hertz // 1000, self.take)

    def take(self) -> None:
        """A frame, when something is shown that was not shown before."""
        from PIL import Image  # takes longer than a command that needs none should

        try:
            picture = panel_of(self._board)
        except BoardError:
            return
        data = picture.tobytes()
        if data == self._last:
            return
        self._last = data
        if len(self.frames) == MOST_FRAMES:
            self.is_cut = True
            return
        self.frames.append(Image.fromarray(picture))
        self.starts.append(self._board.clock.cycles)

    def write(self) -> str:
        """The file; answers what became of it. UserError when nothing was shown."""
        from PIL import Image

        if not self.frames:
            raise UserError(f"--record {self._path}: nothing was shown", "show something: DisplayScreen current")
        size = max(each.width for each in self.frames), max(each.height for each in self.frames)
        sheets = [Image.new("RGB", size) for _ in self.frames]
        for sheet, frame in zip(sheets, self.frames, strict=True):
            sheet.paste(frame)
        ends = [*self.starts[1:], max(self._board.clock.cycles, self.starts[-1])]
        cycles_a_ms = self._board.chip.cpu_hertz // 1000
        durations = [max((end - start) // cycles_a_ms, FRAME_MS) for start, end in zip(self.starts, ends, strict=True)]
        sheets[0].save(self._path, save_all=True, append_images=sheets[1:], duration=durations, loop=0)
        cut = f"; what came after {MOST_FRAMES:,} was left out" if self.is_cut else ""
        return f"{self._path}: {len(self.frames):,} frames, {sum(durations) / 1000:.1f} s of the board's time{cut}"
