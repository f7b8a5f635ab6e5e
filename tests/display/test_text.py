"""Text: each glyph of both sizes as its picture says, in all depths, clipped, in black, in color and in white."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hardtalk.bench import Bench
from hardtalk.board.panel import panel_of
from hardtalk.fonts.glyphs import Glyph, doubled, glyphs

WIDTH, HEIGHT = 640, 64
TEXT = "".join(map(chr, range(32, 127)))
LINES = {"small": (TEXT, TEXT), "large": (TEXT[40:], TEXT[:40])}
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def art(size: str) -> dict[str, Glyph]:
    return glyphs() if size == "small" else {name: doubled(each) for name, each in glyphs().items()}


def write(picture: Any, text: str, x: int, y: int, size: str, color: tuple[int, int, int]) -> int:
    """The reference: pixel by pixel; answers where the next glyph would begin."""
    space = 1 if size == "small" else 2
    for character in text:
        glyph = art(size).get(character, art(size)["?"])
        for row, line in enumerate(glyph):
            for column, mark in enumerate(line):
                if mark == "#" and 0 <= y + row < HEIGHT and 0 <= x + column < WIDTH:
                    picture[y + row, x + column] = color
        x += len(glyph[0]) + space
    return x


def quoted(text: str) -> str:
    return text.replace("'", "''")


@pytest.mark.parametrize("depth", [1, 8, 32])
@pytest.mark.parametrize("size", ["small", "large"])
def test_every_glyph(bench: Bench, size: str, depth: int) -> None:
    text, other = LINES[size]
    answer = bench.console.evaluate(
        f"""| screen font end | (screen := DisplayScreen extent: {WIDTH} @ {HEIGHT} depth: {depth}) beDisplay.
        screen fillColor: Color white; fill: (0 @ 20 corner: {WIDTH} @ 64) fillColor: Color black.
        font := StrikeFont {size}.
        end := font displayString: '{quoted(text)}' on: screen at: 3 @ 2.
        font displayString: '{quoted(other)}' on: screen at: -2 @ 25 color: Color white.
        font displayString: 'below' on: screen at: 600 @ (64 - 5) color: Color white.
        {{ end x. font widthOfString: '{quoted(text)}'. font height. font ascent }}"""
    )
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:20], picture[20:] = WHITE, BLACK
    end = write(picture, text, 3, 2, size, BLACK)
    write(picture, other, -2, 25, size, WHITE)
    write(picture, "below", 600, 64 - 5, size, WHITE)
    assert (panel_of(bench.board) == picture).all()
    scale = 1 if size == "small" else 2
    assert answer == f"#({end} {end - 3} {8 * scale} {7 * scale})"


def test_colors_and_characters_without_a_glyph(bench: Bench) -> None:
    answer = bench.console.evaluate(
        f"""| screen blt | (screen := DisplayScreen extent: {WIDTH} @ {HEIGHT} depth: 32) beDisplay.
        screen fillColor: Color white.
        StrikeFont small
            displayString: (String with: $a with: (Character value: 200) with: $b)
            on: screen
            at: 5 @ 5
            color: Color red.
        StrikeFont small displayString: '' on: screen at: 9 @ 9"""
    )
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    write(picture, "a\xc8b", 5, 5, "small", RED)
    assert (panel_of(bench.board) == picture).all()
    assert answer == "9@9"


def test_doubling_rounds_corners_and_keeps_lines() -> None:
    assert doubled(("##", "..")) == ("####", "####", "....", "....")
    assert doubled(("#.", ".#")) == ("##..", "###.", ".###", "..##")
