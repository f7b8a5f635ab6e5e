"""`hardtalk fuzz`: what counts as clear, as a defect; inputs come again; a few inputs of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.cli import fuzz as fuzz_command
from hardtalk.cli.fuzz import judge, known_kinds
from hardtalk.cli.main import run
from hardtalk.fuzz import Kind, Outcome, campaign, run_campaign, try_input
from hardtalk.fuzz.campaign import input_of
from hardtalk.report.errors import ReportedError

COUNTS = {"tonel": 60, "chunk": 60, "slang": 60, "svd": 150, "board": 300, "baseline": 300, "object": 300,
          "firmware": 40, "serial": 300, "arguments": 25, "code": 40, "records": 80}  # fmt: skip
"""A second or two each; the command tries 10,000."""


@pytest.mark.parametrize("name", known_kinds())
def test_some_inputs_of_each_kind(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    tally = run_campaign(known_kinds()[name], COUNTS[name], 77, judge)
    assert [failure.text for failure in tally.failures] == []
    assert tally.tried == COUNTS[name]
    assert name == "code" or tally.counts[Outcome.ACCEPTED] > 0  # its check sum finds every change
    assert name == "serial" or tally.counts[Outcome.CLEAR] > 0


@pytest.mark.parametrize("name", [name for name in known_kinds() if name not in ("serial", "arguments")])
def test_examples_are_good(name: str) -> None:
    kind = known_kinds()[name]
    for example in kind.seeds[:5]:
        assert try_input(kind, example, judge) == (Outcome.ACCEPTED, "")


def attempt(data: bytes) -> None:
    if data == b"loop":
        while True:
            pass
    if data == b"defect":
        raise KeyError("x")
    if data == b"placeless":
        raise ReportedError("something is wrong somewhere")
    if data == b"speechless":
        raise ReportedError("")
    if data == b"wrong":
        raise ReportedError("file.txt:1: this is wrong")


SAMPLE = Kind("sample", lambda: [b"good"], attempt, "file.txt")


def test_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "PATIENCE_SECONDS", 0.2)
    outcomes = {data: try_input(SAMPLE, data, judge) for data in (b"good", b"wrong", b"defect", b"loop")}
    assert {data: outcome for data, (outcome, _) in outcomes.items()} == {
        b"good": Outcome.ACCEPTED,
        b"wrong": Outcome.CLEAR,
        b"defect": Outcome.TRACEBACK,
        b"loop": Outcome.HUNG,
    }
    assert outcomes[b"defect"][1].endswith("KeyError: 'x'")
    assert "in attempt" in outcomes[b"loop"][1]


def test_a_message_without_place_or_words_is_a_defect() -> None:
    outcome, text = try_input(SAMPLE, b"placeless", judge)
    assert outcome is Outcome.TRACEBACK and text.startswith("the message does not name file.txt: ")
    outcome, text = try_input(SAMPLE, b"speechless", judge)
    assert outcome is Outcome.TRACEBACK and text.startswith("the message is empty")


def test_an_input_depends_on_seed_and_number_only() -> None:
    kind = known_kinds()["board"]
    inputs = [input_of(kind, 5, number) for number in range(20)]
    assert inputs == [input_of(kind, 5, number) for number in range(20)]
    assert len(set(inputs)) > 15
    assert inputs[7] != input_of(kind, 6, 7)


def test_a_defect_is_saved_and_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Kind("broken", lambda: [b"defect"], lambda data: attempt(b"defect"), "file.txt")
    monkeypatch.setattr(fuzz_command, "known_kinds", lambda: {"broken": broken})
    folder, figures = tmp_path / "saved", tmp_path / "fuzz.json"
    options = ["--count", "3", "--seed", "9", "--save", str(folder), "--json", str(figures)]
    assert run(["fuzz", "broken", *options]) == 1
    printed = capsys.readouterr().out
    assert printed.count(f"traceback: hardtalk fuzz broken --repeat {folder / 'broken-9-0'}\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["broken-9-0", "broken-9-1", "broken-9-2"]
    assert (folder / "broken-9-1").read_bytes() == input_of(broken, 9, 1)
    values = {each["name"]: each["value"] for each in json.loads(figures.read_text())["figures"]}
    assert values == {
        "broken.tried": 3, "broken.clear": 0, "broken.accepted": 0, "broken.traceback": 3, "broken.hung": 0,
    }  # fmt: skip
    assert run(["fuzz", "broken", "--repeat", str(folder / "broken-9-1")]) == 1
    assert capsys.readouterr().out.startswith("traceback\nTraceback (most recent call last):\n")


def test_the_command_tells_what_it_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fuzz", "baseline", "serial", "--count", "20", "--save", str(tmp_path / "none")]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "baseline" in line or "serial" in line]
    assert [(line[1], line[3]) for line in lines] == [("baseline", "20"), ("serial", "20")]
    assert not (tmp_path / "none").exists()


def test_wrong_arguments_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["nonsense"], "fuzz nonsense: there is no such kind of input"),
        (["svd", "--count", "0"], "--count 0: at least one input must be tried"),
        (["svd", "board", "--repeat", "x"], "--repeat x: of which kind?"),
    ):
        assert run(["fuzz", *arguments]) == 2
        assert message in capsys.readouterr().err
