"""Raw films: what is in the file is what was on the panel, frame by frame."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from hardtalk.cli import film
from hardtalk.cli.avi import AviFile
from hardtalk.cli.main import run

Picture = NDArray[np.uint8]
SCRIPT = """
(DisplayScreen extent: 48 @ 20 depth: 8) beDisplay.
DisplayScreen current fillColor: Color red.
(Delay forMilliseconds: 200) wait.
(DisplayScreen extent: 64 @ 16 depth: 32) beDisplay.
DisplayScreen current fillColor: Color green; fill: (3 @ 2 extent: 5 @ 4) fillColor: Color blue.
(Delay forMilliseconds: 400) wait.
(DisplayScreen extent: 48 @ 20 depth: 16) beDisplay.
DisplayScreen current fillColor: Color yellow; fill: (30 @ 10 extent: 5 @ 4) fillColor: Color blue.
(Delay forMilliseconds: 100) wait
"""
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and contents of each."""
    while data:
        size = int.from_bytes(data[4:8], "little")
        assert len(data) >= 8 + size
        yield data[:4], data[8 : 8 + size]
        data = data[8 + size :]


class Read:
    """A film as a reader of AVI takes it; it refuses what does not fit together."""

    def __init__(self, data: bytes) -> None:
        [(name, whole)] = chunks(data)
        assert (name, whole[:4]) == (b"RIFF", b"AVI ")
        headers, frames, (name, index) = chunks(whole[4:])
        assert (headers[0], headers[1][:4], frames[0], frames[1][:4], name) == (
            b"LIST",
            b"hdrl",
            b"LIST",
            b"movi",
            b"idx1",
        )
        (_, main), (_, streams) = chunks(headers[1][4:])
        (_, stream), (_, bitmap) = chunks(streams[4:])
        self.width, self.height, planes, bits, compression = struct.unpack_from("<2i2HI", bitmap, 4)
        assert (planes, bits, compression) == (1, 24, 0)
        assert struct.unpack_from("<2I", main, 32) == (self.width, self.height)
        scale, rate, start, count = struct.unpack_from("<4I", stream, 20)
        self.frame_ms = 1000 * scale // rate
        assert int.from_bytes(main[:4], "little") == 1000 * self.frame_ms
        self.is_repeated = []
        self.pictures: list[Picture] = []
        for place, (name, contents) in enumerate(chunks(frames[1][4:])):
            named, _, offset, size = struct.unpack_from("<4s3I", index, 16 * place)
            assert (named, size) == (name, len(contents))
            assert frames[1][offset : offset + 4] == name
            self.is_repeated.append(not contents)
            self.pictures.append(self.picture(contents) if contents else self.pictures[-1])
        assert start == 0 and count == len(self.pictures) == len(index) // 16 == int.from_bytes(main[16:20], "little")

    def picture(self, contents: bytes) -> Picture:
        rows = np.frombuffer(contents, np.uint8).reshape(self.height, -1)[::-1]
        return rows[:, : 3 * self.width].reshape(self.height, self.width, 3)[:, :, ::-1]


def test_a_raw_film_shows_what_the_panel_did(tmp_path: Path) -> None:
    """The second form is wider and lower than the first, which says how large the film is."""
    script, made, last = tmp_path / "show.st", tmp_path / "film.avi", tmp_path / "last.png"
    script.write_text(SCRIPT)
    assert run(["repl", "--script", str(script), "--record", str(made), "--screenshot", str(last)]) == 0
    read = Read(made.read_bytes())
    assert (read.width, read.height, read.frame_ms) == (48, 20, 40)
    colors = [tuple(int(part) for part in picture[0, 0]) for picture in read.pictures]
    assert 4 <= colors.count(RED) <= 7 and 9 <= colors.count(GREEN) <= 12
    second = read.pictures[len(colors) - 1 - colors[::-1].index(GREEN)]
    assert (second[:16] == wide_picture()[:, :48]).all() and (second[16:] == BLACK).all()
    assert (read.pictures[-1] == (imread(last)[:, :, :3] * 255).round().astype(np.uint8)).all()
    assert sum(read.is_repeated) > len(colors) // 2


def wide_picture() -> Picture:
    picture = np.full((16, 64, 3), GREEN, np.uint8)
    picture[2:6, 3:8] = BLUE
    return picture


def test_a_film_that_was_broken_off_in_a_frame_has_those_before(tmp_path: Path) -> None:
    """Control-C may come at any moment; rows whose bytes are not whole words are filled up."""
    pictures = [np.random.default_rng(seed).integers(0, 256, (3, 5, 3), np.uint8) for seed in range(2)]
    made = AviFile(tmp_path / "film.avi", 5, 3, 40)
    made.add(pictures[0])
    made.repeat()
    made._file.write(b"00db\x40\0\0")
    made.close()
    read = Read((tmp_path / "film.avi").read_bytes())
    assert read.is_repeated == [False, True]
    assert (read.pictures[1] == pictures[0]).all()


def test_a_raw_film_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, made = tmp_path / "show.st", tmp_path / "film.avi"
    script.write_text(SCRIPT)
    monkeypatch.setattr("hardtalk.cli.avi.MOST_BYTES", 3 * 48 * 20 + 1000)
    assert run(["repl", "--script", str(script), "--record", str(made)]) == 0
    assert "what came after them was left out" in capsys.readouterr().out
    assert sum(not each for each in Read(made.read_bytes()).is_repeated) == 1


def test_a_film_without_a_picture_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "nothing.st"
    script.write_text("3 + 4")
    for suffix in film.SUFFIXES:
        made = tmp_path / f"film{suffix}"
        assert run(["repl", "--script", str(script), "--record", str(made)]) == 2
        assert "nothing was shown" in capsys.readouterr().err
        assert not made.exists()
