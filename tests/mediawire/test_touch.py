"""`hardtalk touch`: what it measures is the time until the picture has changed, and streams are not disturbed by it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions
from hardtalk.board import Board
from hardtalk.cli.main import run
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.matrix import booted
from hardtalk.streams import touch as touching
from hardtalk.streams.relay import RelayResult
from hardtalk.streams.touch import Touching, TouchResult, touch, touch_report, with_touch

MS = 200_000
STREAMS = RelayResult("arm926", "mixed", 100, 200, 1_500, 0, 0, 0, 4_800, 0)


def test_the_command_measures_presses_under_a_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mouse's three bytes take 2.7 ms, what is redrawn is seen within two frames of the world."""
    path = tmp_path / "touch.json"
    assert run(["touch", "--load", "sends", "--count", "4", "--workers", "1", "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    median, longest = figures["arm926.sends.median.cycles"], figures["arm926.sends.longest.cycles"]
    assert 2.7 * MS < median <= longest < 60 * MS
    assert (figures["arm926.sends.presses"], figures["arm926.sends.troubles"]) == (4, 0)
    assert "longest, ms" in capsys.readouterr().out


def test_what_is_measured_is_the_redraw(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 30 ms of work before the button looks pressed each time is longer by about as much, and the same again with
    the same seed."""
    task = Touching(with_touch(BootOptions()), chosen_loads(["sends"], known_loads([]))[0], 4)
    quick = touch(task)
    assert touch(task).cycles == quick.cycles

    def slowed(options: BootOptions) -> Bench:
        bench = booted(options)
        bench.console.evaluate(
            """Button >> pointerDownAt: aPoint [
                | end |
                end := Delay microseconds + 30000.
                [ Delay microseconds < end ] whileTrue.
                self isDown: true ]"""
        )
        return bench

    monkeypatch.setattr(touching, "booted", slowed)
    slow = touch(task)
    assert all(25 * MS < later - sooner < 60 * MS for sooner, later in zip(quick.cycles, slow.cycles, strict=True))


def test_a_press_that_is_never_seen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(board: Board, _place: tuple[int, int]) -> bytes:
        return b""

    monkeypatch.setattr(touching, "edge", nothing)
    task = Touching(with_touch(BootOptions()), chosen_loads(["sends"], known_loads([]))[0], 1)
    with pytest.raises(BenchError, match="nothing was seen of it in 2 s"):
        touch(task)


def test_figures_are_of_the_presses() -> None:
    result = TouchResult((5 * MS, 9 * MS, 6 * MS), STREAMS)
    assert (result.median, result.longest, result.is_good) == (6 * MS, 9 * MS, True)
    assert not replace(result, streams=replace(STREAMS, late=1)).is_good
    figures = {each.name: each.value for each in touch_report([result], "arm926", "mixed", 1, "0").figures}
    assert figures["arm926.mixed.longest.cycles"] == 9 * MS


def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["touch", "--count", "0"]) == 2
    assert "--count 0: at least one is needed" in capsys.readouterr().err
