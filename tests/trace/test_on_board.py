"""`hardtalk trace` on the real firmware: processes by name, entries and accesses in order, the same bytes twice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hardtalk.bench import BootOptions
from hardtalk.cli.main import run
from hardtalk.latency.loaded_board import start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import booted
from hardtalk.latency.subjects import SUBJECTS
from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.recorder import COLLECTION, COLLECTOR, INTERRUPTS, NATIVE, PROCESSES, SAFEPOINTS
from hardtalk.trace.recording import Recording
from hardtalk.trace.under_load import bench_recorder, record
from hardtalk.trace.vcd_file import identifier, text_value, vcd_text
from hardtalk.vm.codes import PHASE_NAMES

from .formats import read_perfetto, read_vcd

COUNT = 10
LINE = "line 5 TIMER23"


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    made = []
    for _ in range(2):
        bench = booted(BootOptions())
        recording, interrupts, _ = record(bench, SUBJECTS["TIMER"], Load("sends"), COUNT, 1)
        assert len(interrupts) == COUNT
        made.append(recording)
    return made


def test_the_handlers_process_runs_while_its_line_is_served(recordings: list[Recording]) -> None:
    tracks = recordings[0].tracks
    handler = [each for each in tracks[PROCESSES].slices if each.name.startswith("LatencyTimer (")]
    accesses = tracks[LINE].instants
    assert len(accesses) >= COUNT
    assert all(any(each.start < access.cycle <= each.end for each in handler) for access in accesses)


def test_processes_follow_each_other_without_gap(recordings: list[Recording]) -> None:
    slices = recordings[0].tracks[PROCESSES].slices
    assert all(earlier.end == later.start for earlier, later in pairwise(slices))


def test_each_interrupt_is_entered_and_comes_to_a_safepoint(recordings: list[Recording]) -> None:
    tracks = recordings[0].tracks
    for raised in tracks[LINE].slices:
        entries = [each for each in tracks[INTERRUPTS].slices if raised.start <= each.start < raised.end]
        safepoints = [each for each in tracks[SAFEPOINTS].instants if raised.start < each.cycle < raised.end]
        assert len(entries) == 1 and len(safepoints) == 1
        assert entries[0].end <= safepoints[0].cycle


def test_the_same_run_gives_the_same_bytes(recordings: list[Recording]) -> None:
    first, second = recordings
    assert perfetto_bytes(first, "t") == perfetto_bytes(second, "t")
    assert vcd_text(first, "t") == vcd_text(second, "t")


@pytest.fixture(scope="module")
def collections() -> Recording:
    """More than one collection, of which nothing but the recorder knows."""
    bench = booted(BootOptions())
    start_load(bench, SUBJECTS["TIMER"], Load("collection"))
    before = bench.board.firmware.address_of("cyclesCompleted")
    first = int.from_bytes(bench.board.ram.read(before, 4), "little")
    with bench_recorder(bench) as recorder:
        while int.from_bytes(bench.board.ram.read(before, 4), "little") < first + 2:
            bench.board.run(1_000_000)
    return recorder.recording


def test_the_collectors_phases_follow_each_other(collections: Recording) -> None:
    seen = [each.name for each in collections.tracks[COLLECTION].slices]
    assert set(seen) == set(PHASE_NAMES[1:])
    for earlier, later in pairwise(seen):
        assert PHASE_NAMES.index(later) == PHASE_NAMES.index(earlier) + 1 or later == "marking"


def test_the_collectors_steps_are_in_its_stretches_of_work(collections: Recording) -> None:
    """But for those of a stretch that was under way when the recording began."""
    track = collections.tracks[COLLECTOR]
    steps = [step.cycle for step in track.instants if step.cycle > track.slices[0].start]
    assert len(steps) > 100
    assert all(any(work.start <= step <= work.end for work in track.slices) for step in steps)
    assert all(later.start >= earlier.end for earlier, later in pairwise(track.slices))


def test_files_say_what_was_recorded(recordings: list[Recording], collections: Recording) -> None:
    for recording in (recordings[0], collections):
        slices, instants = read_perfetto(perfetto_bytes(recording, "t"))
        changes = read_vcd(vcd_text(recording, "t"))
        for track in recording.tracks.values():
            starts = [(recording.nanoseconds()(each.start), each.name) for each in track.slices]
            assert slices[track.name] == starts
            assert sorted(instants[track.name]) == sorted(
                (recording.nanoseconds()(each.cycle), each.name) for each in track.instants
            )
            named = changes[f"{identifier(track.name)}_name"] if starts else []
            assert {(time, text) for time, text in named if text != "-"} == {
                (time, text_value(text)) for time, text in starts
            }


def test_native_code_has_a_track() -> None:
    bench = booted(BootOptions())
    recording, _, _ = record(bench, SUBJECTS["TIMER"], Load("native"), COUNT, 1)
    native = recording.tracks[NATIVE].slices
    assert native and all(each.name.startswith("native process ") for each in native)
    assert sum(each.end - each.start for each in native) > (recording.last - recording.first) // 2
    assert all(each.end - each.start < 1_000 for each in recording.tracks[INTERRUPTS].slices)


def test_command_writes_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("t.pftrace", "t.vcd", "t.svg")]
    options = [text for option, file in zip(("--perfetto", "--vcd", "--svg"), files, strict=True)
               for text in (option, str(file))]  # fmt: skip
    assert run(["trace", "--count", "5", "--load", "sends", *options]) == 0
    assert all(file.stat().st_size > 1000 for file in files)
    ElementTree.parse(files[2])
    assert "longest: " in capsys.readouterr().out


def test_a_program_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.vcd"
    waiting = "[ (Delay forMilliseconds: 2) wait ] forkAt: 45 named: 'sleeper'. (Delay forMilliseconds: 5) wait. 6 * 7"
    assert run(["trace", "--vcd", str(file), "--program", waiting]) == 0
    assert "sleeper" in file.read_text()
    out = capsys.readouterr().out
    assert "\n42\n" in out
    assert int(out.split(" cycles, ")[0].replace(",", "")) > 5 * 200_000
    assert run(["trace", "--vcd", str(file), "--program", "[ true ] whileTrue", "--limit", "3"]) == 0
    assert "still running after 3 ms" in capsys.readouterr().out


TEST = """Class { #name : #SomeTest, #superclass : #TestCase, #category : #Tests }

{ #category : #tests }
SomeTest >> testLoop [
	1 to: 100 do: [ :each | self assert: each > 0 ]
]
"""


def test_a_test_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "SomeTest.class.st").write_text(TEST)
    options = ["trace", "--vcd", str(tmp_path / "t.vcd"), "--driver", str(tmp_path), "--test"]
    assert run([*options, "SomeTest"]) == 0
    assert "1 passed" in capsys.readouterr().out
    assert run([*options, "SomeTest>>testLoop"]) == 0
    assert "passed" in capsys.readouterr().out
    for words, told in {
        "NoTest": "there is no test class NoTest",
        "Object": "there is no test class Object",
        "SomeTest>>bar": "SomeTest has no test bar",
        "some test": "this is no test",
    }.items():
        assert run([*options, words]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--program", "3", "--test", "X", "--vcd", "t.vcd"], "a trace is of one thing"),
        (["--program", "3", "--svg", "t.svg"], "Give --perfetto or --vcd a file."),
        (["--program", "3", "--vcd", "t.vcd", "--limit", "0"], "at least one millisecond"),
    ],
)
def test_what_cannot_be_recorded(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", *options]) == 2
    assert message in capsys.readouterr().err


def test_nothing_to_write_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace"]) == 2
    assert "Give --perfetto, --vcd or --svg a file." in capsys.readouterr().err
