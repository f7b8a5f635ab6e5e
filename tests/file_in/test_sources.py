"""Files as Squeak, Pharo, Cuis and GNU Smalltalk write them, with what is peculiar to each: `sources`.

Beside each file is what filing it in tells: results, then `!` and what is refused or fails, with its line, and `?` for
a warning. What the board prints is left out. No file keeps a part of another from being read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.serial import Event, Failure, Refused, Result, Warned
from hardtalk.smalltalk.source_file import read_source_file

if TYPE_CHECKING:
    from hardtalk.bench import Bench

SOURCES = sorted(each for each in (Path(__file__).parent / "sources").iterdir() if each.suffix != ".told")
ENTRY_CYCLES = 600_000_000


def told(event: Event) -> str | None:
    match event:
        case Result():
            return event.text
        case Refused():
            return f"! {event.error.line}: {event.error.message}"
        case Failure():
            return f"! {event.place}: {event.trace.splitlines()[0]}"
        case Warned():
            return f"? {event.warning.line}: {event.warning.message}"
    return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_source(bench: Bench, path: Path) -> None:
    bench.console.prompt.enter_script(read_source_file(path), path.name)
    lines = [line for event in bench.console.events(entry_cycles=ENTRY_CYCLES) if (line := told(event)) is not None]
    assert lines == path.with_name(f"{path.name}.told").read_text(encoding="utf-8").splitlines()
