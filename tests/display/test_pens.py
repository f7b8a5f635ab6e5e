"""Drawings of pens on screens, against plain Python that goes the same ways pixel by pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hardtalk.bench import Bench
from hardtalk.board.panel import panel_of

WIDTH, HEIGHT = 160, 120
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)

DRAW = f"""| screen pen |
(screen := DisplayScreen extent: {WIDTH} @ {HEIGHT} depth: %d) beDisplay.
screen fillColor: Color white.
pen := Pen newOnForm: screen.
pen place: 50 @ 40; dragon: 7.
pen color: Color red; place: 150 @ 75; north; hilbert: -3 side: 7.
pen color: Color black; squareNib: 3; place: 100 @ 20; north; turn: 30; go: 75; turn: 100.5; go: 40; turn: 40; go: 300.
7"""


class Turtle:
    """Where it is and looks, and what it paints; the image is `picture[y, x]`."""

    def __init__(self, picture: Any, color: tuple[int, int, int]) -> None:
        self.picture, self.color, self.nib = picture, color, 1
        self.x, self.y, self.direction = 0.0, 0.0, 270.0

    def place(self, x: float, y: float) -> None:
        self.x, self.y = x, y

    def turn(self, degrees: float) -> None:
        self.direction = (self.direction + degrees) % 360

    def go(self, distance: float) -> None:
        old = (round(self.x), round(self.y))
        self.x += distance * math.cos(math.radians(self.direction))
        self.y += distance * math.sin(math.radians(self.direction))
        self.line(*sorted([old, (round(self.x), round(self.y))], key=lambda point: (point[1], point[0])))

    def line(self, start: tuple[int, int], stop: tuple[int, int]) -> None:
        """From the upper end: a step of the longer side each, and one of the other whenever the rest is negative."""
        steps = [stop[axis] - start[axis] for axis in (0, 1)]
        longer = 0 if abs(steps[0]) > abs(steps[1]) else 1
        length, other = abs(steps[longer]), abs(steps[1 - longer])
        place, rest = list(start), length // 2
        self.dot(*place)
        for _ in range(length):
            place[longer] += 1 if steps[longer] > 0 else -1
            rest -= other
            if rest < 0:
                place[1 - longer] += 1 if steps[1 - longer] > 0 else -1
                rest += length
            self.dot(*place)

    def dot(self, x: int, y: int) -> None:
        for down in range(y - self.nib // 2, y + (self.nib + 1) // 2):
            for across in range(x - self.nib // 2, x + (self.nib + 1) // 2):
                if 0 <= down < HEIGHT and 0 <= across < WIDTH:
                    self.picture[down, across] = self.color

    def dragon(self, order: int, fold: int = 1) -> None:
        if order == 0:
            self.go(5)
            return
        self.dragon(order - 1, 1)
        self.turn(90 * fold)
        self.dragon(order - 1, -1)

    def hilbert(self, order: int, length: float) -> None:
        """The curve of an order below 0, as the well-known system of rules writes it: F goes, + and - turn."""
        path = "B"
        for _ in range(order):
            path = "".join({"A": "-BF+AFA+FB-", "B": "+AF-BFB-FA+"}.get(each, each) for each in path)
        self.turn(-90)
        for each in path:
            if each == "F":
                self.go(length)
            elif each in "+-":
                self.turn(90 if each == "+" else -90)


def expected(paints: tuple[tuple[int, int, int], ...]) -> Any:
    white, black, red = paints
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = white
    turtle = Turtle(picture, black)
    turtle.place(50, 40)
    turtle.dragon(7)
    turtle.color = red
    turtle.place(150, 75)
    turtle.direction = 270.0
    turtle.hilbert(3, 7)
    turtle.color, turtle.nib, turtle.direction = black, 3, 300.0
    turtle.place(100, 20)
    for distance, degrees in ((75, 100.5), (40, 40), (300, 0)):
        turtle.go(distance)
        turtle.turn(degrees)
    return picture


@pytest.mark.parametrize("depth", [1, 8, 32])
def test_drawings_are_those_of_the_reference(bench: Bench, depth: int) -> None:
    assert bench.console.evaluate(DRAW % depth) == "7"
    picture = panel_of(bench.board)
    paints = (WHITE, BLACK, BLACK if depth == 1 else RED)
    difference = np.argwhere((picture.astype(int) - expected(paints)).any(axis=2))
    assert not len(difference), (difference[:5], picture[tuple(difference[0])])


def test_every_color_of_a_spiral_is_another(bench: Bench) -> None:
    """Some of 30 lines are crossed by later ones, none is hidden."""
    answer = bench.console.evaluate(
        """| form pen seen | form := Form extent: 60 @ 60 depth: 8.
        pen := Pen newOnForm: form. pen spiral: 30 angle: 89.
        seen := Set new. 0 to: 59 do: [ :y | 0 to: 59 do: [ :x | seen add: (form pixelValueAt: x @ y) ] ].
        { seen size. (pen location - (30 @ 30)) r < 30. [ pen dragon: 1 / 2 ] on: Error do: [ :error | #ended ].
            [ pen hilbert: 1.5 side: 3 ] on: Error do: [ :error | #ended ] }"""
    )
    assert answer == "#(31 true #ended #ended)"
