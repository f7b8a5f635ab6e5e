"""`hardtalk memory compare`, and the other commands with --collector."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.cli.main import run
from hardtalk.memory.comparison import ComparisonPlan, Measured, Pair, comparison_report, total_ratios

PROGRAM = "1 to: 3000 do: [:i | Array with: i with: i]"
ARGUMENTS = ["memory", "compare", "--program", PROGRAM, "--heap", "1900K", "--rounds", "24"]


def figures(path: Path) -> dict[str, int]:
    return {each["name"]: each["value"] for each in json.loads(path.read_text())["figures"]}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare") / "compare.json"
    assert run([*ARGUMENTS, "--json", str(path)]) == 0
    return path


def test_the_ratios_are_those_of_the_figures(compared: Path) -> None:
    found = figures(compared)
    treadmill, baseline = f"{PROGRAM}.treadmill", f"{PROGRAM}.stop-the-world"
    assert found[f"{treadmill}.collections"] > 0 and found[f"{baseline}.collections"] > 0
    ratio = Fraction(found[f"{treadmill}.collector.cycles"], found[f"{baseline}.collector.cycles"])
    assert 0 <= found[f"{PROGRAM}.collector.ratio"] - 1000 * ratio < 1
    whole = Fraction(found[f"{treadmill}.program.cycles"], found[f"{baseline}.program.cycles"])
    assert 0 <= found[f"{PROGRAM}.program.ratio"] - 1000 * whole < 1
    assert 0 <= found[f"{PROGRAM}.share.ratio"] - 1000 * ratio / whole < 1
    assert found["heap.bytes"] == 1900 << 10 and found["rounds"] == 24


def test_the_world_stops_in_one_of_them_only(compared: Path) -> None:
    found = figures(compared)
    assert found[f"{PROGRAM}.treadmill.longest_stretch.cycles"] < 2_000
    assert found[f"{PROGRAM}.stop-the-world.longest_stretch.cycles"] > 200_000
    assert found[f"{PROGRAM}.stop-the-world.mmu.1ms"] == 0
    assert found[f"{PROGRAM}.treadmill.mmu.1ms"] > 0
    assert found[f"{PROGRAM}.treadmill.audit.violations"] == found[f"{PROGRAM}.stop-the-world.audit.violations"] == 0


def test_the_same_command_gives_the_same_figures(
    compared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "again.json"
    assert run([*ARGUMENTS, "--json", str(path)]) == 0
    assert path.read_bytes() == compared.read_bytes()
    text = capsys.readouterr().out
    assert "stop-the-world" in text and "all: program" in text and "MMU 1 ms" in text


def measured(collector: str, cycles: int, collector_cycles: int, collections: int) -> Measured:
    return Measured("p", collector, "f", cycles, collector_cycles, collections, 10, Fraction(1, 10), 50, 0)


def test_without_a_collection_there_is_no_ratio() -> None:
    pair = Pair(measured("treadmill", 120, 20, 1), measured("stop-the-world", 100, 5, 0))
    assert pair.collector_ratio is None and pair.share_ratio is None and pair.program_ratio == Fraction(6, 5)
    names = {
        figure.name for figure in comparison_report([pair], ComparisonPlan(BootOptions(), ("p",), 1 << 20, 1)).figures
    }
    assert "p.program.ratio" in names and "p.collector.ratio" not in names


def test_totals_are_of_sums() -> None:
    pairs = [
        Pair(measured("treadmill", 100, 20, 1), measured("stop-the-world", 50, 10, 1)),
        Pair(measured("treadmill", 200, 60, 1), measured("stop-the-world", 150, 30, 1)),
    ]
    assert total_ratios(pairs) == (Fraction(3, 2), Fraction(2), Fraction(4, 3))


def test_memory_with_one_collector(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    arguments = ["memory", "--program", PROGRAM, "--heap", "1900K", "--collector", "stop-the-world"]
    assert run([*arguments, "--json", str(path)]) == 0
    assert "sound:" in capsys.readouterr().out
    assert figures(path)["audit.violations"] == 0
    with pytest.raises(SystemExit):
        run(["memory", "plan", *arguments[1:]])
    assert "--collector" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--plot", "a.png"], ["--limit", "10us"], ["--collector", "stop-the-world"]])
def test_options_of_a_single_run_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run([*ARGUMENTS, *option])
    assert option[0] in capsys.readouterr().err


def test_a_program_that_fills_memory_first_is_run_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "full.json"
    assert run(["memory", "compare", "--program", "full", "--heap", "4M", "--json", str(path)]) == 0
    assert "full once" in capsys.readouterr().out
    found = figures(path)
    assert found["full.treadmill.collections"] > 0 and found["full.stop-the-world.collections"] > 0
    assert found["full.treadmill.audit.violations"] == found["full.stop-the-world.audit.violations"] == 0


def test_a_program_that_fails_is_told_with_its_collector(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "compare", "--program", "3 zork", "--heap", "2M"]) == 1
    text = capsys.readouterr().err
    assert "3 zork with treadmill" in text and "zork" in text.split("with treadmill")[1]
    assert run(["memory", "compare", "--rounds", "0"]) == 2


def test_build_with_each_collector_and_with_none_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {each: tmp_path / f"{each}.elf" for each in ("treadmill", "stop-the-world")}
    for collector, path in paths.items():
        assert run(["build", "--collector", collector, "--out", str(path)]) == 0
    plain = tmp_path / "plain.elf"
    assert run(["build", "--out", str(plain)]) == 0
    assert plain.read_bytes() == paths["treadmill"].read_bytes() != paths["stop-the-world"].read_bytes()
    with pytest.raises(SystemExit):
        run(["build", "--collector", "copying"])
    assert "copying" in capsys.readouterr().err


def test_bench_with_the_baseline(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    assert run(["bench", "--collector", "stop-the-world", "--json", str(path)]) == 0
    assert figures(path)["allocation.instructions"] > 0
