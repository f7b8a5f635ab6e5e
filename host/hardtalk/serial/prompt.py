"""The prompt without its transport: text in, bytes out; bytes in, events out.

A definition must be done before a method is installed in it, so an expression is on its way alone. Methods follow each
other without waiting for the replies, which come in the same order. When a request fails the rest of its entry is
dropped.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.entries import Entry, Text, entries_of, requests_of
from hardtalk.serial.frames import ConsoleText, Frame, FrameReader, encode_frame
from hardtalk.serial.requests import INSTALL, Request
from hardtalk.smalltalk.chunk import MethodChunk
from hardtalk.smalltalk.errors import SourceError


@dataclass(frozen=True, slots=True)
class Result:
    """An entry is done: the printString of its value, or what was defined."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An entry ended in an error: the stack trace, and the file and line of the entry, empty at the prompt."""

    trace: str
    place: str = ""


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


@dataclass(frozen=True, slots=True)
class Warned:
    """An entry means something, but perhaps not what was meant."""

    warning: SourceError


Event: TypeAlias = ConsoleText | Result | Failure | NotUnderstood | Pong | Refused | Warned

METHODS_UNDER_WAY = 8
METHOD_BYTES_UNDER_WAY = 6000
"""How many methods, and bytes of them, may wait on the board to be installed: its driver keeps 8,192 bytes."""


class Prompt:
    """Compiles what is entered for the classes of `model`, which follows the definitions that the board accepts."""

    def __init__(self, model: ClassModel) -> None:
        self.model = model
        self._reader = FrameReader()
        self._waiting: deque[Entry | Request] = deque()
        self._told: list[Event] = []
        self._running: deque[Request] = deque()
        self._outgoing = b""
        self._reason = ""
        self.replies = 0
        """How many requests have been answered."""

    @property
    def is_busy(self) -> bool:
        """Whether something entered is not done yet."""
        return bool(self._running or self._waiting)

    def enter(self, source: str, file: str = "<prompt>", line: int = 1) -> None:
        """An expression, or a class or method in Tonel. Raises SourceError; then nothing was sent."""
        self._waiting.extend(requests_of(Text(source, file, line), self.model))
        self._send_next()

    def enter_script(self, text: str, file: str) -> None:
        """A Tonel class, chunks, or GNU Smalltalk's syntax. An entry is compiled when those before it are done: it may
        need what they define. One that is no Smalltalk is a Refused among the events of `receive`; the others go on.
        """
        self._waiting.extend(entries_of(text, file))
        self._send_next()

    def ping(self, text: str = "") -> None:
        self._outgoing += encode_frame("P", text.encode("latin-1"))

    def interrupt(self) -> None:
        """End what runs on the board; its reply is a Failure. What waits behind it is dropped."""
        self._waiting.clear()
        self.end_entry("")

    def end_entry(self, reason: str) -> None:
        """End what runs on the board, for that reason. What waits behind it goes on."""
        if self._running:
            self._reason = reason
            self._outgoing += encode_frame("I", b"")

    def abandon(self) -> None:
        """Forget what was entered, without hope of a reply."""
        self._waiting.clear()
        self._running.clear()
        self._reason = ""

    def start_over(self) -> None:
        """The line is as if nothing had been sent: the board was put back to when nothing had been."""
        self.abandon()
        self._told.clear()
        self._outgoing = b""
        self._reader = FrameReader()

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
        events += self._told
        self._told = []
        return events

    def _reply(self, frame: Frame) -> list[Event]:
        if frame.kind == "P":
            return [Pong(frame.text)]
        request = self._running.popleft() if self._running else None
        self.replies += 1
        if frame.kind != "R":
            self._drop_entry()
            self._send_next()
            place = request.place if request is not None else ""
            text, self._reason = self._reason or frame.text, ""
            return [Failure(text, place) if frame.kind == "T" else NotUnderstood(frame.text)]
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
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, Request):
                if self._running and not self._may_follow(first):
                    return
                self._waiting.popleft()
                self._running.append(first)
                self._told += [Warned(each) for each in first.warnings]
                self._outgoing += first.frame
                continue
            if self._running and not (isinstance(first, MethodChunk) and self._are_methods_under_way()):
                return
            self._waiting.popleft()
            try:
                self._waiting.extendleft(reversed(requests_of(first, self.model)))
            except SourceError as error:
                self._told.append(Refused(error))

    def _are_methods_under_way(self) -> bool:
        return all(each.kind == INSTALL for each in self._running)

    def _may_follow(self, request: Request) -> bool:
        """Whether the request need not wait for those that are under way: a method behind methods."""
        size = sum(len(each.payload) for each in self._running) + len(request.payload)
        return (
            request.kind == INSTALL
            and self._are_methods_under_way()
            and len(self._running) < METHODS_UNDER_WAY
            and size < METHOD_BYTES_UNDER_WAY
        )
