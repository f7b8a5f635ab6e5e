"""Pictures of the panel at a fixed rate of the board's own time: the same run gives the same film, however fast it was.

A picture that does not differ from the last costs nothing. A film of any length has room: when the pictures take too
much, every second one is left out, and from there on they are taken half as often.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hardtalk.board import Board, BoardError
from hardtalk.board.panel import SHOW_SOMETHING, Panel

PER_SECOND: Final = 25
MOST_BYTES: Final = 200 << 20
LONGEST_MILLISECONDS: Final = 65_535
"""Of one picture, as the file has it."""


@dataclass(frozen=True)
class Shot:
    """The colors on the panel from a cycle on: height x width x (red, green, blue)."""

    cycle: int
    colors: NDArray[np.uint8]


class Film:
    """Of one board, from now on."""

    def __init__(self, board: Board, most_bytes: int = MOST_BYTES) -> None:
        self.shots: list[Shot] = []
        self._board = board
        self._most_bytes = most_bytes
        self._interval = board.chip.cpu_hertz // PER_SECOND
        self._due = board.clock.cycles
        self._last: Panel | None = None

    def look(self) -> None:
        """Take a picture if it is time for one."""
        now = self._board.clock.cycles
        if now >= self._due:
            self._due = now - now % self._interval + self._interval
            self.take()

    def take(self) -> None:
        """Take a picture, if it is another one."""
        now = self._board.clock.cycles
        panel = self._panel()
        if panel is not None and panel != self._last:
            self._last = panel
            self.shots.append(Shot(now, panel.colors()))
            if sum(each.colors.nbytes for each in self.shots) > self._most_bytes:
                self.shots = self.shots[::2]
                self._interval *= 2
                self._due = self.shots[-1].cycle + self._interval

    def _panel(self) -> Panel | None:
        """None while nothing is shown, when the film keeps the last picture."""
        try:
            return Panel.of(self._board)
        except BoardError:
            return None

    def write(self, path: Path) -> None:
        """As large as the largest picture; a smaller one is in its top left corner. Raises BoardError without any."""
        if not self.shots:
            raise BoardError("nothing was shown to make a film of", SHOW_SOMETHING)
        height, width = (max(each.colors.shape[axis] for each in self.shots) for axis in (0, 1))
        first, *others = self._images(height, width)
        per_millisecond = self._board.chip.cpu_hertz // 1000
        cycles = [each.cycle for each in self.shots] + [max(self._board.clock.cycles, self.shots[-1].cycle)]
        lengths = [after // per_millisecond - before // per_millisecond for before, after in pairwise(cycles)]
        durations = [min(max(each, 1), LONGEST_MILLISECONDS) for each in lengths]
        first.save(path, "PNG", save_all=True, append_images=others, duration=durations, loop=0)

    def _images(self, height: int, width: int) -> Iterator[Image.Image]:
        for shot in self.shots:
            picture = np.zeros((height, width, 3), np.uint8)
            picture[: shot.colors.shape[0], : shot.colors.shape[1]] = shot.colors
            yield Image.fromarray(picture)
