"""What commands need of the prompt that they are entered at."""

from __future__ import annotations

from typing import Protocol

from rich.console import Console

from hardtalk.bench import Bench
from hardtalk.debugger.smalltalk import SmalltalkDebugger
from hardtalk.shell.library import Library
from hardtalk.smalltalk.ast import Expression


class Session(Protocol):
    """`kept` are the entries that ended well, `is_live` tells whether time goes on while a terminal's prompt waits."""

    bench: Bench
    console: Console
    kept: list[str]
    last_answer: str
    is_live: bool
    debugger: SmalltalkDebugger | None

    @property
    def library(self) -> Library: ...

    def tell(self, text: str) -> None: ...

    def meant(self, name: str) -> str:
        """A suggestion to put behind a complaint about the name of a class; empty without one."""

    def run_script(self, text: str, file: str, entry_seconds: float) -> bool:
        """Whether every entry of the script ended well. One that takes longer is ended."""

    def start_debugger(self) -> SmalltalkDebugger: ...

    def end_debugger(self) -> None: ...

    def let_board_go_on(self) -> None:
        """What was entered goes on, or else a while of the board's time."""

    def show_replies(self) -> None:
        """Run the board until all that was entered is done."""

    def let_held_go_on(self, statement: Expression, is_entry: bool) -> None:
        """The statement lets a process that is held go on, for a while; one of what `is_entry` until that has its
        answer. Either until a process is held."""

    def let_time_pass(self, milliseconds: int) -> None:
        """The board goes on for that long, and what it prints is shown."""
