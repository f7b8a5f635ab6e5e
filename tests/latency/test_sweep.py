"""Sweeps: every point once and in order, the same over any executor, and what is found is what a board does there."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.main import run
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import SUBJECTS
from hardtalk.latency.sweep import POINTS_IN_A_TASK, Point, Window, one_interrupt, prepared_by, sweep, sweep_part
from hardtalk.latency.windows import BenchRecipe, windows_of
from hardtalk.symbols.bytecode_routines import bytecode_routines
from hardtalk.tasks.side_by_side import CutShort

RECIPE = BenchRecipe(BootOptions(), "TIMER", Load("sends"))
WINDOW = Window(2_000, 2_000 + POINTS_IN_A_TASK + 20)


def test_window_is_cut_into_parts_without_gap() -> None:
    parts = list(Window(5, 105).parts(30))
    assert [(part.first, part.end) for part in parts] == [(5, 35), (35, 65), (65, 95), (95, 105)]


def test_every_instruction_is_a_point_over_any_executor() -> None:
    with ThreadPoolExecutor(2) as executor:
        points = sweep(RECIPE, WINDOW, executor)
    assert [point.instruction for point in points] == list(range(WINDOW.first, WINDOW.end))
    assert points == sweep_part(RECIPE, WINDOW)
    assert all(sum(point.interrupt.parts.values()) == point.interrupt.latency for point in points)
    assert len({point.interrupt.program_counter for point in points}) > 10


def test_an_interrupt_leaves_the_points_of_the_part_that_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the first that is missing: what a part behind it has is left out."""
    (point,) = sweep_part(RECIPE, Window(2_000, 2_001))

    def interrupted(_recipe: BenchRecipe, window: Window, points: list[Point]) -> None:
        numbers = range(window.first, window.end)
        points.extend(replace(point, instruction=each) for each in numbers[: 7 if window.first else None])
        if window.first:
            raise KeyboardInterrupt

    monkeypatch.setattr("hardtalk.latency.sweep.try_points", interrupted)
    with ThreadPoolExecutor(1) as executor, pytest.raises(CutShort) as cut:
        sweep(RECIPE, Window(0, 3 * POINTS_IN_A_TASK), executor)
    assert [each.instruction for each in cut.value.done] == list(range(POINTS_IN_A_TASK + 7))


def test_a_point_is_what_the_board_does_there() -> None:
    (point,) = sweep_part(RECIPE, Window(2_000, 2_001))
    prepared = prepared_by(RECIPE)
    prepared.board.step(2_000)
    pc = prepared.board.cpu.pc
    assert one_interrupt(prepared) == point.interrupt
    assert point.interrupt.program_counter == pc


def test_a_routine_is_swept_to_the_next_bytecode() -> None:
    bench, subject = RECIPE.bench()
    assert subject == SUBJECTS["TIMER"]
    name = next(name for name in bench.source_map.names if name.startswith("Sends>>bytecodeReturnTop"))
    windows = windows_of(f"{name}*3", RECIPE, bench.source_map)
    assert len(windows) == 3
    prepared = prepared_by(RECIPE)
    prepared.board.step(windows[1].first)
    assert prepared.board.cpu.pc == bench.source_map.address_of(name)
    prepared.board.step(len(windows[1]))
    assert prepared.board.cpu.pc in bytecode_routines(bench.source_map)


def test_command_tells_points_and_maximum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sweep.json"
    arguments = ["latency", "sweep", "100:130", "--line", "TIMER", "--load", "sends", "--json", str(path)]
    assert run([*arguments, "--workers", "1"]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert figures["smalltalk.TIMER.sends.sweep.points"] == 30
    (part,) = [sweep_part(RECIPE, Window(100, 130))]
    assert figures["smalltalk.TIMER.sends.sweep.max.cycles"] == max(point.interrupt.latency for point in part)
    shown = capsys.readouterr().out
    assert "30 points, instructions 100 to 129" in shown and "worst: " in shown and "was in: " in shown


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ("9:9", "9:9: the window is empty"),
        ("40:9", "40:9: the window is empty"),
        ("noSuchRoutine", "noSuchRoutine: the firmware has no routine noSuchRoutine"),
    ],
)
def test_wrong_window_is_one_message(capsys: pytest.CaptureFixture[str], window: str, message: str) -> None:
    assert run(["latency", "sweep", window, "--workers", "1"]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {message}")


def test_what_is_swept_before_an_interrupt_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The points before the first that is missing; nothing of the next load."""
    heard = []

    def interrupts(recipe: BenchRecipe, window: Window) -> list[Point]:
        heard.append(window)
        if window.first >= POINTS_IN_A_TASK:
            raise KeyboardInterrupt
        return sweep_part(recipe, window)

    monkeypatch.setattr("hardtalk.latency.sweep.sweep_part", interrupts)
    monkeypatch.setattr("hardtalk.cli.progress.WorkerPool", ThreadPoolExecutor)
    arguments = ["latency", "sweep", "0:130", "--load", "sends", "--load", "idle", "--workers", "1"]
    assert run([*arguments, "--line", "UART"]) == INTERRUPTED
    shown = capsys.readouterr().out
    assert "interrupted: what was measured before" in shown
    assert "UART, smalltalk handler, under sends: 100 points, instructions 0 to 99" in shown
    assert "idle" not in shown
    assert len(heard) == 2
