"""What there is to see of the board: the newest state of each kind, the console's last lines, the picture.

The board's thread writes, the server's reads. Nothing waits here: who is late finds the newest, and of the console
what is still kept. So a slow client costs no memory.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from hardtalk.board.panel import Panel
from hardtalk.web.picture import Change, Picture

LINES_KEPT: Final = 2_000


@dataclass(frozen=True)
class Line:
    """What the console shows. `what` is text (as the board printed it), entered, result, mistake or notice."""

    what: str
    text: str


@dataclass
class Seen:
    """How far a client is: the number of the last state of each kind, of the last line, of the last picture."""

    states: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    picture: int = 0


class Published:
    """`viewers` is how many clients there are: without one, nothing needs to be made for them."""

    def __init__(self) -> None:
        self.viewers = 0
        self._lock = Lock()
        self._states: dict[str, tuple[int, str]] = {}
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT)
        self._line_count = 0
        self._picture = Picture()
        self._wake: Callable[[], None] = lambda: None

    def on_change(self, wake: Callable[[], None]) -> None:
        """Whom to tell that there is something new, from the board's thread."""
        self._wake = wake

    def put(self, kind: str, state: Mapping[str, Any]) -> None:
        text = json.dumps({"kind": kind, **state})
        with self._lock:
            number, last = self._states.get(kind, (0, ""))
            if text == last:
                return
            self._states[kind] = number + 1, text
        self._wake()

    def say(self, what: str, text: str) -> None:
        """Add to the console."""
        if text:
            with self._lock:
                self._lines.append(Line(what, text))
                self._line_count += 1
            self._wake()

    def show(self, panel: Panel | None) -> bool:
        """Take over what the panel shows. Answers whether that is another picture."""
        with self._lock:
            is_new = self._picture.update(panel)
        if is_new:
            self._wake()
        return is_new

    def texts_since(self, seen: Seen) -> list[str]:
        """The messages, in JSON, that somebody who is so far has not had; `seen` follows."""
        with self._lock:
            messages = []
            for kind, (number, text) in self._states.items():
                if seen.states.get(kind) != number:
                    seen.states[kind] = number
                    messages.append(text)
            missed = self._line_count - seen.lines
            seen.lines = self._line_count
            lines = list(self._lines)[max(len(self._lines) - missed, 0) :] if missed else []
        if lines:
            told = [{"what": each.what, "text": each.text} for each in lines]
            messages.append(json.dumps({"kind": "console", "lost": missed - len(lines), "lines": told}))
        return messages

    def picture_since(self, seen: Seen) -> Change | None:
        """What the picture has that this one lacks; None when it is the newest."""
        with self._lock:
            if seen.picture == self._picture.number:
                return None
            change = self._picture.since(seen.picture)
        seen.picture = change.number
        return change
