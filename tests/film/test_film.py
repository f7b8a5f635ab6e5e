"""Films: when pictures are taken, how long each is shown, what becomes of many of them and of other sizes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hardtalk.bench import Bench
from hardtalk.board import BoardError
from hardtalk.board.panel import Panel
from hardtalk.cli.recording import recording
from hardtalk.devices.pl110 import Format, Shown
from hardtalk.film import Film
from hardtalk.film.film import PER_SECOND

HERTZ = 200_000_000
FRAME = HERTZ // PER_SECOND


class Screen(Film):
    """A film of what a test shows."""

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.now: Panel | None = None
        self.clock = SimpleNamespace(cycles=0)
        board: Any = SimpleNamespace(clock=self.clock, chip=SimpleNamespace(cpu_hertz=HERTZ))
        super().__init__(board, most_bytes)

    def _panel(self) -> Panel | None:
        return self.now

    def show(self, shade: int, cycle: int, width: int = 16, height: int = 4) -> None:
        memory = bytes([shade, 0, 0, 0]) * (width * height)
        self.now = Panel(Shown(0, width, height, Format(24, False, False, False), ()), memory, 1)
        self.clock.cycles = cycle
        self.look()


def frames_of(path: Path) -> list[tuple[Any, float]]:
    found = []
    with Image.open(path) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            found.append((np.asarray(film.convert("RGB")), film.info.get("duration", 0)))
    return found


def test_pictures_are_taken_at_their_rate_and_shown_as_long_as_they_were(tmp_path: Path) -> None:
    film = Screen()
    for shade, cycle in ((1, 0), (2, 5), (3, FRAME + 7), (3, 2 * FRAME), (4, 5 * FRAME)):
        film.show(shade, cycle)
    film.clock.cycles = 8 * FRAME
    film.write(tmp_path / "film.png")
    frames = frames_of(tmp_path / "film.png")
    assert [picture[0, 0, 0] for picture, _ in frames] == [1, 3, 4]
    assert [round(length) for _, length in frames] == [40, 160, 120]


def test_other_sizes_are_in_the_corner(tmp_path: Path) -> None:
    film = Screen()
    film.show(1, 0)
    film.show(2, FRAME, width=32, height=8)
    film.write(tmp_path / "film.png")
    (first, _), (second, _) = frames_of(tmp_path / "film.png")
    assert (first[:4, :16, 0] == 1).all() and first.sum() == 4 * 16
    assert (second[:, :, 0] == 2).all() and second.shape == (8, 32, 3)


def test_a_long_film_is_thinned_out(tmp_path: Path) -> None:
    film = Screen(most_bytes=10 * 16 * 4 * 3)
    for number in range(40):
        film.show(number + 1, number * FRAME)
    assert 4 < len(film.shots) <= 10
    steps = {after.cycle - before.cycle for before, after in pairwise(film.shots)}
    assert steps == {4 * FRAME} or steps == {8 * FRAME}
    film.write(tmp_path / "film.png")
    assert abs(sum(length for _, length in frames_of(tmp_path / "film.png")) - 39 * 40) < 10


def test_a_display_that_was_never_on_is_one_message(bench: Bench, tmp_path: Path) -> None:
    with (
        pytest.raises(BoardError, match="nothing was shown to make a film of"),
        recording(bench, tmp_path / "film.png"),
    ):
        bench.console.evaluate("3 + 4")
    with pytest.raises(ZeroDivisionError), recording(bench, tmp_path / "film.png"):
        raise ZeroDivisionError
    with recording(bench, tmp_path / "film.png"):
        bench.console.evaluate(
            "(DisplayScreen extent: 64 @ 48 depth: 8) beDisplay waitForFrame. DisplayScreen current waitForFrame"
        )
    assert frames_of(tmp_path / "film.png")[-1][0].shape == (48, 64, 3)
