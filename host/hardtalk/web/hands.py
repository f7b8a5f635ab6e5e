"""The page's pointer and keys at the board's mouse and keyboard.

A PS/2 mouse says how far it was moved, and the board keeps where the pointer is, within the display. So the mouse is
first moved into the top left corner, from wherever it is, and from there on by what the page's pointer moves. A packet
holds steps of at most 255, and what is done before one has gone would be in the same: each step waits for the last.
Keys wait for what the pointer did before, so that a program sees both in their order.
"""

from collections import deque
from typing import Final

from hardtalk.board import Board
from hardtalk.devices import Ps2Mouse
from hardtalk.devices.ps2_mouse import BUTTONS
from hardtalk.web.orders import Key, Point

STEP: Final = 255
MOST_WAITING: Final = 200
"""Places, buttons and keys that may wait; further ones are left out."""


class Hands:
    """`place` is where the board's pointer is, None while that is not known."""

    def __init__(self, board: Board) -> None:
        self.place: tuple[int, int] | None = None
        self._board = board
        self._waiting: deque[Point | Key] = deque()
        self._corner_steps = 0
        self._is_away = True
        self._buttons = 0
        self._was_passing = False
        self._size = (0, 0)
        self._keys: set[str] = set()

    def point(self, at: Point) -> None:
        """The pointer is there. A place that it has only passed, before the mouse came to it, is left out."""
        is_passing = at.buttons == self._buttons
        if is_passing and self._was_passing and self._waiting and isinstance(self._waiting[-1], Point):
            self._waiting.pop()
        self._buttons, self._was_passing, self._is_away = at.buttons, is_passing, False
        self._add(at)

    def key(self, key: Key) -> None:
        """A key that is held does not go down again: the keyboard repeats it by itself."""
        if key.is_down != (key.name in self._keys):
            (self._keys.add if key.is_down else self._keys.discard)(key.name)
            self._add(key)

    def _add(self, what: Point | Key) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(what)

    def let_go(self) -> None:
        """Neither key nor button is held, and the pointer is away: the board may put its own elsewhere meanwhile."""
        for name in sorted(self._keys):
            self.key(Key(name, False))
        if self._buttons:
            points = [each for each in self._waiting if isinstance(each, Point)]
            last = points[-1] if points else Point(*(self.place or (0, 0)), 0)
            self.point(Point(last.x, last.y, 0))
        self._is_away = True

    def size(self, width: int, height: int) -> None:
        """The display is so large. When that changes, the board may have put its pointer elsewhere."""
        if (width, height) != self._size:
            self._size = width, height
            self._lose_place()

    def work(self) -> None:
        """Do the next step, when the mouse has said the last."""
        mouse = self._board.mouse
        if not mouse.is_enabled:
            self._waiting = deque(each for each in self._waiting if isinstance(each, Key))
            self._lose_place()
        elif self._is_away and not self._waiting:
            self._lose_place()
        if self._waiting and not (mouse.is_enabled and mouse.is_changed):
            self._begin(mouse, self._waiting[0])

    def _begin(self, mouse: Ps2Mouse, what: Point | Key) -> None:
        if isinstance(what, Key):
            if not mouse.is_enabled or not mouse.waiting:
                self._waiting.popleft()
                (self._board.keyboard.press if what.is_down else self._board.keyboard.release)(what.name)
        elif self.place is None:
            self._go_to_corner(mouse)
        elif not self._move(mouse, what):
            self._waiting.popleft()
            self._press(mouse, what.buttons)

    def _lose_place(self) -> None:
        self.place = None
        self._corner_steps = 0

    def _go_to_corner(self, mouse: Ps2Mouse) -> None:
        mouse.move(-STEP, STEP)
        self._corner_steps += 1
        if self._corner_steps * STEP >= max(*self._size, STEP):
            self.place = 0, 0

    def _move(self, mouse: Ps2Mouse, to: Point) -> bool:
        """Whether there was anything left to go. The pointer stays on the display."""
        assert self.place is not None
        width, height = self._size
        x = min(to.x, max(width - 1, 0)) - self.place[0]
        y = min(to.y, max(height - 1, 0)) - self.place[1]
        x, y = (min(max(each, -STEP), STEP) for each in (x, y))
        if x or y:
            mouse.move(x, -y)
            self.place = self.place[0] + x, self.place[1] + y
        return bool(x or y)

    @staticmethod
    def _press(mouse: Ps2Mouse, held: int) -> None:
        for place, button in enumerate(BUTTONS):
            if (mouse.buttons ^ held) >> place & 1:
                (mouse.press if held >> place & 1 else mouse.release)(button)
