"""What the prompt says to somebody who sits at a terminal."""

from __future__ import annotations

import sys
from io import StringIO
from typing import cast

import pytest
from rich.console import Console

from hardtalk.bench import Bench
from hardtalk.cli.shell import Shell


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("source", [Terminal, StringIO])
def test_it_tells_a_terminal_how_to_leave(source: type[StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = StringIO()
    monkeypatch.setattr(sys, "stdin", source())
    Shell(cast(Bench, None), Console(file=shown, width=120)).run(sys.stdin)
    told = shown.getvalue()
    assert ("Control-D leaves the prompt" in told) == (source is Terminal)
