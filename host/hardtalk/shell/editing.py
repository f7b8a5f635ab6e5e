"""Line editing at a terminal: history that is kept, completion, brackets matched as typed, a mismatch told at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.eventloop import InputHookContext
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.validation import ValidationError, Validator

from hardtalk.serial.brackets import mismatch
from hardtalk.shell.commands import is_whole

WORD: Final = re.compile(r"[A-Za-z_][\w:]*$")
HISTORY_FILE: Final = "hardtalk/history"
FEWEST_LETTERS: Final = 2


class Words(Completer):
    """Of the word before the cursor; `words` answers those that there are behind the text before that."""

    def __init__(self, words: Callable[[str], Iterable[str]]) -> None:
        self._words = words

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        found = WORD.search(document.text_before_cursor)
        if found is None or (len(found[0]) < FEWEST_LETTERS and not complete_event.completion_requested):
            return
        start = found[0]
        for word in sorted(set(self._words(document.text_before_cursor[: found.start()]))):
            if word.startswith(start) and word != start:
                yield Completion(word, start_position=-len(start))


class Brackets(Validator):
    def validate(self, document: Document) -> None:
        found = mismatch(document.text)
        if found is not None:
            raise ValidationError(*found)


class LineEditor:
    """Reads entries, each of as many lines as its brackets want. While it waits it calls `idle` again and again, which
    answers text to be shown above the prompt; None for nothing to do now."""

    def __init__(
        self,
        prompt: str,
        continuation: str,
        words: Callable[[str], Iterable[str]],
        idle: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._idle = idle
        self._session: PromptSession[str] = PromptSession(
            prompt,
            history=history(),
            completer=Words(words),
            complete_while_typing=False,
            validator=Brackets(),
            validate_while_typing=True,
            multiline=True,
            prompt_continuation=lambda _width, _line, _wraps: continuation,
            input_processors=[HighlightMatchingBracketProcessor()],
            reserve_space_for_menu=6,
            key_bindings=bindings(),
        )

    def read(self) -> str:
        """Raises KeyboardInterrupt and EOFError for Control-C and Control-D."""
        return self._session.prompt(inputhook=self._wait)

    def _wait(self, context: InputHookContext) -> None:
        """Called by the event loop, which goes on when there is input, or something for it to do."""
        while not context.input_is_ready():
            text = self._idle()
            if text is None:
                return
            if text:
                loop = get_app().loop
                assert loop is not None  # it waits for this
                loop.call_soon_threadsafe(run_in_terminal, partial(print, text, end=""))


def bindings() -> KeyBindings:
    """Return ends a complete entry, and begins a line of one that is not."""
    found = KeyBindings()

    @found.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return found


def history() -> History:
    """Kept where the user's state is; only for this time where that cannot be written."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = folder / HISTORY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
