"""The examples with windows, run as their pages say, make the pictures that the pages show."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from hardtalk.bench.errors import UnfitRequest
from hardtalk.bench.hand import read_strokes
from hardtalk.cli.main import run

EXAMPLES = Path(__file__).parents[2] / "examples"
BLUE = np.array([0, 0, 1])


def made_as_its_page_says(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *further: str) -> tuple[Path, Path]:
    """The picture that the command in the page makes, and the page's."""
    page = (EXAMPLES / name / "README.md").read_text()
    [command] = [line for line in page.splitlines() if line.startswith("hardtalk ")]
    monkeypatch.chdir(EXAMPLES / name)
    made = folder / "picture.png"
    assert run(command.replace("picture.png", str(made)).split()[1:] + list(further)) == 0
    return made, EXAMPLES / name / "picture.png"


@pytest.mark.parametrize("name", ["desktop", "paint"])
def test_the_picture_is_that_of_the_page(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, shown = made_as_its_page_says(name, tmp_path, monkeypatch)
    picture = imread(made)
    assert (picture == imread(shown)).all()
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 5


def test_the_plot_has_bars_where_latencies_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where exactly depends on the firmware: between 2 and 10 us, at 24 pixels for each."""
    film = tmp_path / "film.png"
    made, shown = made_as_its_page_says("plot", tmp_path, monkeypatch, "--record", str(film))
    picture = imread(made)[:, :, :3]
    assert picture.shape == imread(shown)[:, :, :3].shape
    bars = np.flatnonzero((picture == BLUE).all(axis=2).any(axis=0))
    assert len(bars) >= 2
    assert all(2 * 24 < bar - 27 < 10 * 24 for bar in bars)
    check_film(film, made)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jump", "nobody can do that"),
        ("wait 5", "5 is no time: 500ms"),
        ("key F13", "nobody can do that"),
        ("press top", "there is no button top; there are left, right, middle"),
        ("type \u00e9", "no key makes the character"),
        ("move 1", "nobody can do that"),
        ("move a b", "invalid literal"),
    ],
)
def test_strokes_that_cannot_be(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "hand.txt"
    file.write_text(f"# a remark\nwait 5ms\n{line}\n")
    with pytest.raises(UnfitRequest, match=r"hand\.txt:3: ") as caught:
        read_strokes(file)
    assert message in str(caught.value)


def test_a_file_of_strokes_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "hand.txt"
    remedy = "give a file of strokes, as docs/input.md shows"
    with pytest.raises(UnfitRequest) as caught:
        read_strokes(file)
    assert str(caught.value) == f"--input {file}: No such file or directory\n{remedy}"
    file.write_bytes(b"\xff")
    with pytest.raises(UnfitRequest) as caught:
        read_strokes(file)
    assert str(caught.value) == f"--input {file}: it is no text in UTF-8\n{remedy}"


def check_film(film: Path, last_picture: Path) -> None:
    """It moves, in time, and ends with what was on the panel."""
    with Image.open(film) as frames:
        assert isinstance(frames, PngImageFile)
        assert frames.n_frames > 5
        frames.seek(frames.n_frames - 1)
        last = np.asarray(frames.convert("RGB"))
    assert (last == (imread(last_picture)[:, :, :3] * 255).round().astype(np.uint8)).all()


def test_what_can_be_no_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["repl", "--record", str(tmp_path / "film.mov")]) == 2
    assert run(["repl", "--record", str(tmp_path / "there" / "film.gif")]) == 2
    told = capsys.readouterr().err
    assert "a film is an animated PNG or GIF, or a raw AVI" in told and "there is no folder" in told
