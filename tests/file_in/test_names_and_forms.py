"""Names and forms of other Smalltalks: names.txt and forms.txt say what each means. All share a board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    entry: str
    printed: str


def cases() -> list[Case]:
    found = []
    for name in ("names.txt", "forms.txt"):
        for part in (HERE / name).read_text(encoding="utf-8").split("\n\n"):
            lines = [line for line in part.splitlines() if not line.startswith("# ")]
            if lines:
                entry, printed = lines
                assert printed.startswith("-> "), part
                found.append(Case(entry, printed[3:]))
    return found


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(heap_bytes=4 << 20))
    return bench, bench.console.keep()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.entry[:60])
def test_case(booted: tuple[Bench, KeptBoard], case: Case) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    assert bench.console.evaluate(case.entry) == case.printed
