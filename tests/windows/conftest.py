"""A board whose firmware has the window layer, with a screen of 320 by 240 pixels and a world that runs on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import text_root

FOLDERS = (text_root() / "drivers" / "input", text_root() / "firmware" / "windows")
START = "(DisplayScreen extent: 320 @ 240 depth: 16) beDisplay. world := World open. 0"
DESK = """world defer: [ | list text |
    list := ListView items: (1 to: 100000) action: [ :item | label text: item printString ].
    numbers := world add: (Window title: 'numbers' content: list) at: (10 @ 10 corner: 110 @ 110).
    text := TextView text: 'A line that is longer than its window is wide', (String with: Character cr), 'next'.
    letters := world add: (Window title: 'letters' content: text) at: (80 @ 60 corner: 220 @ 160).
    label := world add: (Label text: 'nothing') at: (200 @ 200 corner: 300 @ 220).
    button := world add: (Button text: 'press' action: [ label text: 'pressed' ]) at: (20 @ 200 corner: 80 @ 220).
    field := world add: (TextField action: [ :entry | label text: entry ]) at: (100 @ 200 corner: 190 @ 214) ]. 0"""
MILLISECOND = 200_000


@pytest.fixture(scope="session")
def booted_with_windows() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(FOLDERS))
    bench.console.evaluate(START)
    bench.console.evaluate(DESK)
    bench.board.run(cycles=200 * MILLISECOND)
    return bench, bench.console.keep()


@pytest.fixture
def bench(booted_with_windows: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    """What a test does to the board is undone."""
    bench, kept = booted_with_windows
    bench.console.put_back(kept)
    yield bench


class Hand:
    """Somebody at the board's mouse and keyboard, who knows where the pointer is."""

    def __init__(self, bench: Bench) -> None:
        self.board = bench.board
        self.x, self.y = 160, 120

    def wait(self, milliseconds: int = 40) -> None:
        self.board.run(cycles=milliseconds * MILLISECOND)

    def go(self, x: int, y: int) -> None:
        """To that point of the screen, in steps that a mouse can say at once."""
        while (self.x, self.y) != (x, y):
            right, down = (min(max(step, -200), 200) for step in (x - self.x, y - self.y))
            self.board.mouse.move(right, -down)
            self.x, self.y = self.x + right, self.y + down
            self.wait()

    def press(self) -> None:
        self.board.mouse.press("left")
        self.wait()

    def release(self) -> None:
        self.board.mouse.release("left")
        self.wait()

    def click(self, x: int, y: int) -> None:
        self.go(x, y)
        self.press()
        self.release()

    def drag(self, *points: tuple[int, int]) -> None:
        """From the first point over the others to the last one."""
        self.go(*points[0])
        self.press()
        for point in points[1:]:
            self.go(*point)
        self.release()

    def strike(self, *keys: str) -> None:
        for key in keys:
            self.board.keyboard.press(key)
            self.wait(5)
            self.board.keyboard.release(key)
            self.wait(25)


@pytest.fixture
def hand(bench: Bench) -> Hand:
    return Hand(bench)
