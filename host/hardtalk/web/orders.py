"""What a page sends: one JSON object a message, read into an order or refused with a reason.

Orders are checked here and nowhere else: what comes out can be carried out on any board.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hardtalk.web.keys import KEYS

LONGEST_ENTRY: Final = 1 << 16
LONGEST_CODE: Final = 32
MOST_PIXELS: Final = 1 << 12
STEPS: Final = ("instruction", "millisecond", "frame")


class Garbage(Exception):
    """A message that is no order; the text says why."""


@dataclass(frozen=True)
class Enter:
    """Something typed at the prompt."""

    text: str


@dataclass(frozen=True)
class Interrupt:
    """End what runs at the prompt."""


@dataclass(frozen=True)
class Run:
    """Let time run: no faster than the real board's, or as fast as it can."""

    is_paced: bool


@dataclass(frozen=True)
class Pause:
    """Let time stand still."""


@dataclass(frozen=True)
class Step:
    """Let a little time pass; `unit` is one of STEPS."""

    unit: str


@dataclass(frozen=True)
class Clear:
    """Begin to count latencies anew."""


@dataclass(frozen=True)
class Point:
    """The pointer is at that pixel of the display; `buttons` are held: left 1, right 2, middle 4."""

    x: int
    y: int
    buttons: int


@dataclass(frozen=True)
class Key:
    """A key goes down or up; `name` is one of the board's keyboard."""

    name: str
    is_down: bool


@dataclass(frozen=True)
class LetGo:
    """No key and no button is held any more."""


@dataclass(frozen=True)
class Shown:
    """The client has painted that picture, and is ready for another."""

    number: int


Order: TypeAlias = Enter | Interrupt | Run | Pause | Step | Clear | Point | Key | LetGo
"""For the board; Shown is between the client and its server."""


def order_of(message: str) -> Order | Shown:
    """Raises Garbage."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        raise Garbage("the message is no JSON") from None
    if not isinstance(found, dict):
        raise Garbage("the message is no JSON object")
    read = READERS.get(found["kind"]) if isinstance(found.get("kind"), str) else None
    if read is None:
        raise Garbage(f"kind is none of {', '.join(READERS)}")
    return read(found)


def text_in(found: Mapping[str, Any], name: str, longest: int) -> str:
    value = found.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise Garbage(f"{name} is no text of at most {longest:,} characters")
    return value


def number_in(found: Mapping[str, Any], name: str, limit: int) -> int:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise Garbage(f"{name} is no whole number from 0 to {limit - 1:,}")
    return value


def truth_in(found: Mapping[str, Any], name: str) -> bool:
    value = found.get(name)
    if not isinstance(value, bool):
        raise Garbage(f"{name} is neither true nor false")
    return value


def step_in(found: Mapping[str, Any]) -> Step:
    if found.get("unit") not in STEPS:
        raise Garbage(f"unit is none of {', '.join(STEPS)}")
    return Step(found["unit"])


def key_in(found: Mapping[str, Any]) -> Key:
    name = KEYS.get(text_in(found, "code", LONGEST_CODE))
    if name is None:
        raise Garbage("code is no key that the board's keyboard has")
    return Key(name, truth_in(found, "down"))


READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Order | Shown]]] = {
    "enter": lambda found: Enter(text_in(found, "text", LONGEST_ENTRY)),
    "interrupt": lambda _: Interrupt(),
    "run": lambda found: Run(truth_in(found, "paced")),
    "pause": lambda _: Pause(),
    "step": step_in,
    "clear": lambda _: Clear(),
    "point": lambda found: Point(
        number_in(found, "x", MOST_PIXELS), number_in(found, "y", MOST_PIXELS), number_in(found, "buttons", 8)
    ),
    "key": key_in,
    "let go": lambda _: LetGo(),
    "shown": lambda found: Shown(number_in(found, "number", 1 << 32)),
}
