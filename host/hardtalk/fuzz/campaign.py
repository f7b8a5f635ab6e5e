"""A great many inputs of one kind: each is refused with a clear message or accepted, or a defect was found."""

import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from types import FrameType
from typing import Final

from hardtalk.fuzz.kind import Kind
from hardtalk.fuzz.mutation import mutated

PATIENCE_SECONDS: Final = 10.0
"""Of the process's own time; what takes longer hangs."""
LONGEST_MESSAGE: Final = 20_000
SHOWN_MESSAGE: Final = 500

Judge = Callable[[BaseException], str | None]
"""The message that a user reads of an error; None for an error that shows a traceback."""


class Outcome(Enum):
    """What becomes of an input."""

    CLEAR = "clear"
    ACCEPTED = "accepted"
    TRACEBACK = "traceback"
    HUNG = "hung"

    @property
    def is_defect(self) -> bool:
        return self in (Outcome.TRACEBACK, Outcome.HUNG)


@dataclass(frozen=True)
class Failure:
    """The input with that number: what it was, and the last lines of the traceback."""

    number: int
    data: bytes
    outcome: Outcome
    text: str

    @property
    def cause(self) -> str:
        """Equal for failures that happened at the same place."""
        return "\n".join(line for line in self.text.splitlines() if line.startswith("  File "))


@dataclass
class Tally:
    """How many inputs came to what end; the inputs that were defects. `is_cut` after Control-C."""

    kind: Kind
    counts: Counter[Outcome] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    is_cut: bool = False

    @property
    def tried(self) -> int:
        return self.counts.total()


class Hung(BaseException):
    """The time is up; no handler of exceptions may swallow this."""


def run_campaign(
    kind: Kind, count: int, seed: int, judge: Judge, progress: Callable[[int], None] = lambda _: None
) -> Tally:
    """Try inputs 0 to `count` - 1 of the campaign with that seed, or those before Control-C comes."""
    tally = Tally(kind)
    try:
        for number in range(count):
            data = input_of(kind, seed, number)
            outcome, text = try_input(kind, data, judge)
            tally.counts[outcome] += 1
            if outcome.is_defect:
                tally.failures.append(Failure(number, data, outcome, text))
            progress(number + 1)
    except KeyboardInterrupt:
        tally.is_cut = True
    return tally


def input_of(kind: Kind, seed: int, number: int) -> bytes:
    """The input with that number; it does not depend on those before it."""
    return mutated(Random(f"{kind.name}:{seed}:{number}"), kind.seeds, kind.is_text)


def try_input(kind: Kind, data: bytes, judge: Judge) -> tuple[Outcome, str]:
    """What becomes of one input, and the message or the end of the traceback."""
    try:
        with limited(PATIENCE_SECONDS):
            kind.attempt(data)
    except Hung as error:
        return Outcome.HUNG, last_lines(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        message = judge(error)
        if message is None:
            return Outcome.TRACEBACK, last_lines(error)
        if complaint := unclear(kind, message, 0 if kind.place else len(data)):
            return Outcome.TRACEBACK, f"{complaint}: {message[:SHOWN_MESSAGE]!r}\n{last_lines(error)}"
        return Outcome.CLEAR, message
    return Outcome.ACCEPTED, ""


def unclear(kind: Kind, message: str, size: int) -> str:
    """What a message about an input of that size lacks; empty when it is clear. It may repeat the input."""
    if not message.strip():
        return "the message is empty"
    if kind.place and kind.place not in message:
        return f"the message does not name {kind.place}"
    if len(message) > LONGEST_MESSAGE + 8 * size:
        return f"the message has {len(message):,} characters"
    return ""


def last_lines(error: BaseException, count: int = 8) -> str:
    lines = "".join(traceback.format_exception(error, limit=-count)).splitlines()
    return "\n".join(line[:300] for line in lines[-2 * count :])


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Hung in whatever runs longer than that, counted in the time of this process. For the main thread."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise Hung(f"not done after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
