"""`hardtalk uart`: a rate that is kept up with, one that is not, and the fastest of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.bench import Bench
from hardtalk.cli.main import run
from hardtalk.latency.loaded_board import boot_latency_bench
from hardtalk.latency.loads import Load
from hardtalk.uart.reception import Reception, fastest_good, receive

COUNT = 100


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot_latency_bench()


def received(bench: Bench, baud: int) -> Reception:
    booted = bench.board.snapshot()
    reception = receive(bench, Load("sends"), baud, COUNT)
    bench.board.restore(booted)
    return reception


def test_each_character_is_one_interrupt(bench: Bench) -> None:
    reception = received(bench, 115_200)
    assert reception == Reception(115_200, COUNT, COUNT, 0, COUNT, is_intact=True)


def test_too_fast_a_line_loses_characters_and_says_so(bench: Bench) -> None:
    reception = received(bench, 1_500_000)
    assert not reception.is_good
    assert reception.received + reception.overruns == COUNT


def test_the_fastest_is_below_the_first_loss() -> None:
    good, bad = Reception(1, 9, 9, 0, 9, True), Reception(2, 9, 8, 1, 8, False)
    faster = Reception(3, 9, 9, 0, 9, True)
    assert fastest_good([good, faster]) == 3
    assert fastest_good([good, bad, faster]) == 1
    assert fastest_good([bad, good]) == 0


def test_a_wrong_character_is_not_good() -> None:
    assert not Reception(1, 9, 9, 0, 9, is_intact=False).is_good


def test_command_finds_the_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "uart.json"
    arguments = ["uart", "--count", "50", "--load", "sends", "--rate", "1500000", "--rate", "57600", "--rate", "115200"]
    assert run([*arguments, "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert figures["fastest"] == figures["sends.fastest"] == 115_200
    assert figures["sends.115200.interrupts"] == 50 and figures["sends.1500000.lost"] > 0
    assert "under each of these loads: 115,200 baud" in capsys.readouterr().out
