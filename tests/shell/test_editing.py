"""Brackets, completion and history of the line editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, InMemoryHistory

from hardtalk.serial.brackets import mismatch
from hardtalk.shell.editing import Words, history


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("(3 + 4)", None),
        ("(3 + [ 4", None),
        ("3 ]", (2, "] closes nothing")),
        ("(3 ]", (3, "] does not close (")),
        ("{ 3 ) }", (4, ") does not close {")),
        ("$) foo", None),
        ("'a)' size", None),
        ('"a ] comment" 3', None),
        ("'it''s)' foo ]", (13, "] closes nothing")),
        ("'open ]", None),
    ],
)
def test_mismatch(entry: str, expected: tuple[int, str] | None) -> None:
    assert mismatch(entry) == expected


def completions(text: str, requested: bool = True) -> list[str]:
    words = Words(lambda _: ["Transcript", "timesRepeat:", "to:do:", "to:"])
    found = words.get_completions(Document(text), CompleteEvent(completion_requested=requested))
    return [each.text for each in found]


def test_completion() -> None:
    assert completions("3 t") == ["timesRepeat:", "to:", "to:do:"]
    assert completions("3 to:d") == ["to:do:"]
    assert completions("Transcript") == []
    assert completions("3 + ") == []
    assert completions("3 t", requested=False) == []


def test_history_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept = history()
    assert isinstance(kept, FileHistory)
    kept.append_string("3 + 4")
    assert list(history().load_history_strings()) == ["3 + 4"]
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    assert isinstance(history(), InMemoryHistory)
