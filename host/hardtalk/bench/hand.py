"""A file of what somebody does at the board's keyboard and mouse, carried out in the board's time.

One thing a line, each after the one before; from # on a line is a remark:

    wait 500ms
    move 100 -40 300ms     to the right and up, as on the screen, in steps of 10 ms over that time
    press right            a button: left when none is named
    release right
    click
    key enter              pressed and let go
    type Hello, world      each character with the keys that make it
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from hardtalk.bench.errors import UnfitRequest
from hardtalk.board import Board
from hardtalk.devices import keys_of
from hardtalk.devices.ps2_keyboard import CODES
from hardtalk.devices.ps2_mouse import BUTTONS

STEP_MS = 10
BUTTON_MS = 30
KEY_MS = 20
FURTHEST = 200
"""What a mouse can say of one step."""

Doing: TypeAlias = Callable[[Board], None]
REMEDY = "give a file of strokes, as docs/input.md shows"
EXPECTED = "write wait, move, press, release, click, key or type, as docs/input.md shows"


@dataclass(frozen=True)
class Stroke:
    """Something to do, so many milliseconds after what was before."""

    delay_ms: int
    do: Doing


def read_strokes(path: Path) -> list[Stroke]:
    """Raises UnfitRequest with the line that cannot be carried out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UnfitRequest(f"--input {path}: {error.strerror}", REMEDY) from error
    except UnicodeDecodeError as error:
        raise UnfitRequest(f"--input {path}: it is no text in UTF-8", REMEDY) from error
    strokes: list[Stroke] = []
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            strokes += strokes_of(words, line)
        except (KeyError, ValueError, IndexError) as error:
            raise UnfitRequest(f"{path}:{number}: {line.strip()}: {error.args[0]}", EXPECTED) from error
    return strokes


def strokes_of(words: list[str], line: str) -> Iterator[Stroke]:
    match words:
        case ["wait", time]:
            yield Stroke(milliseconds_of(time), lambda _board: None)
        case ["move", x, y, *time]:
            yield from moves(int(x), int(y), milliseconds_of(*time) if time else 0)
        case ["press", *button]:
            yield Stroke(BUTTON_MS, partial(press, button_of(button)))
        case ["release", *button]:
            yield Stroke(BUTTON_MS, partial(release, button_of(button)))
        case ["click", *button]:
            yield Stroke(BUTTON_MS, partial(press, button_of(button)))
            yield Stroke(BUTTON_MS, partial(release, button_of(button)))
        case ["key", name] if name in CODES:
            yield from struck((name,))
        case ["type", *_]:
            for character in line.split("type ", 1)[1]:
                yield from struck(keys_of(character))
        case _:
            raise ValueError("nobody can do that")


def moves(x: int, y: int, time_ms: int) -> Iterator[Stroke]:
    """Equal steps, none further than a mouse can say."""
    count = max(time_ms // STEP_MS, -(-max(abs(x), abs(y)) // FURTHEST), 1)
    done_x = done_y = 0
    for step in range(1, count + 1):
        next_x, next_y = x * step // count, y * step // count
        yield Stroke(STEP_MS, partial(move, next_x - done_x, next_y - done_y))
        done_x, done_y = next_x, next_y


def struck(keys: tuple[str, ...]) -> Iterator[Stroke]:
    for key in keys:
        yield Stroke(KEY_MS, partial(key_down, key))
    for key in reversed(keys):
        yield Stroke(KEY_MS, partial(key_up, key))


def milliseconds_of(text: str) -> int:
    if not text.endswith("ms") or not text[:-2].isdecimal():
        raise ValueError(f"{text} is no time: 500ms")
    return int(text[:-2])


def button_of(words: list[str]) -> str:
    [button] = words or ["left"]
    if button not in BUTTONS:
        raise ValueError(f"there is no button {button}; there are {', '.join(BUTTONS)}")
    return button


def press(button: str, board: Board) -> None:
    board.mouse.press(button)


def release(button: str, board: Board) -> None:
    board.mouse.release(button)


def move(x: int, y: int, board: Board) -> None:
    board.mouse.move(x, -y)


def key_down(key: str, board: Board) -> None:
    board.keyboard.press(key)


def key_up(key: str, board: Board) -> None:
    board.keyboard.release(key)


def carry_out(board: Board, strokes: list[Stroke]) -> None:
    """Let it all happen as the board's time passes, beginning now."""
    cycle = board.clock.cycles
    for stroke in strokes:
        cycle += stroke.delay_ms * board.chip.cpu_hertz // 1000
        board.clock.at(cycle, partial(stroke.do, board))
