"""Puts what the board is like before its viewers, each part as often as it is worth: nothing while nobody looks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hardtalk.bench import Bench
from hardtalk.board import BoardError
from hardtalk.board.panel import Panel
from hardtalk.web.heap_view import heap_state
from hardtalk.web.latencies import Latencies
from hardtalk.web.lines_view import LinesView
from hardtalk.web.published import Published

PICTURE_SECONDS: Final = 1 / 40
STATE_SECONDS: Final = 0.25
PICTURE_SHARE: Final = 0.25
STATE_SHARE: Final = 0.05
"""Of the board's time, that one part may take."""


@dataclass
class Part:
    """Something that is shown again when `seconds` have passed, later when it takes long."""

    show: Callable[[], None]
    seconds: float
    share: float = STATE_SHARE
    due: float = field(default=0.0)

    def show_when_due(self, is_forced: bool) -> None:
        began = time.monotonic()
        if is_forced or began >= self.due:
            self.show()
            ended = time.monotonic()
            self.due = ended + max(self.seconds, (ended - began) / self.share)


class Showing:
    """Of one board, for `published`. `pictures` counts those that were shown."""

    def __init__(self, bench: Bench, published: Published) -> None:
        self.latencies = Latencies(bench.board)
        self._bench = bench
        self._published = published
        lines = LinesView(bench)
        self._parts = (
            Part(self._show_picture, PICTURE_SECONDS, PICTURE_SHARE),
            Part(lambda: published.put("latency", self.latencies.state()), STATE_SECONDS),
            Part(lambda: published.put("lines", lines.state()), STATE_SECONDS),
            Part(self._show_heap, STATE_SECONDS),
        )

    def show(self, is_forced: bool = False) -> None:
        """What is due, or all of it."""
        if self._published.viewers:
            for part in self._parts:
                part.show_when_due(is_forced)

    def _show_picture(self) -> None:
        try:
            panel = Panel.of(self._bench.board)
        except BoardError:
            panel = None
        self._published.show(panel)

    def _show_heap(self) -> None:
        state = heap_state(self._bench.board)
        if state is not None:
            self._published.put("heap", state)
