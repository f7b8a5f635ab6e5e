"""The example that draws, run as its page says, makes the picture that the page shows."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from hardtalk.cli.main import run

FOLDER = Path(__file__).parents[2] / "examples" / "pictures"


def test_the_picture_is_that_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    made, film = tmp_path / "picture.png", tmp_path / "film.png"
    files = ("--screenshot", str(made), "--record", str(film))
    assert run(["repl", "--driver", ".", "--script", "draw.st", *files]) == 0
    picture = imread(made)
    assert (picture == imread(FOLDER / "picture.png")).all()
    assert len({tuple(pixel) for row in picture.tolist() for pixel in row}) > 12
    with Image.open(film) as frames:
        assert isinstance(frames, PngImageFile)
        assert (frames.n_frames > 20, frames.size) == (True, (320, 240))
        moments = []
        for number in range(frames.n_frames):
            frames.seek(number)
            moments.append(frames.info["duration"])
        assert (np.asarray(frames.convert("RGB")) == (picture[:, :, :3] * 255).round()).all()
    assert 900 < sum(moments[-25:]) < 1100
