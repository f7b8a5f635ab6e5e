"""The laboratory's programs: what each answers, worked out here; and that answers are compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.cli.main import run
from hardtalk.memory.programs import programs, shared_programs


def joined_numbers() -> int:
    text, total = "", 0
    for number in range(1, 3001):
        text = (text + str(number))[-40:]
        total += len(text) + int(text[len(text) // 2])
    return total


def nodes_of_trees() -> int:
    return 40 * (2**8 - 1) + 2**12 - 1


def grown() -> int:
    numbers = range(1, 1001)
    return 12 * (2 * sum(numbers) + len(numbers) + sum(each for each in numbers if each % 2 == 0) + sum(numbers))


ANSWERS = {
    "trees": nodes_of_trees(),
    "strings": joined_numbers(),
    "processes": sum(range(1, 51)),
    "factorials": 375,
    "closures": sum(1 + each for each in range(1, 3001)),
    "weakTable": 10 * 800,
    "recursion": 60 * 300 * 2 + 60,
    "growing": grown(),
    "bitmaps": sum(2 * each + 4 for each in range(1, 41)) + sum(size * 10_000 // 50 for size in range(1, 6)),
}


def test_answers_are_what_they_should_be() -> None:
    found = {name: each.answer for name, each in programs().items()}
    assert {name: found[name] for name in ANSWERS} == ANSWERS


def test_every_program_says_what_it_is_for() -> None:
    assert len(programs()) >= 18
    assert all(len(each.purpose) > 20 for each in programs().values())
    alone = {"arrays", "chain", "full", "bitmaps", "mix"}
    assert set(shared_programs()) == set(programs()) - alone


@pytest.mark.parametrize("name", ["strings", "weakTable", "recursion", "growing", "bitmaps", "mix"])
def test_a_program_runs_in_a_small_heap(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `mix` keeps cuts free memory into pieces, and no block is moved: whether a context of 256 bytes finds room
    in the end depends on the heap's size, which is why it has this one."""
    path = tmp_path / "figures.json"
    heap = "4800K" if name == "mix" else "4M"
    assert run(["memory", "--program", name, "--heap", heap, "--json", str(path)]) == 0
    assert f"answered {programs()[name].answer}" in capsys.readouterr().out
    found = {each["name"]: each["value"] for each in json.loads(path.read_text())["figures"]}
    assert found["audit.violations"] == 0 and found["allocated.bytes"] > 100_000


def test_a_wrong_answer_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    wrong = programs() | {"list": replace(programs()["list"], answer=9_999)}
    monkeypatch.setattr("hardtalk.memory.run.programs", lambda: wrong)
    assert run(["memory", "--program", "list", "--heap", "4M"]) == 1
    assert "list answered 10000 instead of 9999" in capsys.readouterr().out
