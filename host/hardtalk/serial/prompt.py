"""The prompt without its transport: text in, bytes out; bytes in, events out.

A definition must be done before a method is installed in it, so an expression is on its way alone. Methods follow each
other without waiting for the replies. When a request fails the rest of its entry is dropped.

Requests are numbered, and a reply belongs to the request of its number, whatever else comes. What the board may not
have got, or what it replied and did not arrive, is sent again with the same number; the board does nothing twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.entries import Entry, Text, entries_of, requests_of
from hardtalk.serial.frames import GREATEST_NUMBER, NUMBER_BITS, ConsoleText, Frame, FrameReader, encode_frame
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
MOST_COMPLAINTS = 8
"""How many complaints in a row a request outlives."""


class Prompt:
    """Compiles what is entered for the classes of `model`, which follows the definitions that the board accepts.

    Among the prompts that the board may remember, `session` is this one's alone: a word, at random where chance is
    allowed. Each number is that of a request in the session.
    """

    def __init__(self, model: ClassModel, session: int = 0) -> None:
        self.model = model
        self._session = session << NUMBER_BITS
        self._reader = FrameReader()
        self._waiting: deque[Entry | Request] = deque()
        self._told: list[Event] = []
        self._running: dict[int, Request] = {}
        self.number = 0
        """Of the last request."""
        self._complaints = 0
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

    def send_again(self) -> None:
        """After a silence: send what has no reply yet once more, in case that it, or its reply, was lost."""
        for found in self._reader.give_up():
            self._told += [found] if isinstance(found, ConsoleText) else self._reply(found)
        self._send_running()

    def _send_running(self) -> None:
        for number, request in self._running.items():
            self._outgoing += request.frame(number)

    def abandon(self) -> None:
        """Forget what was entered, without hope of a reply."""
        self._waiting.clear()
        self._running.clear()
        self._reason = ""

    def start_over(self, number: int) -> None:
        """The board was put back to when that was the last request's number, and the line is as it was."""
        self.abandon()
        self.number = number
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
        number = frame.number or self._number_of_unnumbered(frame.kind)
        request = self._running.pop(number, None)
        if request is None:
            return self._complaint(frame) if frame.kind == "N" and not frame.number else []
        self.replies += 1
        self._complaints = 0
        if frame.kind != "R":
            self._drop_entry()
            self._send_next()
            text, self._reason = self._reason or frame.text, ""
            return [Failure(text, request.place) if frame.kind == "T" else NotUnderstood(frame.text)]
        events: list[Event] = []
        if not request.is_quiet:
            events.append(Result(request.title or frame.text))
        if request.learn is not None:
            request.learn()
        self._send_next()
        return events

    def _complaint(self, frame: Frame) -> list[Event]:
        """The board made nothing of some bytes. They may have been a request, which is sent again; not for ever, for
        the board may have no room for it."""
        self._complaints += 1
        if self._complaints > MOST_COMPLAINTS and self._running:
            self._running.clear()
            self._drop_entry()
            self.replies += 1
            self._complaints = 0
            self._send_next()
        self._send_running()
        return [NotUnderstood(frame.text)]

    def _number_of_unnumbered(self, kind: str) -> int:
        """A board that numbers nothing answers in order. N without a number is about what was no request."""
        return next(iter(self._running), 0) if kind in "RT" else 0

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
                self.number = self.number % GREATEST_NUMBER + 1
                number = self._session | self.number
                self._running[number] = first
                self._told += [Warned(each) for each in first.warnings]
                self._outgoing += first.frame(number)
                continue
            if self._running and not (isinstance(first, MethodChunk) and self._are_methods_under_way()):
                return
            self._waiting.popleft()
            try:
                self._waiting.extendleft(reversed(requests_of(first, self.model)))
            except SourceError as error:
                self._told.append(Refused(error))

    def _are_methods_under_way(self) -> bool:
        return all(each.kind == INSTALL for each in self._running.values())

    def _may_follow(self, request: Request) -> bool:
        """Whether the request need not wait for those that are under way: a method behind methods."""
        size = sum(len(each.payload) for each in self._running.values()) + len(request.payload)
        return (
            request.kind == INSTALL
            and self._are_methods_under_way()
            and len(self._running) < METHODS_UNDER_WAY
            and size < METHOD_BYTES_UNDER_WAY
        )
