"""Boards on one ring: they elect a master, see each other, send commands and streams; whoever computes it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from hardtalk.bench import BenchError, BootOptions
from hardtalk.build.sources import text_root
from hardtalk.cli.main import run
from hardtalk.ring.member import Member
from hardtalk.ring.plan import DEFAULT_PROGRAM, Cut, Program, RingPlan, with_driver
from hardtalk.ring.running import RingResult, run_ring

PROGRAMS = Path(__file__).parent / "programs"
TWO_WORKERS = 2
SECONDS_UNTIL_THE_OTHER_WAITS = 10


def program(name: str) -> Program:
    path = PROGRAMS / f"{name}.st"
    return Program(path.read_text(encoding="utf-8"), path.name)


def plan_of(*programs: Program, milliseconds: int = 2_000) -> RingPlan:
    return RingPlan(with_driver(BootOptions()), programs, milliseconds)


def told(result: RingResult) -> list[tuple[int, str]]:
    """What they have printed, by node."""
    return sorted((line.node, line.text) for line in result.lines)


SOUND = plan_of(program("sender"), program("listener"))


@pytest.fixture(scope="module")
def sound() -> RingResult:
    return run_ring(SOUND)


def test_a_command_and_a_stream_arrive_word_for_word(sound: RingResult) -> None:
    assert told(sound) == [(1, "0"), (1, "go"), (2, "#(4800 0 0 0)"), (2, "a sound")]
    assert [each.condition for each in sound.nodes] == ["locked", "clock master"]
    assert [each.ended for each in sound.nodes] == ["done", "done"]
    assert sound.nodes[0].found == 1
    assert sum(each.late + each.overruns for each in sound.nodes) == 0
    assert sound.is_good


@pytest.fixture(params=["processes", "threads"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    kind = ProcessPoolExecutor if request.param == "processes" else ThreadPoolExecutor
    with kind(TWO_WORKERS) as pool:
        yield pool


def test_the_result_does_not_depend_on_who_computes_it(sound: RingResult, executor: Executor) -> None:
    """Everything: what was printed when, counts, cycles, the digests of the traces."""
    other = run_ring(SOUND, TWO_WORKERS, executor)
    assert replace(other, host_seconds=0) == replace(sound, host_seconds=0)


def test_other_input_is_another_trace(sound: RingResult) -> None:
    other = run_ring(replace(SOUND, delay_frames=3))
    assert told(other) == told(sound)
    assert [each.digest for each in other.nodes] != [each.digest for each in sound.nodes]


def test_when_one_is_switched_off_the_others_say_what_they_have_missed() -> None:
    plan = plan_of(program("speaking"), program("hearing"), program("hearing"))
    result = run_ring(replace(plan, stops={3: 150}))
    (spoke, silent), (heard, text) = told(result)
    assert (spoke, silent, heard) == (1, "0", 2)
    assert text.startswith("#(true ") and text.endswith(" true #(1))")
    missed = int(text.split()[1])
    assert 4 <= missed <= 200
    assert [each.condition for each in result.nodes] == ["locked", "clock master", "off"]
    assert [each.ended for each in result.nodes] == ["done", "done", "switched off"]
    assert [each.overruns for each in result.nodes[:2]] == [0, missed]
    assert result.is_good


def test_a_link_that_is_cut_and_mended() -> None:
    """Nothing is missed before it; the ring is closed again after it, and the stream goes on."""
    plan = replace(plan_of(program("speaking"), program("hearing")), cuts=(Cut(2, 150, 160),))
    result = run_ring(plan)
    (spoke, silent), (heard, text) = told(result)
    assert (spoke, heard) == (1, 2) and int(silent) >= 0
    missed = int(text.split()[1])
    assert 480 <= missed <= 1_000, "10 ms, and an election"
    assert text.endswith(" true #(1))")
    assert [each.condition for each in result.nodes] == ["locked", "clock master"]
    open_still = run_ring(replace(plan, cuts=(Cut(2, 150),), milliseconds=200))
    assert [each.condition for each in open_still.nodes] == ["ring open", "ring open"]
    assert [each.ended for each in open_still.nodes] == ["running", "running"]


def test_each_board_has_devices_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = text_root() / "examples" / "thermometer"
    one, two = tmp_path / "one.st", tmp_path / "two.st"
    one.write_text("| t | t := Thermometer start. 9 timesRepeat: [ t next ]. t next!", encoding="utf-8")
    two.write_text("Thermometer start next!", encoding="utf-8")
    arguments = ["--driver", str(folder), "--device", str(folder / "thermometer.py")]
    assert run(["ring", *arguments, "--program", str(one), "--program", str(two)]) == 0
    text = capsys.readouterr().out
    assert "1: (95/4)" in text and "2: (43/2)" in text


def test_a_board_that_halts_leaves_the_ring_and_is_told() -> None:
    default = Program(DEFAULT_PROGRAM, "default")
    result = run_ring(
        plan_of(default, default, Program("MediaWire start. Smalltalk halt: 3!", "halting"), milliseconds=300)
    )
    assert result.nodes[2].ended == "halted"
    assert any("the board stopped: halted" in text and node == 3 for node, text in told(result))
    assert [each.condition for each in result.nodes] == ["locked", "clock master", "off"]
    assert not result.is_good


def test_a_program_that_fails_and_one_that_does_not_end() -> None:
    programs = (
        Program("nil foo! 3!", "bad"),
        Program("MediaWire start. [ true ] whileTrue: [ Processor yield ]!", "long"),
    )
    result = run_ring(plan_of(*programs, milliseconds=50))
    assert [each.ended for each in result.nodes] == ["failed", "running"]
    assert (1, "3") in told(result)
    assert result.milliseconds == 50
    assert not result.is_good


def test_a_worker_that_fails_ends_the_others() -> None:
    """The one error is told, not that its neighbour has lost it."""
    bad = replace(SOUND, options=replace(SOUND.options, model="none"))
    with ThreadPoolExecutor(TWO_WORKERS) as pool, pytest.raises(Exception, match="there is no cycle model none"):
        run_ring(bad, TWO_WORKERS, pool)


def test_a_worker_that_fails_before_they_have_met_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def member(plan: RingPlan, number: int) -> Member:
        if number == 1:
            return Member(plan, number)
        time.sleep(SECONDS_UNTIL_THE_OTHER_WAITS)
        raise BenchError("no second board")

    monkeypatch.setattr("hardtalk.ring.part.Member", member)
    with ThreadPoolExecutor(TWO_WORKERS) as pool, pytest.raises(BenchError, match="no second board"):
        run_ring(SOUND, TWO_WORKERS, pool)


def test_a_worker_whose_process_ends_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardtalk.ring.part.Member", lambda *_: os._exit(3))
    with (
        ProcessPoolExecutor(TWO_WORKERS, get_context("fork")) as pool,
        pytest.raises(BenchError, match="a worker's process has ended in the midst of its work"),
    ):
        run_ring(SOUND, TWO_WORKERS, pool)


def test_the_command_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ring.json"
    assert run(["ring", "--nodes", "3", "--workers", "2", "--executor", "threads", "--json", str(path)]) == 0
    text = capsys.readouterr().out
    assert "3: I am the clock master" in text
    assert "2: an OrderedCollection(hardtalk 003008000003 hardtalk 003008000001)" in text
    assert "boards simulated a second" in text
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert [figures[f"node{each}.found"] for each in (1, 2, 3)] == [2, 2, 2]
    assert figures["node3.late"] == 0 < figures["frames"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nodes", "1"], "1 nodes: a ring of boards has 2 to 60"),
        (["--nodes", "-5"], "-5 nodes: a ring of boards has 2 to 60"),
        (["--nodes", "1000000000000"], "1000000000000 nodes: a ring of boards has 2 to 60"),
        (["--delay", "5"], "a delay of 5 frames: it is 1 to 4"),
        (["--milliseconds", "0"], "0 milliseconds: at least one is needed"),
        (["--stop", "3@10"], "there is no node 3 to be stopped: they are 1 to 2"),
        (["--stop", "2"], "--stop 2: it is NODE@MILLISECONDS, such as 2@500"),
        (["--cut", "3@10-20"], "there is no node 3 to be cut off: they are 1 to 2"),
        (["--cut", "2@20-20"], "a cut from 20 to 20 ms: it must end after it has begun"),
        (["--cut", "2@20-"], "--cut 2@20-: it is NODE@FROM-TO in milliseconds, such as 2@500-800, or 2@500 for ever"),
        (["--workers", "0"], "--workers 0: at least one is needed"),
        (["--executor", "none"], "--executor none: there is none of that name"),
        (["--program", "none.st"], "none.st: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ring", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_programs_are_one_or_as_many_as_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    one = ["--program", str(PROGRAMS / "speaking.st")]
    assert run(["ring", "--nodes", "3", *one, *one]) == 2
    assert "2 programs for 3 nodes" in capsys.readouterr().err
