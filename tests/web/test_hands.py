"""The page's pointer and keys at a mouse and a keyboard, whose bytes are read as a driver reads them."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from hardtalk.devices import Clock, Ps2Keyboard, Ps2Mouse, milliseconds
from hardtalk.devices.ps2_keyboard import CODES
from hardtalk.web.hands import Hands
from hardtalk.web.keys import KEYS
from hardtalk.web.orders import Key, Point

WIDTH, HEIGHT = 800, 600
HERTZ = 200_000_000


class Desk:
    """A driver's view: where the pointer is, within the display, and what happened to buttons, where."""

    def __init__(self) -> None:
        self.clock = Clock({"cpu": HERTZ})
        self.mouse = Ps2Mouse(self.clock, lambda: None)
        self.keyboard = Ps2Keyboard(self.clock, lambda: None)
        self.mouse.is_enabled = True
        self.hands = Hands(self.board())
        self.hands.size(WIDTH, HEIGHT)
        self.x, self.y = 400, 300
        self.buttons = 0
        self.pressed: list[tuple[int, int, int]] = []
        self.overflows = 0

    def board(self) -> Any:
        return SimpleNamespace(mouse=self.mouse, keyboard=self.keyboard)

    def settle(self, slices: int = 200) -> None:
        for _ in range(slices):
            self.hands.work()
            self.clock.advance(milliseconds(5))
            while len(self.mouse.waiting) >= 3:
                flags, x, y = self.mouse.waiting[:3]
                del self.mouse.waiting[:3]
                self.overflows += flags >> 6
                self.x = min(max(self.x + x - (flags << 4 & 256), 0), WIDTH - 1)
                self.y = min(max(self.y - y + (flags << 3 & 256), 0), HEIGHT - 1)
                if flags & 7 != self.buttons:
                    self.buttons = flags & 7
                    self.pressed.append((self.x, self.y, self.buttons))


def test_the_boards_pointer_is_where_the_pages_is() -> None:
    desk, chance = Desk(), random.Random(3)
    for _ in range(30):
        at = Point(chance.randrange(WIDTH), chance.randrange(HEIGHT), 0)
        desk.hands.point(at)
        desk.settle()
        assert (desk.x, desk.y) == (at.x, at.y)
    desk.hands.point(Point(4000, 4000, 0))
    desk.settle()
    assert (desk.x, desk.y, desk.overflows) == (WIDTH - 1, HEIGHT - 1, 0)


def test_every_click_is_one_at_its_place_however_quick() -> None:
    desk, chance = Desk(), random.Random(4)
    expected = []
    for _ in range(10):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        for buttons in (1, 3, 0):
            desk.hands.point(Point(x, y, buttons))
            expected.append((x, y, buttons))
            for _ in range(chance.randrange(3)):
                desk.hands.point(Point(chance.randrange(WIDTH), chance.randrange(HEIGHT), buttons))
    desk.settle()
    desk.settle()
    assert desk.pressed == expected


def test_a_pointer_that_comes_back_is_found_wherever_the_board_has_put_its_own() -> None:
    desk = Desk()
    desk.hands.point(Point(10, 20, 1))
    desk.settle()
    desk.hands.let_go()
    desk.settle()
    assert desk.pressed == [(10, 20, 1), (10, 20, 0)]
    desk.x, desk.y = 700, 500
    desk.hands.point(Point(30, 40, 0))
    desk.settle()
    assert (desk.x, desk.y) == (30, 40)


def test_nothing_is_kept_for_a_mouse_that_nobody_listens_to() -> None:
    desk = Desk()
    desk.mouse.is_enabled = False
    for buttons in (1, 0, 1, 0):
        desk.hands.point(Point(1, 1, buttons))
    desk.settle()
    desk.mouse.is_enabled = True
    desk.settle()
    assert (desk.pressed, desk.x, desk.y) == ([], 400, 300)


def test_keys_go_down_and_up_once_and_are_let_go_together() -> None:
    desk = Desk()
    for name, is_down in (("a", True), ("a", True), ("a", False), ("a", False), ("shift", True), ("b", True)):
        desk.hands.key(Key(name, is_down))
    desk.hands.let_go()
    desk.settle()
    a, b, shift = CODES["a"], CODES["b"], CODES["shift"]
    assert desk.keyboard.waiting == [a, 0xF0, a, shift, b, 0xF0, b, 0xF0, shift]


def test_a_key_comes_after_the_click_before_it() -> None:
    desk = Desk()
    desk.hands.point(Point(10, 20, 1))
    desk.hands.point(Point(10, 20, 0))
    desk.hands.key(Key("a", True))
    while not desk.keyboard.waiting:
        assert len(desk.pressed) < 2 or not desk.mouse.waiting
        desk.settle(1)
    assert desk.pressed == [(10, 20, 1), (10, 20, 0)]


def test_every_key_is_one_of_the_boards_and_all_of_those_can_be_pressed() -> None:
    assert set(KEYS.values()) == set(CODES)
