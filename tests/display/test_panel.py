"""Memory as the panel shows it, against the plain reference: depths, orders, palettes, and how 16 bits are wired."""

import random
from itertools import product

import pytest

from hardtalk.board.panel import colors_of
from hardtalk.devices.pl110 import DEPTHS, Format, Shown

from .reference import panel

WIDTH, HEIGHT = 48, 6


@pytest.mark.parametrize("depth", DEPTHS)
def test_pixels(depth: int) -> None:
    chance = random.Random(depth)
    palette = [chance.getrandbits(32) for _ in range(128)]
    for order in ((False, False), (True, True), (False, True)):
        for bgr, mode in product((False, True), range(4)):
            shown = Shown(0, WIDTH, HEIGHT, Format(depth, *order, bgr), tuple(palette))
            memory = chance.randbytes(shown.size)
            expected = panel(memory, WIDTH * HEIGHT, depth, order, bgr, palette, mode)
            assert colors_of(shown, memory, mode).reshape(-1, 3).tolist() == [list(each) for each in expected]


def test_the_extremes_of_each_depth_are_black_and_white() -> None:
    palette = (0xFFFF0000,) + (0xFFFFFFFF,) * 127
    for depth in DEPTHS:
        for fill, shade in ((0, 0), (255, 255)):
            shown = Shown(0, 16, 2, Format(depth, False, False, False), palette)
            assert set(colors_of(shown, bytes([fill]) * shown.size).flat) == {shade}
