"""What the terminal shows while a command is silent, and that nothing of it stays."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hardtalk.cli import output
from hardtalk.cli import waiting as module
from hardtalk.cli.progress import measured_in_turn
from hardtalk.cli.waiting import ERASED, durations, end_waiting, waiting

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(module, "SOON_SECONDS", 0.05)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    return terminal


def wait_for(terminal: Terminal, text: str) -> None:
    end = time.monotonic() + 10
    while text not in terminal.getvalue():
        assert time.monotonic() < end, terminal.getvalue()
        time.sleep(0.01)


def test_silence_is_told_and_gone_before_the_next_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = watched(monkeypatch)
    with waiting(["bound"], lambda: tmp_path / "durations.json"):
        wait_for(terminal, f"{ERASED}0 s")
        print("proven")
        before = terminal.getvalue()
        assert before.endswith(f"{ERASED}proven\n")
        print("a line without end", end="")
        time.sleep(0.2)
        assert terminal.getvalue() == f"{before}a line without end"
    assert sys.stdout is terminal


def test_the_time_left_is_that_of_the_last_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "new" / "durations.json"
    terminal = watched(monkeypatch)
    with waiting(["bound", "--loops"], lambda: file):
        time.sleep(0.1)
    assert 0.1 <= durations(file)["bound --loops"] < 5
    file.write_text('{"bound --loops": 30, "spoilt": "x"}')
    with waiting(["bound", "--loops"], lambda: file):
        wait_for(terminal, "0 s, about 30 s left")
    with waiting(["other"], lambda: file):
        wait_for(terminal, f"{ERASED}0 s{ERASED}")
    file.write_text("no JSON")
    assert durations(file) == {}


def test_a_file_or_pipe_gets_nothing_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    watched(monkeypatch)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    with waiting(["bound"], lambda: tmp_path / "durations.json"):
        time.sleep(0.2)
    assert pipe.getvalue() == "" and not list(tmp_path.iterdir())


def test_a_prompt_and_a_bar_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = watched(monkeypatch)

    def steps() -> Iterator[int]:
        time.sleep(0.2)
        yield 1

    with waiting(["bench"], lambda: tmp_path / "durations.json"):
        assert measured_in_turn(steps(), 1, output.console()) == ([1], True)
        assert "0 s\x1b" not in terminal.getvalue()
        end_waiting()
        assert sys.stdout is terminal
        time.sleep(0.2)
    assert f"{ERASED}0 s" not in terminal.getvalue()
    assert not list(tmp_path.iterdir())
