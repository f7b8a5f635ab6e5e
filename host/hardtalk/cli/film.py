"""`--record FILE`: a film of the board's panel.

It is looked at 25 times a second of the board's time. Of a compressed film a picture that differs from the one before
is a frame, and all are kept until the end; a raw one goes to its file at once. Either has a limit; what comes behind it
is left out, and that is told.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hardtalk.board import Board, BoardError
from hardtalk.board.panel import Bytes, panel_of
from hardtalk.cli.avi import AviFile
from hardtalk.cli.errors import UserError
from hardtalk.cli.picture_file import checked

if TYPE_CHECKING:
    from PIL.Image import Image

RAW_SUFFIX: Final = ".avi"
SUFFIXES: Final = (".png", ".gif", RAW_SUFFIX)
FRAME_MS: Final = 40
MOST_FRAMES: Final = 1500
"""Of a compressed film."""


def checked_film(path: Path | None) -> Path | None:
    """The path, before time is spent for it; UserError when it can be no film."""
    return checked("--record", path, SUFFIXES, "a film is an animated PNG or GIF, or a raw AVI")


def film_of(board: Board, path: Path | None) -> Film | None:
    """One that goes to that file, of the kind that its name says."""
    if path is None:
        return None
    return RawFilm(board, path) if path.suffix.lower() == RAW_SUFFIX else CompressedFilm(board, path)


class Film(ABC):
    """Of a board, from now on until `write`. Subclasses take what is shown and make a file of it."""

    def __init__(self, board: Board, path: Path) -> None:
        self.is_cut = False
        self._board = board
        self._path = path
        self._last = b""
        board.clock.every(FRAME_MS * board.chip.cpu_hertz // 1000, self._look)

    def write(self) -> str:
        """The file; answers what became of it. UserError when nothing was shown."""
        if not self._last:
            raise UserError(f"--record {self._path}: nothing was shown", "show something: DisplayScreen current")
        count, seconds = self._finish()
        cut = "; what came after them was left out" if self.is_cut else ""
        return f"{self._path}: {count:,} frames, {seconds:.1f} s of the board's time{cut}"

    def _look(self) -> None:
        try:
            picture = panel_of(self._board)
        except BoardError:
            picture = None
        data = self._last if picture is None else picture.tobytes()
        if picture is None or data == self._last:
            self._go_on()
        else:
            self._take(picture)
            self._last = data

    @abstractmethod
    def _go_on(self) -> None:
        """Nothing new is shown."""

    @abstractmethod
    def _take(self, picture: Bytes) -> None:
        """Something is shown that was not shown before."""

    @abstractmethod
    def _finish(self) -> tuple[int, float]:
        """Write the file, or its end; answers how many frames it has, and seconds."""


class CompressedFilm(Film):
    """An animated PNG or GIF. `frames`: pictures, each with the cycle from which on it was shown."""

    def __init__(self, board: Board, path: Path) -> None:
        self.frames: list[tuple[int, Image]] = []
        super().__init__(board, path)

    def _go_on(self) -> None:
        """The last frame lasts longer."""

    def _take(self, picture: Bytes) -> None:
        from PIL import Image  # takes longer than a command that needs none should

        self.is_cut = len(self.frames) == MOST_FRAMES
        if not self.is_cut:
            self.frames.append((self._board.clock.cycles, Image.fromarray(picture)))

    def _finish(self) -> tuple[int, float]:
        sheets, durations = sheets_of([frame for _, frame in self.frames]), self._durations()
        sheets[0].save(self._path, save_all=True, append_images=sheets[1:], duration=durations, loop=0)
        return len(sheets), sum(durations) / 1000

    def _durations(self) -> list[int]:
        """In milliseconds, one at least as long as the time between two looks."""
        starts = [start for start, _ in self.frames]
        ends = [*starts[1:], max(self._board.clock.cycles, starts[-1])]
        cycles_a_ms = self._board.chip.cpu_hertz // 1000
        return [max((end - start) // cycles_a_ms, FRAME_MS) for start, end in zip(starts, ends, strict=True)]


def sheets_of(frames: Sequence[Image]) -> list[Image]:
    """The frames, all of the size that the largest need."""
    from PIL import Image

    size = max(each.width for each in frames), max(each.height for each in frames)
    sheets = [Image.new("RGB", size) for _ in frames]
    for sheet, frame in zip(sheets, frames, strict=True):
        sheet.paste(frame)
    return sheets


class RawFilm(Film):
    """An uncompressed AVI, written as it goes: a frame for each look, of the size that was shown first."""

    def __init__(self, board: Board, path: Path) -> None:
        self._file: AviFile | None = None
        super().__init__(board, path)

    def _go_on(self) -> None:
        if self._file is not None and not self.is_cut:
            self._file.repeat()

    def _take(self, picture: Bytes) -> None:
        if self._file is None:
            self._file = AviFile(self._path, picture.shape[1], picture.shape[0], FRAME_MS)
        self.is_cut |= not self._file.has_room
        if not self.is_cut:
            self._file.add(picture)

    def _finish(self) -> tuple[int, float]:
        assert self._file is not None
        self._file.close()
        return self._file.frame_count, self._file.frame_count * FRAME_MS / 1000
