"""The prompt that a person sits at: lines in, answers and console text out, Control-C for what runs too long."""

import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

from hardtalk.bench import Bench, BenchError, BoardAsksForReset, BoardEnded
from hardtalk.bench.console import FILE_IN_BAUD, NORMAL_BAUD
from hardtalk.serial import ConsoleText, Event
from hardtalk.serial.wording import is_complete, is_mistake, wording
from hardtalk.smalltalk.errors import SourceError

PROMPT, CONTINUATION = "> ", "| "
PATIENCE_CYCLES = 1 << 62


class Shell:
    """Reads entries and shows what becomes of them. `has_failed` once one did not end well."""

    def __init__(self, bench: Bench, console: Console) -> None:
        self.bench = bench
        self.console = console
        self.has_failed = False

    def run(self, source: TextIO) -> None:
        """Until the end of `source`; an entry goes on over lines while its brackets are open."""
        is_terminal = source is sys.stdin and sys.stdin.isatty()
        if is_terminal:
            self.console.print("Control-D leaves the prompt; Control-C ends what runs too long.")
        entry, number, first = "", 0, 1
        while True:
            try:
                line = self._read(source, is_terminal, CONTINUATION if entry else PROMPT)
            except KeyboardInterrupt:
                self.console.print()
                entry = ""
                continue
            if line is None:
                break
            number += 1
            if not entry:
                first = number
            entry += line
            if entry.strip() and is_complete(entry):
                self.enter(entry.strip(), first)
                entry = ""
        if entry.strip():
            self.enter(entry.strip(), first)

    def _read(self, source: TextIO, is_terminal: bool, prompt: str) -> str | None:
        if is_terminal:
            try:
                return input(prompt) + "\n"
            except EOFError:
                self.console.print()
                return None
        return source.readline() or None

    def enter(self, entry: str, line: int = 1) -> None:
        try:
            self.bench.console.prompt.enter(entry, line=line)
        except SourceError as error:
            self._fail(str(error))
            return
        self._show_replies()

    def run_script(self, text: str, file: str, entry_seconds: float) -> bool:
        """Whether every entry of the script ended well. One that takes longer is ended."""
        console = self.bench.console
        console.set_baud(FILE_IN_BAUD)
        console.prompt.enter_script(text, file)
        self._show_replies(int(entry_seconds * self.bench.board.chip.cpu_hertz))
        if not console.prompt.is_busy:
            console.set_baud(NORMAL_BAUD)
        return not self.has_failed

    def _show_replies(self, entry_cycles: int | None = None) -> None:
        """Run the board until all that was entered is done. Control-C ends what runs there, not the board."""
        while True:
            try:
                for event in self.bench.console.events(PATIENCE_CYCLES, entry_cycles):
                    self.show(event)
                return
            except KeyboardInterrupt:
                self.bench.console.prompt.interrupt()
            except BoardAsksForReset:
                if not self.bench.board.starts_from_flash:
                    raise
                self.bench.start_from_flash()
                self.console.out(self.bench.text, end="", highlight=False)
                return
            except BoardEnded:
                raise
            except BenchError as error:
                self._fail(str(error))
                return

    def show(self, event: Event) -> None:
        if isinstance(event, ConsoleText):
            self.console.out(event.text, end="", highlight=False)
        elif is_mistake(event):
            self._fail(wording(event))
        elif text := wording(event):
            self.console.print(Text(text), soft_wrap=True)

    def _fail(self, text: str) -> None:
        self.has_failed = True
        self.console.print(Text(text), soft_wrap=True)
