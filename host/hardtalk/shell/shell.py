"""Lines in, answers and console text out; commands beside Smalltalk; Control-C for what runs too long."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from hardtalk.bench import Bench, BenchError, BoardAsksForReset, BoardEnded
from hardtalk.bench.console import FILE_IN_BAUD, NORMAL_BAUD
from hardtalk.bench.process_watch import ProcessWatch
from hardtalk.debugger.frames import Frame
from hardtalk.debugger.holding import Held
from hardtalk.debugger.smalltalk import SmalltalkDebugger, Stopped
from hardtalk.serial import ConsoleText, Event, Result
from hardtalk.serial.wording import is_mistake, wording
from hardtalk.shell.commands import COMMANDS, Command, command_in, is_whole
from hardtalk.shell.debugging import show_hold, show_stop
from hardtalk.shell.devices import names_behind
from hardtalk.shell.editing import LineEditor
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.library import Library
from hardtalk.shell.variables import declaration_of, fresh_variables
from hardtalk.smalltalk.ast import Expression, Method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import DO_IT

PROMPT, CONTINUATION = "> ", "| "
PATIENCE_CYCLES = 1 << 62
VAIN_INTERRUPTS = 2
"""The second ends unwind blocks that do not end."""
SHOWN_CHARACTERS: Final = 4000
LIVE_SECONDS: Final = 0.02
ENTRY_SECONDS: Final = 60.0
UNDECLARED: Final = re.compile(r"warning: (?P<name>[A-Z]\w*) was not declared;")
"""A small letter begins what is meant to be a variable of the prompt's."""
GOES_ON_MILLISECONDS: Final = 1000
STANDS_STILL: Final = "the board stands still at a breakpoint: continue, step, over or out first"


