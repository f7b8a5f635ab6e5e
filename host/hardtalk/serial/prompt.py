"""The prompt without its transport: text in, bytes out; bytes in, events out.

A definition must be done before a method is installed in it, so an expression is on its way alone. Methods go several
in a message, and messages of methods follow each other without waiting for the replies. When a request fails the rest
of its entry is dropped.

Requests are numbered, and a reply belongs to the request of its number, whatever else comes. What the board may not
have got, or what it replied and did not arrive, is sent again with the same number; the board does nothing twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

from hardtalk.serial.batch import Batch, may_go
from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.entries import EndOfScript, Entry, Made, Text, entries_of, requests_of
from hardtalk.serial.frames import GREATEST_NUMBER, NUMBER_BITS, ConsoleText, Frame, FrameReader, encode_frame
from hardtalk.serial.requests import INSTALL, Request, is_method_definition
from hardtalk.smalltalk.ast import Method
from hardtalk.smalltalk.chunk import MethodChunk, RefusedChunk
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.gnu import is_gnu


@dataclass(frozen=True, slots=True)
class Result:
    """An entry is done: the printString of its value, or what was defined. It `is_late` when a debugger held it."""

    text: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An entry ended in an error: the stack trace, and the file and line of the entry, empty at the prompt. `is_late`
    as of a Result."""

    trace: str
    place: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The board could not make sense of a message, or of bytes on the line: why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A debugger holds the process of a request, and others are run before its reply comes."""


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


Event: TypeAlias = ConsoleText | Result | Failure | NotUnderstood | Held | Pong | Refused | Warned

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
        self._running: dict[int, Batch] = {}
        self._held: dict[int, Batch] = {}
        self._entry = 0
        self._unknown: dict[str, SourceError] = {}
        self.number = 0
        """Of the last request."""
        self._complaints = 0
        self._outgoing = b""
        self._ending: str | None = None
        self.replies = 0
        """How many requests have been answered."""

    @property
    def is_busy(self) -> bool:
        """Whether something entered is not done yet."""
        return bool(self._running or self._waiting)

    @property
    def held_entries(self) -> int:
        """How many requests have their replies when a debugger lets their processes go on."""
        return len(self._held)

    def enter(self, source: str, file: str = "<prompt>", line: int = 1) -> None:
        """An expression, a class or method in Tonel, or a class as GNU Smalltalk writes it, which is a script. Raises
        SourceError; then nothing was sent."""
        if is_gnu(source) and not is_method_definition(source):
            return self.enter_script(source, file)
        self._waiting.extend(self._requests_of(Text(source, file, line)))
        self._send_next()

    def enter_statements(self, node: Method, class_name: str = "UndefinedObject", is_quiet: bool = False) -> None:
        """Statements that were made, not typed, with the class's variables in sight. Raises SourceError."""
        self._waiting.extend(self._requests_of(Made(node, class_name, is_quiet)))
        self._send_next()

    def enter_script(self, text: str, file: str) -> None:
        """A Tonel class, chunks, or GNU Smalltalk's syntax. An entry is compiled when those before it are done: it may
        need what they define. One that is no Smalltalk is a Refused among the events of `receive`; the others go on.
        So is, at the end, each name that its methods use and nobody has declared.
        """
        self._unknown = {}
        self._waiting.extend((*entries_of(text, file), EndOfScript(self._unknown)))
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
            self._ending = reason
            self._outgoing += encode_frame("I", b"")

    @property
    def begun(self) -> int:
        """How many bytes have come of a frame that is not complete."""
        return self._reader.begun

    def send_again(self) -> None:
        """After a silence: send what has no reply yet once more, in case that it, or its reply, was lost."""
        for found in self._reader.give_up():
            self._told += [found] if isinstance(found, ConsoleText) else self._reply(found)
        self._send_running()

    def _send_running(self) -> None:
        for number, batch in self._running.items():
            self._outgoing += batch.frame(number)

    def abandon(self) -> None:
        """Forget what was entered, without hope of a reply."""
        self._waiting.clear()
        self._running.clear()
        self._held.clear()
        self._ending = None

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
        events, self._told = self._told, []
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
        if frame.kind == "H":
            return self._set_aside(number)
        if number in self._held:
            return self._late(self._held.pop(number), frame)
        batch = self._running.pop(number, None)
        if batch is None:
            return self._complaint(frame) if frame.kind == "N" and not frame.number else []
        self.replies += 1
        self._complaints = 0
        events = self._done(batch, frame) if frame.kind == "R" else self._failed(batch, frame)
        if not self._running:
            self._ending = None  # it came too late
        self._send_next()
        return events

    def _set_aside(self, number: int) -> list[Event]:
        batch = self._running.pop(number, None)
        if batch is None:
            return []
        self._held[number] = batch
        self.replies += 1
        self._drop_entries(batch)
        self._send_next()
        return [Held()]

    def _late(self, batch: Batch, frame: Frame) -> list[Event]:
        if frame.kind == "R":
            return [replace(each, is_late=True) for each in self._done(batch, frame) if isinstance(each, Result)]
        return [Failure(frame.text, batch.requests[0].place, is_late=True)]

    def _done(self, batch: Batch, frame: Frame) -> list[Event]:
        for each in batch.requests:
            if each.learn is not None:
                each.learn()
            if each.complaints is not None and (errors := each.complaints(frame.text)):
                self._drop_entries(batch, but_questions=True)
                return [Refused(error) for error in errors]
        return [Result(each.title or each.method or frame.text) for each in batch.requests if not each.is_quiet]

    def _failed(self, batch: Batch, frame: Frame) -> list[Event]:
        text, was_ended = frame.text, self._ending is not None
        if self._ending:  # the stack below tells where it was
            _, _, stack = text.partition("\n")
            text = f"{self._ending}\n{stack}".rstrip()
        self._ending = None
        if batch.is_of_several and not was_ended:
            self._waiting.extendleft(replace(each, is_alone=True) for each in reversed(batch.requests))
            return []
        self._drop_entries(batch)
        return [Failure(text, batch.requests[0].place) if frame.kind == "T" else NotUnderstood(frame.text)]

    def _complaint(self, frame: Frame) -> list[Event]:
        """The board made nothing of some bytes. They may have been a request, which is sent again; not for ever, for
        the board may have no room for it."""
        self._complaints += 1
        if self._complaints > MOST_COMPLAINTS and self._running:
            for batch in self._running.values():
                self._drop_entries(batch)
            self._running.clear()
            self.replies += 1
            self._complaints = 0
            self._send_next()
        self._send_running()
        return [NotUnderstood(frame.text)]

    def _number_of_unnumbered(self, kind: str) -> int:
        """A board that numbers nothing answers in order. N without a number is about what was no request."""
        return next(iter(self._running), 0) if kind in "RT" else 0

    def _drop_entries(self, batch: Batch, but_questions: bool = False) -> None:
        """Send no more of what the requests are parts of."""
        entries = {each.entry for each in batch.requests}

        def is_dropped(each: Entry | Request) -> bool:
            is_kept_question = but_questions and isinstance(each, Request) and each.complaints is not None
            return isinstance(each, Request) and each.entry in entries and not is_kept_question

        self._waiting = deque(each for each in self._waiting if not is_dropped(each))

    def _send_next(self) -> None:
        while batch := self._next_batch():
            self.number = self.number % GREATEST_NUMBER + 1
            number = self._session | self.number
            self._running[number] = batch
            self._outgoing += batch.frame(number)

    def _next_batch(self) -> Batch | None:
        """What can be sent now."""
        running = list(self._running.values())
        batch: list[Request] = []
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, Request):
                if not may_go(first, batch, running):
                    break
                self._waiting.popleft()
                batch.append(first)
            elif (running or batch) and not self._need_not_wait(first, running, batch):
                break
            else:
                self._waiting.popleft()
                try:
                    self._waiting.extendleft(reversed(self._requests_of(first)))
                except SourceError as error:
                    self._told.append(Refused(error))
        return Batch(tuple(batch)) if batch else None

    def _requests_of(self, entry: Entry) -> list[Request]:
        self._entry += 1
        refused: list[SourceError] = []
        requests = requests_of(entry, self.model, refused)
        self._told += map(Refused, refused)
        self._told += [Warned(warning) for each in requests for warning in each.warnings]
        if not isinstance(entry, Text):
            for name, error in (pair for each in requests for pair in each.unknown.items()):
                self._unknown.setdefault(name, error)
        return [replace(each, entry=self._entry) for each in requests]

    def _need_not_wait(self, entry: Entry, running: list[Batch], batch: list[Request]) -> bool:
        """Whether an entry can be compiled before what goes before it is done."""
        before = [*batch, *(request for each in running for request in each.requests)]
        return isinstance(entry, (MethodChunk, RefusedChunk)) and all(each.kind == INSTALL for each in before)
