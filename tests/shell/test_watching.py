"""`watch FOLDER` at the prompt: what is saved there is on the board at once, and what the board has goes on."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hardtalk.bench import Bench
from hardtalk.shell.shell import Shell

LAMP = """Class { #name : #Lamp, #superclass : #Object, #instVars : [ 'level' ], #category : #Lamps }

{ #category : #light }
Lamp >> brighter [
	^ level := (level ifNil: [ 0 ]) + 1
]
"""


class Saving:
    """Somebody who saves each of the texts in turn between two looks of the prompt, and then enters Control-C."""

    def __init__(self, shell: Shell, file: Path, texts: list[str]) -> None:
        self._shell, self._file, self._texts = shell, file, iter(texts)
        self._pass = shell.let_time_pass
        self.saved_at: list[int] = []

    def let_time_pass(self, milliseconds: int) -> None:
        text = next(self._texts, None)
        self.saved_at.append(self._shell.bench.board.clock.cycles)
        if text is None:
            raise KeyboardInterrupt
        self._file.write_text(text, encoding="utf-8")
        self._pass(milliseconds)


def entered(bench: Bench, monkeypatch: pytest.MonkeyPatch, folder: Path, texts: list[str]) -> tuple[str, list[int]]:
    """What the prompt shows, and the board's cycles at each time that something is saved, and at Control-C."""
    shown = StringIO()
    shell = Shell(bench, Console(file=shown, width=200))
    saving = Saving(shell, folder / "Lamp.class.st", texts)
    monkeypatch.setattr(shell, "let_time_pass", saving.let_time_pass)
    shell.run(StringIO(f"Room := Lamp new. Room brighter; brighter\nwatch {folder}\nRoom brighter\n"))
    return shown.getvalue(), saving.saved_at


def test_what_is_saved_is_on_the_board_within_a_second_and_state_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench.console.evaluate(LAMP)
    text, (saved, loaded) = entered(bench, monkeypatch, tmp_path, [LAMP.replace("+ 1", "+ 40")])
    assert "Lamp.class.st: loaded in" in text and "is not watched any more" in text
    assert text.splitlines()[-1] == "42"
    assert loaded - saved < bench.board.chip.cpu_hertz


def test_a_mistake_is_told_and_the_next_file_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench.console.evaluate(LAMP)
    text, times = entered(bench, monkeypatch, tmp_path, [LAMP.replace("+ 1", "+ "), LAMP.replace("+ 1", "+ 500")])
    assert "Lamp.class.st:5:" in text and "but for what is told above" in text
    assert text.splitlines()[-1] == "502" and len(times) == 3


def test_a_folder_that_is_not_there(bench: Bench, tmp_path: Path) -> None:
    shown = StringIO()
    Shell(bench, Console(file=shown, width=200)).run(StringIO(f"watch {tmp_path / 'none'}\n"))
    assert shown.getvalue() == f"{tmp_path / 'none'}: there is no such folder\n"
