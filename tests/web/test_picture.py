"""Changes of the picture: whoever applies them to what was seen before has what is on the panel, pixel by pixel."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from hardtalk.board.panel import Panel
from hardtalk.devices.pl110 import DEPTHS, Format, Shown
from hardtalk.web.picture import TILE, Change, Picture, Pixels, packed, rectangles

WIDTH, HEIGHT = 80, 50


def panel_of(depth: int, memory: bytes, width: int = WIDTH, is_bgr: bool = True) -> Panel:
    palette = tuple(random.Random(1).getrandbits(32) for _ in range(128))
    return Panel(Shown(0, width, HEIGHT, Format(depth, True, True, is_bgr), palette), memory, 1)


def size_of(depth: int, width: int = WIDTH) -> int:
    return panel_of(depth, b"", width).shown.size


def applied(change: Change, seen: Pixels) -> Pixels:
    """What the page makes of the bytes of a change."""
    data = change.encoded()
    number, width, height, count = struct.unpack_from("<IHHH", data)
    pixels = zlib.decompress(data[10 + 8 * count :])
    found = seen.copy() if seen.shape == (height, width) else np.zeros((height, width), np.uint32)
    for each in range(count):
        x, y, w, h = struct.unpack_from("<4H", data, 10 + 8 * each)
        found[y : y + h, x : x + w] = np.frombuffer(pixels[: 4 * w * h], np.uint32).reshape(h, w)
        pixels = pixels[4 * w * h :]
    assert (pixels, number) == (b"", change.number)
    return found


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("width", [16, WIDTH])
def test_clients_that_are_late_have_the_newest_picture(depth: int, width: int) -> None:
    chance = random.Random(depth)
    memory = bytearray(chance.randbytes(size_of(depth, width)))
    picture = Picture()
    clients = [np.zeros((0, 0), np.uint32)] * 3
    seen = [0] * len(clients)
    for turn in range(12):
        for _ in range(chance.randrange(3)):
            memory[chance.randrange(len(memory))] = chance.randrange(256)
        panel = panel_of(depth, bytes(memory), width)
        if turn == 8:
            panel = replace(panel, shown=replace(panel.shown, palette=panel.shown.palette[::-1]))
        picture.update(panel)
        late = [each for each in range(len(clients)) if turn % (each + 1) == 0]
        for each in late:
            change = picture.since(seen[each])
            clients[each], seen[each] = applied(change, clients[each]), change.number
            assert (clients[each] == packed(panel)).all()


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("is_bgr", [True, False])
def test_pixels_are_the_panels_colors(depth: int, is_bgr: bool) -> None:
    panel = panel_of(depth, random.Random(depth).randbytes(size_of(depth)), is_bgr=is_bgr)
    channels = packed(panel).view(np.uint8).reshape(HEIGHT, WIDTH, 4)
    assert (channels[:, :, :3] == panel.colors()).all()
    assert (channels[:, :, 3] == 255).all()


def test_only_what_changed_is_sent() -> None:
    memory = bytearray(size_of(24))
    picture = Picture()
    assert picture.update(panel_of(24, bytes(memory)))
    whole = picture.since(0)
    assert not picture.update(panel_of(24, bytes(memory)))
    memory[4 * (20 * WIDTH + 40)] = 1
    assert picture.update(panel_of(24, bytes(memory)))
    change = picture.since(whole.number)
    assert [(each.x, each.y, each.width, each.height) for each in change.rectangles] == [(32, 16, TILE, TILE)]
    assert len(change.pixels) == 4 * TILE * TILE
    assert picture.since(change.number).rectangles == ()


def test_a_panel_that_is_switched_off_shows_nothing_and_all_of_it_later() -> None:
    picture = Picture()
    assert not picture.update(None)
    panel = panel_of(8, bytes(size_of(8)))
    picture.update(panel)
    seen = picture.number
    assert picture.update(None)
    off = picture.since(seen)
    assert (off.width, off.height, off.rectangles) == (0, 0, ())
    picture.update(panel)
    assert len(picture.since(seen).pixels) == 4 * WIDTH * HEIGHT


def test_rectangles_cover_each_tile_once() -> None:
    chance = np.random.default_rng(5)
    for share in (0.1, 0.5, 0.9, 1.0):
        tiles = chance.random((4, 5)) < share
        covered = np.zeros((HEIGHT, WIDTH), np.int64)
        found = rectangles(tiles, WIDTH, HEIGHT)
        for each in found:
            covered[each.y : each.y + each.height, each.x : each.x + each.width] += 1
        expected = tiles.repeat(TILE, axis=0).repeat(TILE, axis=1)[:HEIGHT, :WIDTH]
        assert (covered == expected).all()
        assert share < 1 or len(found) == 1
