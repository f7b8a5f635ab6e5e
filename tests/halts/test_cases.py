"""What once stopped the board, killed its prompt or damaged its heap is an error in the process that did it: cases.txt.

All cases share a board, put back to its first state before each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.bench.console import BoardConsole
from hardtalk.memory.audit import audit
from hardtalk.memory.safepoints import settle
from hardtalk.serial import ConsoleText, Failure, NotUnderstood, Result
from hardtalk.smalltalk.errors import SourceError

PATIENCE_CYCLES = 1_000_000_000


@dataclass(frozen=True)
class Case:
    """Entries, and a piece of the last reply."""

    entries: tuple[str, ...]
    expected: str


def read_cases() -> list[Case]:
    text = (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8")
    cases = []
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line and not line.startswith("# ")]
        if lines:
            assert lines[-1].startswith("-> "), lines[-1]
            cases.append(Case(tuple(lines[:-1]), lines[-1][3:]))
    return cases


CASES = read_cases()


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(heap_bytes=4 << 20))
    return bench, bench.console.keep()


@pytest.mark.parametrize("case", CASES, ids=[case.entries[-1][:60] for case in CASES])
def test_case(booted: tuple[Bench, KeptBoard], case: Case) -> None:
    bench, kept = booted
    console = bench.console
    console.put_back(kept)
    reply = ""
    for entry in case.entries:
        reply = reply_to(console, entry)
    assert case.expected in reply
    console.run(2_000_000)
    assert console.evaluate("3 + 4", PATIENCE_CYCLES) == "7"
    settle(bench.board)
    report = audit(bench.board)
    assert report.is_sound, report.text()


def reply_to(console: BoardConsole, entry: str) -> str:
    """Of the board, or of the compiler when that refuses the entry."""
    try:
        console.prompt.enter(entry)
    except SourceError as error:
        return str(error)
    replies = [event for event in console.events(PATIENCE_CYCLES) if not isinstance(event, ConsoleText)]
    texts = {Result: "text", Failure: "trace", NotUnderstood: "reason"}
    return "".join(getattr(event, texts[type(event)]) for event in replies if type(event) in texts)


def test_there_are_cases_of_every_row() -> None:
    assert len(CASES) > 60 and len(set(CASES)) == len(CASES)
