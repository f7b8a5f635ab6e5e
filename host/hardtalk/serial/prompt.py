"""The prompt without its transport: text in, bytes out; bytes in, events out.

One request is on its way at a time, for a definition must be done before a method is installed in it. When one fails
the rest of its entry is dropped.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.entries import Entry, Text, entries_of, requests_of
from hardtalk.serial.frames import ConsoleText, Frame, FrameReader, encode_frame
from hardtalk.serial.requests import Request
from hardtalk.smalltalk.errors import SourceError


@dataclass(frozen=True, slots=True)
class Result:
    """An entry is done: the printString of its value, or what was defined."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An entry ended in an error: the stack trace."""

    trace: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The board could not make sense of a message, or of bytes on the line: why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pong:
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry of a script that could not be compiled; nothing of it was sent."""

    error: SourceError


Event: TypeAlias = ConsoleText | Result | Failure | NotUnderstood | Pong | Refused


class Prompt:
    """Compiles what is entered for the classes of `model`, which follows the definitions that the board accepts."""

    def __init__(self, model: ClassModel) -> None:
        self.model = model
        self._reader = FrameReader()
        self._waiting: deque[Entry | Request] = deque()
        self._refused: list[Event] = []
        self._running: Request | None = None
        self._outgoing = b""

    @property
    def is_busy(self) -> bool:
        """Whether something entered is not done yet."""
        return self._running is not None or bool(self._waiting)

    def enter(self, source: str, file: str = "<prompt>", line: int = 1) -> None:
        """An expression, or a class or method in Tonel. Raises SourceError; then nothing was sent."""
        self._waiting.extend(requests_of(Text(source, file, line), self.model))
        self._send_next()

    def enter_script(self, text: str, file: str) -> None:
        """A Tonel class, or chunks. An entry is compiled when those before it are done: it may need what they define.

        Raises SourceError when something in it is no Smalltalk; then nothing was sent. What turns out wrong later is a
        Refused among the events of `receive`, and the entries behind it go on.
        """
        self._waiting.extend(entries_of(text, file))
        self._send_next()

    def ping(self, text: str = "") -> None:
        self._outgoing += encode_frame("P", text.encode("latin-1"))

    def interrupt(self) -> None:
        """End what runs on the board; its reply is a Failure. What waits behind it is dropped."""
        self._waiting.clear()
        if self._running is not None:
            self._outgoing += encode_frame("I", b"")

    def abandon(self) -> None:
        """Forget what was entered, without hope of a reply."""
        self._waiting.clear()
        self._running = None

    def take_outgoing(self) -> bytes:
        """The bytes to send now."""
        data, self._outgoing = self._outgoing, b""
        return data

    def receive(self, data: bytes) -> list[Event]:
        """What the board's bytes mean."""
        events: list[Event] = []
        for found in self._reader.feed(data):
            if isinstance(found, ConsoleText):
                events.append(found)
            else:
                events += self._reply(found)
        events += self._refused
        self._refused = []
        return events

    def _reply(self, frame: Frame) -> list[Event]:
        if frame.kind == "P":
            return [Pong(frame.text)]
        request, self._running = self._running, None
        if frame.kind != "R":
            self._drop_entry()
            self._send_next()
            return [Failure(frame.text) if frame.kind == "T" else NotUnderstood(frame.text)]
        events: list[Event] = []
        if request is None or not request.is_quiet:
            events.append(Result(request.title if request and request.title else frame.text))
        if request is not None and request.learn is not None:
            request.learn()
        self._send_next()
        return events

    def _drop_entry(self) -> None:
        while self._waiting and isinstance(self._waiting[0], Request):
            self._waiting.popleft()

    def _send_next(self) -> None:
        while self._running is None and self._waiting:
            first = self._waiting.popleft()
            if isinstance(first, Request):
                self._running = first
                self._outgoing += first.frame
                continue
            try:
                self._waiting.extendleft(reversed(requests_of(first, self.model)))
            except SourceError as error:
                self._refused.append(Refused(error))
