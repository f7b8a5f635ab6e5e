"""What is on the panel, in tiles that know when they changed: whoever has seen one picture needs only those since.

A picture is looked for by its memory first: rows whose bytes are the same show the same, unless registers changed.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.panel import Panel

Pixels = NDArray[np.uint32]

TILE: Final = 16
"""Pixels of a tile's side."""
FASTEST: Final = 1
"""The level of compression: the line is this machine's own."""
OPAQUE: Final = 255
OPAQUE_WORD: Final = np.uint32(OPAQUE << 24)
NOTHING: Final[Pixels] = np.zeros((0, 0), np.uint32)


@dataclass(frozen=True)
class Rectangle:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Change:
    """From one picture to that of `number`: rectangles, and their pixels (red, green, blue, 255) one after the other.

    A panel that shows nothing has width and height 0.
    """

    number: int
    width: int
    height: int
    rectangles: tuple[Rectangle, ...]
    pixels: bytes

    def encoded(self) -> bytes:
        """Little endian: number (32 bits), width, height, count of rectangles, four numbers each (16 bits), zlib."""
        head = struct.pack("<IHHH", self.number, self.width, self.height, len(self.rectangles))
        places = [struct.pack("<4H", each.x, each.y, each.width, each.height) for each in self.rectangles]
        return b"".join([head, *places, zlib.compress(self.pixels, FASTEST)])


class Picture:
    """`number` counts the pictures that differed from the one before."""

    def __init__(self) -> None:
        self.number = 0
        self._panel: Panel | None = None
        self._pixels: Pixels = NOTHING
        self._changed = np.zeros((0, 0), np.int64)
        self._whole_since = 0

    def update(self, panel: Panel | None) -> bool:
        """Take over what the panel shows, None for nothing. Answers whether that is another picture."""
        last, self._panel = self._panel, panel
        if panel is None or last is None or panel.shown != last.shown or panel.lcd_mode != last.lcd_mode:
            if panel is None and last is None:
                return False
            self._take_all(packed(panel) if panel is not None else NOTHING)
        elif panel.memory == last.memory:
            return False
        elif panel.is_of_whole_words:
            first, end = changed_rows(panel, last)
            self._take_rows(first, packed(panel.rows(first, end)))
        else:
            self._take_rows(0, packed(panel))
        return True

    def since(self, number: int) -> Change:
        """What whoever has seen the picture of that number lacks of the newest."""
        height, width = self._pixels.shape
        if number < self._whole_since:
            number = 0
        found = rectangles(self._changed > number, width, height)
        parts = [self._pixels[each.y : each.y + each.height, each.x : each.x + each.width] for each in found]
        return Change(self.number, width, height, tuple(found), b"".join(part.tobytes() for part in parts))

    def _take_all(self, pixels: Pixels) -> None:
        self.number += 1
        if pixels.shape == self._pixels.shape:
            self._mark(0, pixels != self._pixels)
            self._pixels = pixels
        else:
            self._show(pixels)

    def _take_rows(self, first: int, rows: Pixels) -> None:
        self.number += 1
        end = first + len(rows)
        self._mark(first, rows != self._pixels[first:end])
        self._pixels[first:end] = rows

    def _mark(self, first: int, differs: NDArray[np.bool_]) -> None:
        """Note the tiles in which pixels differ; the rows are those from `first` on."""
        top = first // TILE
        padded = np.pad(differs, ((first - top * TILE, 0), (0, 0)))
        by_row = np.logical_or.reduceat(padded, range(0, len(padded), TILE), axis=0)
        tiles = np.logical_or.reduceat(by_row, range(0, by_row.shape[1], TILE), axis=1)
        self._changed[top : top + len(tiles)][tiles] = self.number

    def _show(self, pixels: Pixels) -> None:
        """Another size: nobody has seen any of it."""
        self._pixels = pixels
        self._whole_since = self.number
        height, width = pixels.shape
        self._changed = np.full((-(-height // TILE), -(-width // TILE)), self.number, np.int64)


def packed(panel: Panel) -> Pixels:
    """The pixels as the bytes that a browser's canvas takes. Of 24 bits, words have them all but for their order."""
    shape = panel.shown.height, panel.shown.width
    if panel.shown.pixels.depth == 24:
        words = np.frombuffer(panel.memory, np.uint32)
        low, middle, high = (words & np.uint32(0xFF << shift) for shift in (0, 8, 16))
        if panel.shown.pixels.bgr:
            low, high = high >> np.uint32(16), low << np.uint32(16)
        whole: Pixels = low | middle | high | OPAQUE_WORD
        return whole.reshape(shape)
    pixels = np.full((*shape, 4), OPAQUE, np.uint8)
    pixels[:, :, :3] = panel.colors()
    return pixels.view(np.uint32)[:, :, 0]


def changed_rows(panel: Panel, last: Panel) -> tuple[int, int]:
    """The first row that differs and the one behind the last."""
    now, before = (np.frombuffer(each.memory, np.uint32).reshape(each.shown.height, -1) for each in (panel, last))
    rows = np.flatnonzero((now != before).any(axis=1))
    return int(rows[0]), int(rows[-1]) + 1


def rectangles(tiles: NDArray[np.bool_], width: int, height: int) -> list[Rectangle]:
    """Rectangles of pixels that together are those tiles: runs of a row, joined with equal runs of the next."""
    found: list[Rectangle] = []
    open_runs: dict[tuple[int, int], int] = {}
    for row in range(len(tiles) + 1):
        edges = np.flatnonzero(np.diff(tiles[row], prepend=False, append=False)) if row < len(tiles) else ()
        runs = {(int(edges[at]), int(edges[at + 1])) for at in range(0, len(edges), 2)}
        for run in [each for each in open_runs if each not in runs]:
            found.append(in_pixels(run, open_runs.pop(run), row, width, height))
        for run in runs - open_runs.keys():
            open_runs[run] = row
    return sorted(found, key=lambda each: (each.y, each.x))


def in_pixels(run: tuple[int, int], top: int, bottom: int, width: int, height: int) -> Rectangle:
    """The last row and column of tiles may be cut off by the panel's edge."""
    left, right = run[0] * TILE, min(run[1] * TILE, width)
    return Rectangle(left, top * TILE, right - left, min(bottom * TILE, height) - top * TILE)
