"""`hardtalk trace` on the real firmware: processes by name, entries and accesses in order, the same bytes twice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hardtalk.cli.latency_bench import boot_latency_bench
from hardtalk.cli.latency_loads import Load
from hardtalk.cli.latency_subjects import SUBJECTS
from hardtalk.cli.main import run
from hardtalk.cli.tracing import record
from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.recorder import INTERRUPTS, PROCESSES, SAFEPOINTS
from hardtalk.trace.recording import Recording
from hardtalk.trace.vcd_file import vcd_text

COUNT = 10
LINE = "line 5 TIMER23"


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    bench = boot_latency_bench()
    booted = bench.board.snapshot()
    made = []
    for _ in range(2):
        bench.board.restore(booted)
        recording, interrupts = record(bench, SUBJECTS["TIMER"], Load("sends"), COUNT, 1)
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


def test_command_writes_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("t.pftrace", "t.vcd", "t.svg")]
    options = [text for option, file in zip(("--perfetto", "--vcd", "--svg"), files, strict=True)
               for text in (option, str(file))]  # fmt: skip
    assert run(["trace", "--count", "5", "--load", "sends", *options]) == 0
    assert all(file.stat().st_size > 1000 for file in files)
    ElementTree.parse(files[2])
    assert "longest: " in capsys.readouterr().out


def test_nothing_to_write_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace"]) == 2
    assert "Give --perfetto, --vcd or --svg a file." in capsys.readouterr().err
