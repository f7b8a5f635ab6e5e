"""`hardtalk mediawire`: what it measures, what it calls good, and its figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.board import Board
from hardtalk.cli.main import run
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.streams import relay as relaying
from hardtalk.streams.milestones import Milestones
from hardtalk.streams.relay import Relaying, RelayResult, relay, relay_report, with_relay
from hardtalk.tasks.side_by_side import CutShort

GOOD = RelayResult("arm926", "sends", 100, 200, 1_500, 0, 0, 0, 4_800, 0)


def test_the_command_relays_both_streams_under_a_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mediawire.json"
    assert run(["mediawire", "--load", "sends", "--milliseconds", "50", "--workers", "1", "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert figures["late"] == figures["sends.late"] == figures["sends.overruns"] == figures["sends.wrong"] == 0
    assert figures["sends.services"] > 40
    assert 100 < figures["worst.cycles"] == figures["sends.worst.cycles"] < 20_000
    assert "50 ms of stereo and video in and out" in capsys.readouterr().out


def test_nothing_is_late_or_lost_under_any_load(tmp_path: Path) -> None:
    """Of each load a fiftieth of a second."""
    path = tmp_path / "mediawire.json"
    assert run(["mediawire", "--load", "all", "--milliseconds", "20", "--workers", "1", "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    loads = sorted(name.removesuffix(".wrong") for name in figures if name.endswith(".wrong"))
    assert len(loads) > 15 and {"collection", "blit", "mixed"} <= {*loads}
    assert figures["late"] == 0
    assert all(figures[f"{load}.{count}"] == 0 for load in loads for count in ("overruns", "underruns", "wrong"))


def test_figures_of_both_forms_have_their_names() -> None:
    results = [GOOD, replace(GOOD, form="native", worst_cycles=80)]
    figures = {each.name: each.value for each in relay_report(results, "arm926", "sends", "0").figures}
    assert (figures["smalltalk.sends.worst.cycles"], figures["native.sends.worst.cycles"]) == (1_500, 80)


def test_native_code_serves_the_line_at_once(tmp_path: Path) -> None:
    """Also where the virtual machine answers no interrupt for long, by its standards."""
    path = tmp_path / "mediawire.json"
    command = ["mediawire", "--form", "native", "--load", "collection", "--load", "native", "--load", "together"]
    assert run([*command, "--milliseconds", "50", "--workers", "1", "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert all(figures[f"{load}.services"] > 40 for load in ("collection", "native", "together"))
    assert 0 < figures["worst.cycles"] < 1_000


@pytest.mark.parametrize("name", ["late", "overruns", "underruns", "wrong"])
def test_one_of_anything_is_not_good(name: str) -> None:
    assert GOOD.is_good
    assert not replace(GOOD, **{name: 1}).is_good
    assert not replace(GOOD, words=0).is_good


def test_figures_of_several_models_have_their_names() -> None:
    results = [GOOD, replace(GOOD, model="arm926-cold", worst_cycles=9_000, late=2)]
    figures = {each.name: each.value for each in relay_report(results, "all", "sends", "0").figures}
    assert figures["arm926.sends.worst.cycles"] == 1_500
    assert figures["arm926-cold.sends.worst.cycles"] == figures["worst.cycles"] == 9_000
    assert figures["late"] == 2


def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mediawire", "--milliseconds", "0"]) == 2
    assert "--milliseconds 0: at least one is needed" in capsys.readouterr().err
    assert run(["mediawire", "--load", "nonsense"]) == 2
    assert "there is no such load" in capsys.readouterr().err
    assert run(["mediawire", "--form", "nonsense"]) == 2
    assert "Choose one of smalltalk, native, both." in capsys.readouterr().err


def test_a_long_one_says_how_far_it_is() -> None:
    milestones = Milestones("arm926 mixed", 600_000, 1_000.0)
    due = [done for done in range(1, 600_001) if milestones.is_due(done)]
    assert due == [60_000 * each for each in range(1, 10)]
    assert milestones.told(60_000, 1_600.0, 3) == (
        "arm926 mixed: 60,000 of 600,000 ms, 3 late, lost or wrong, 90 min left"
    )
    assert not any(Milestones("", 9_999, 0.0).is_due(done) for done in range(1, 10_000))


def test_control_c_leaves_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    run_for, count = relaying.run_for, 0

    def interrupted(board: Board, cycles: int) -> None:
        nonlocal count
        count += 1
        if count == 31:
            raise KeyboardInterrupt
        run_for(board, cycles)

    monkeypatch.setattr(relaying, "run_for", interrupted)
    task = Relaying(with_relay(BootOptions()), chosen_loads(["sends"], known_loads([]))[0], 100)
    with pytest.raises(CutShort) as cut:
        relay(task)
    [result] = cut.value.done
    assert isinstance(result, RelayResult)
    assert (result.milliseconds, result.troubles) == (30, 0) and result.is_good and result.services > 20