class Shell:
    """Reads entries and shows what becomes of them. `has_failed` once one did not end well."""

    def __init__(self, bench: Bench, console: Console) -> None:
        self.bench = bench
        self.console = console
        self.has_failed = False
        self.kept: list[str] = []
        """The entries that ended well."""
        self.last_answer = ""
        self._line = ""
        self._is_at_margin = True
        self._has_ended_line = False
        """Before its end came from the board."""
        self.debugger: SmalltalkDebugger | None = None
        """While there are breakpoints, or the board is stopped at one."""
        self._holds = 0
        self.is_live = False
        """Whether the board's time goes on while a terminal's prompt waits."""
        self._is_terminal = False
        self._entry_cycles: int | None = None
        """How long an entry may take where nobody sits who could end it."""

    @cached_property
    def library(self) -> Library:
        return Library(self.bench)

    def run(self, source: TextIO, entry_seconds: float = ENTRY_SECONDS) -> None:
        """Until the end of `source`; an entry goes on over lines while its brackets are open. One that takes longer
        than `entry_seconds` of the board's time is ended, but not at a terminal."""
        if source is sys.stdin and sys.stdin.isatty():
            self._is_terminal = True
            self.tell("Control-D leaves the prompt; Control-C ends what runs too long; help tells what else there is.")
            self.tell("The board's time stands still while the prompt waits: time real lets it go on.")
            self._run_terminal(LineEditor(PROMPT, CONTINUATION, self.words, self._live_slice))
        else:
            self._entry_cycles = self._cycles(entry_seconds)
            self._run_lines(source)

    def _run_terminal(self, editor: LineEditor) -> None:
        line = 1
        while True:
            try:
                entry = editor.read()
                if entry.strip():
                    self.enter(entry.strip(), line)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            line += entry.count("\n") + 1

    def _run_lines(self, source: TextIO) -> None:
        entry, first = "", 1
        for number, line in enumerate(source, start=1):
            if not entry:
                first = number
            entry += line
            if entry.strip() and is_whole(entry):
                try:
                    self.enter(entry.strip(), first)
                except EOFError:
                    return
                entry = ""
        if entry.strip():
            self.enter(entry.strip(), first)

    def words(self, before: str) -> Iterable[str]:
        """What can be completed behind that text: commands, classes, globals, selectors, names of registers."""
        names = names_behind(self.bench.board, before)
        if names is not None:
            return names
        model = self.bench.console.prompt.model
        return {*COMMANDS, *model.names(), *model.globals, *self.library.selectors}

    def enter(self, entry: str, line: int = 1) -> None:
        """A command or Smalltalk. Raises EOFError for the command that leaves."""
        model = self.bench.console.prompt.model
        command = command_in(entry, model.globals)
        if command is not None:
            self._carry_out(*command)
            return
        if self._is_stopped:
            self.fail(STANDS_STILL)
            return
        failed, self.has_failed = self.has_failed, False
        try:
            self._declare(entry)
            self.bench.console.prompt.enter(entry, line=line)
        except SourceError as error:
            self.fail(str(error))
        else:
            self.show_replies(self._entry_cycles)
        if not self.has_failed:
            self.kept.append(entry)
            self.library.note(entry, "<prompt>")
            if self.debugger is not None and not self._is_stopped:
                self.debugger.learn(self.library.entered)
        self.has_failed = failed or self.has_failed

    def _declare(self, entry: str) -> None:
        """Whoever gives a value to a name wants the variable: the board need not warn of it."""
        names = fresh_variables(entry, self.bench.console.prompt.model.globals)
        if names:
            self.bench.console.prompt.enter_statements(declaration_of(names), is_quiet=True)

    @property
    def _is_stopped(self) -> bool:
        return self.debugger is not None and self.debugger.is_stopped

    def _carry_out(self, command: Command, argument: str) -> None:
        if self._is_stopped and not command.works_stopped:
            self.fail(STANDS_STILL)
            return
        try:
            command.does(self, argument)
        except Stopped as stop:
            show_stop(self, str(stop))
        except (BadCommand, BenchError, SourceError) as error:
            self.fail(str(error))
        except OSError as error:
            self.fail(f"{error.filename or argument}: {error.strerror}")

    def start_debugger(self) -> SmalltalkDebugger:
        self.debugger = SmalltalkDebugger(self.bench, self.library.methods, self._held)
        return self.debugger

    def _held(self, held: Held, frame: Frame) -> None:
        self._end_line()
        show_hold(self, held, frame)
        self._holds += 1

    def end_debugger(self) -> None:
        if self.debugger is not None:
            self.debugger.close()
        self.debugger = None

    def let_board_go_on(self) -> None:
        """What was entered goes on, or else a while of the board's time."""
        if self.bench.console.prompt.is_busy:
            self.show_replies()
        else:
            self.let_time_pass(GOES_ON_MILLISECONDS)

    def let_held_go_on(self, statement: Expression, is_entry: bool) -> None:
        """The statement lets a process that is held go on, for a while; one of what `is_entry` until that has its
        answer. Either until a process is held."""
        prompt, holds = self.bench.console.prompt, self._holds
        entries = prompt.held_entries
        prompt.enter_statements(Method(DO_IT, statements=(statement,)), is_quiet=True)
        self.show_replies()
        end = self.bench.board.clock.cycles + GOES_ON_MILLISECONDS * self.bench.board.chip.cpu_hertz // 1000
        try:
            while self._holds == holds and (
                prompt.held_entries == entries if is_entry else self.bench.board.clock.cycles < end
            ):
                self.bench.console.run()
                for event in self.bench.console.receive():
                    self.show(event)
        except KeyboardInterrupt:
            self.tell("it goes on while other things are entered")

    def meant(self, name: str) -> str:
        """A suggestion to put behind a complaint about the name of a class; empty without one."""
        close = get_close_matches(name, self.bench.console.prompt.model.names(), 1)
        return f"; did you mean {close[0]}?" if close else ""

    def run_script(self, text: str, file: str, entry_seconds: float) -> bool:
        """Whether every entry of the script ended well. One that takes longer is ended."""
        console = self.bench.console
        failed, self.has_failed = self.has_failed, False
        console.set_baud(FILE_IN_BAUD)
        console.prompt.enter_script(text, file)
        self.show_replies(self._cycles(entry_seconds))
        if not console.prompt.is_busy:
            console.set_baud(NORMAL_BAUD)
        is_fine = not self.has_failed
        self.has_failed = failed or not is_fine
        return is_fine

    def _cycles(self, seconds: float) -> int:
        return int(seconds * self.bench.board.chip.cpu_hertz)

    def let_time_pass(self, milliseconds: int) -> None:
        """The board goes on for that long, and what it prints is shown."""
        end = self.bench.board.clock.cycles + milliseconds * self.bench.board.chip.cpu_hertz // 1000
        while (rest := end - self.bench.board.clock.cycles) > 0:
            self.bench.console.run(rest)
        for event in self.bench.console.receive():
            self.show(event)

    def _live_slice(self) -> str | None:
        """What the board printed in a slice of time, no faster than real time; None when time stands still."""
        if not self.is_live:
            return None
        started = time.monotonic()
        try:
            self.bench.console.run(round(LIVE_SECONDS * self.bench.board.chip.cpu_hertz))
        except Stopped as stop:
            self.is_live = False
            return f"{stop}; time stands still: continue, step, over or out\n"
        text = "".join(wording(event) for event in self.bench.console.receive())
        time.sleep(max(0.0, LIVE_SECONDS - (time.monotonic() - started)))
        return text

    def show_replies(self, entry_cycles: int | None = None) -> None:
        """Run the board until all that was entered is done. Control-C ends what runs there, not the board; what it
        cannot end is given up."""
        interrupts = 0
        while True:
            try:
                for event in self.bench.console.events(PATIENCE_CYCLES, entry_cycles):
                    self.show(event)
                return
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > VAIN_INTERRUPTS:
                    self.bench.console.prompt.abandon()
                    watch = ProcessWatch(self.bench.board, self.bench.source_map)
                    busy = watch.names.name(watch.active)
                    self.fail(f"the board does not answer, and what was entered is given up: {busy} is busy")
                    self.tell("remedy: exit, and give it a priority below 40, the prompt's")
                    return
                self.bench.console.prompt.interrupt()
            except Stopped as stop:
                show_stop(self, str(stop))
                return
            except BoardAsksForReset:
                if not self.bench.board.starts_from_flash:
                    raise
                self.bench.start_from_flash()
                self.console.out(self.bench.text, end="", highlight=False)
                return
            except BoardEnded:
                raise
            except BenchError as error:
                self.fail(str(error))
                return

    def show(self, event: Event) -> None:
        if isinstance(event, ConsoleText):
            text = event.text.removeprefix("\n") if self._has_ended_line else event.text
            self._has_ended_line = False
            self.console.out(text, end="", highlight=False)
            self._is_at_margin = text.endswith("\n") if text else self._is_at_margin
            self._suggest(event.text)
        elif is_mistake(event):
            self.fail(wording(event))
        elif text := wording(event):
            if isinstance(event, Result):
                self.last_answer = text
            if self._is_terminal and len(text) > SHOWN_CHARACTERS:
                self.tell(text[:SHOWN_CHARACTERS])
                self.tell(f"... {len(text) - SHOWN_CHARACTERS:,} characters more: all shows them")
            else:
                self.tell(text)

    def _suggest(self, text: str) -> None:
        """The board warns of a name that nobody declared, and cannot know what was meant. Its text comes in pieces."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            found = UNDECLARED.match(line)
            if found is not None and (suggestion := self.meant(found["name"])):
                self.tell(suggestion.removeprefix("; "))

    def tell(self, text: str) -> None:
        """A board that stands still may have been in the middle of a line."""
        if self._is_stopped:
            self._end_line()
        self._is_at_margin = True
        self.console.print(Text(text), soft_wrap=True)

    def _end_line(self) -> None:
        if not self._is_at_margin:
            self.console.out("")
            self._has_ended_line = True
        self._is_at_margin = True

    def fail(self, text: str) -> None:
        self.has_failed = True
        self.tell(text)
