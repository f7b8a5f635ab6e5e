"""`hardtalk test` and its options, on the board whose tests do harm."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from hardtalk.cli.main import run
from hardtalk.sunit.classes import SUnitClass
from hardtalk.sunit.outcomes import Outcome
from hardtalk.sunit.runner import Allowance, Runner

from .conftest import BOARD

FILE = "tests/sunit/board/WreckingTest.class.st"


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BOARD.parents[2])


def shown(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> list[str]:
    assert run(["test", str(BOARD), *arguments]) == code
    return capsys.readouterr().out.splitlines()


def test_all_options(parts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "junit.xml"
    words = "testPasses or testFails or testSkips or testExpectedFailure or testLoopsAboveAll or testDeviceFails"
    options = ["-k", words, "-v", "--junit", str(file), "--durations", "1", "--timeout", "0.3"]
    lines = shown(capsys, 1, *parts, *options)
    total = (BOARD / "WreckingTest.class.st").read_text(encoding="utf-8").count(" >> test")
    assert f"collected {total} items / {total - 6} deselected / 6 selected" in lines
    assert [each for each in lines if "::" in each] == [
        f"{FILE}::testPasses PASSED [ 16%]",
        f"{FILE}::testFails FAILED [ 33%]",
        f"{FILE}::testSkips SKIPPED (not today) [ 50%]",
        f"{FILE}::testExpectedFailure XFAIL (AssertionFailure: got 3, expected 4) [ 66%]",
        f"{FILE}::testLoopsAboveAll ERROR [ 83%]",
        f"{FILE}::testDeviceFails ERROR [100%]",
    ]
    place = lines.index(next(each for each in lines if each.startswith(f"{FILE}:") and "got 5" in each))
    assert lines[place].endswith(": AssertionFailure: got 5, expected 'it''s'")
    assert lines[place + 1] == "    assert: each + 4"
    slowest = next(index for index, each in enumerate(lines) if "slowest 1 durations, on the board" in each)
    milliseconds, name = lines[slowest + 1].split(" ms  ")
    assert name == "WreckingTest>>testLoopsAboveAll" and float(milliseconds.replace(",", "")) > 300
    failures = next(index for index, each in enumerate(lines) if "FAILURES" in each)
    told = [index for index, each in enumerate(lines) if "Wreckable failed in a write of CONTROL" in each]
    assert len(told) == 2 and failures < told[0], "in the failure and the summary, not between the tests"
    assert "3 failed, 1 passed, 1 skipped, 1 xfailed in " in lines[-1]
    suite = parse(file).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "6",
        "1",
        "2",
        "2",
    )
    source = BOARD.joinpath("WreckingTest.class.st").read_text(encoding="utf-8").splitlines()
    for case in suite:
        assert case.get("file") == FILE
        assert source[int(case.get("line", "0")) - 1] == f"WreckingTest >> {case.get('name')} ["


def test_stops_at_the_first_failure(parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, 1, *parts, "-x", "-k", "testPasses or testFails or testErrs")
    assert f"{FILE} .F" in lines
    assert " stopped at the first failure: 2 of 3 tests run " in lines[-2]
    assert "1 failed, 1 passed in " in lines[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--timeout", "0"), "--timeout 0: no time for a test"),
        (("--timeout", "nan"), "--timeout nan: no time for a test"),
        (("--durations", "-1"), "--durations -1: no number of tests"),
    ],
)
def test_wrong_options(options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", str(BOARD), *options]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {message}\n")


def test_control_c_ends_with_what_was_found(
    parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_test = Runner.run_test

    def interrupted(runner: Runner, test_class: SUnitClass, selector: str, allowance: Allowance) -> Outcome:
        if selector == "testErrs":
            raise KeyboardInterrupt
        return run_test(runner, test_class, selector, allowance)

    monkeypatch.setattr(Runner, "run_test", interrupted)
    file = tmp_path / "junit.xml"
    lines = shown(capsys, 130, *parts, "--junit", str(file), "-k", "testFails or testErrs or testHalts")
    assert f"{FILE} F" in lines and any(each.startswith("FAILED WreckingTest>>testFails - ") for each in lines)
    assert " interrupted: 1 of 3 tests run " in lines[-2]
    assert parse(file).getroot()[0].get("tests") == "1"
