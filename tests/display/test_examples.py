"""The example that draws, run as its page says, makes the picture that the page shows."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from hardtalk.cli.main import run

FOLDER = Path(__file__).parents[2] / "examples" / "pictures"


def test_the_picture_is_that_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    made = tmp_path / "picture.png"
    assert run(["repl", "--driver", ".", "--script", "draw.st", "--screenshot", str(made)]) == 0
    picture = imread(made)
    assert (picture == imread(FOLDER / "picture.png")).all()
    assert len({tuple(pixel) for row in picture.tolist() for pixel in row}) > 12
