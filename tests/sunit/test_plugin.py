"""SUnit classes in pytest: collected when asked for, beside Python's tests, with all there is to tell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from .conftest import BOARD, NUISANCE
from .test_coverage import SCALE, TEST

FILE = "tests/board/WreckingTest.class.st"
PYTHON_TEST = """
import sys

def test_nothing_of_ours_is_imported():
    ours = sorted(each for each in sys.modules if each.startswith("hardtalk."))
    assert ours == ["hardtalk.sunit", "hardtalk.sunit.plugin"]
    assert not {"numpy", "unicorn", "elftools"} & set(sys.modules)
"""
CONFTEST = """
def pytest_sunit_devices(folder):
    return ["wreckable.py"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of Python and Smalltalk, as somebody else has it."""
    tests = tmp_path / "tests" / "board"
    shutil.copytree(BOARD, tests, ignore=shutil.ignore_patterns("__pycache__"))
    device = tests / "wreckable.py"
    device.write_text(
        device.read_text(encoding="utf-8").replace("../../drivers/board/nuisance.svd", "nuisance.svd"), encoding="utf-8"
    )
    shutil.copy(NUISANCE.with_name("nuisance.svd"), tests)
    (tmp_path / "driver").mkdir()
    shutil.copy(NUISANCE, tmp_path / "driver")
    (tmp_path / "pytest.ini").write_text("[pytest]\nsunit_driver = driver\n", encoding="utf-8")
    (tmp_path / "test_python.py").write_text(PYTHON_TEST, encoding="utf-8")
    return tmp_path


def ran(project: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of pytest in the project, without other plugins, by a hand and not by CI."""
    others = ("cacheprovider", "hypothesispytest", "xdist", "xdist.looponfail")
    command = [sys.executable, "-m", "pytest", *(f"-pno:{each}" for each in others), "-rA", *options]
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_nothing_happens_unasked(project: Path) -> None:
    code, text = ran(project)
    assert code == 0 and "collected 1 item\n" in text, text


def test_outcomes_in_pytest(project: Path) -> None:
    """Beside a Python test, with a device that conftest.py names."""
    (project / "tests" / "board" / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (project / "test_python.py").write_text("def test_python():\n    pass\n", encoding="utf-8")
    words = (
        "python or Passes or testFails or testSkips or ExpectedFailure or WaitsForEver or testDeviceFails or NamesIts"
    )
    code, text = ran(project, "--sunit", "--sunit-timeout", "0.3", "-k", words, "--junit-xml", "out.xml")
    lines = text.splitlines()
    assert code == 1 and "4 failed, 2 passed, 1 skipped, 22 deselected, 1 xfailed" in lines[-1], text
    assert {f"PASSED {FILE}::testPasses", "PASSED test_python.py::test_python"} <= set(lines)
    assert f"SKIPPED [1] {FILE}:45: not today" in lines
    assert f"XFAIL {FILE}::testExpectedFailure - AssertionFailure: got 3, expected 4" in lines
    failure = lines.index(next(each for each in lines if each.strip("_") == " WreckingTest>>testFails "))
    assert lines[failure + 1 : failure + 3] == [
        f"{FILE}:30: AssertionFailure: got 5, expected 'it''s'",
        "    assert: each + 4",
    ]
    assert f"{FILE}:95: no end after 300 ms\n    Semaphore new wait\n" in text
    device = project / "tests" / "board" / "wreckable.py"
    assert f"a device failed: {device}:13: Wreckable failed in a write of CONTROL: ValueError: out of smoke" in text
    captured = lines.index(next(each for each in lines if "Captured board call" in each))
    assert lines[captured + 1] == "printed here"
    assert "Traceback" not in text and "items.py" not in text
    case = parse(project / "out.xml").getroot().find(".//testcase[@name='testPasses']/properties/property")
    assert case is not None and case.get("name") == "board_milliseconds" and 0 < float(case.get("value", "")) < 100


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "in workers"])
def test_coverage_of_all_boards(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Two folders with tests, each on a board of its own, of one class: a line counts that one of them ran."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nsunit_driver = driver\n", encoding="utf-8")
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "Scale.class.st").write_text(SCALE)
    tests = {
        "OneTest": TEST.partition("\n{ #category : #tests }\nScaleTest >> testNegative")[0],
        "OtherTest": TEST.replace("testWeigh ", "noTest "),
    }
    for name, text in tests.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.class.st").write_text(text.replace("ScaleTest", name))
    options = ("-q", *workers, "--sunit", "--sunit-coverage", "--sunit-lcov", "out.info")
    command = [sys.executable, "-m", "pytest", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["File", "Methods", "Lines", "Run", "Missing"] in lines
    assert ["driver/Scale.class.st", "2/3", "9/12", "75", "%", "16,", "24-29"] in lines
    assert "LF:12\nLH:9\n" in (tmp_path / "out.info").read_text(encoding="utf-8")


def test_one_test_of_a_named_file(project: Path) -> None:
    """Without --sunit, as the file is named."""
    code, text = ran(project, f"{FILE}::testPasses", "--sunit-device", "tests/board/wreckable.py")
    assert code == 0 and f"PASSED {FILE}::testPasses\n" in text and "1 passed" in text, text


def test_what_keeps_a_board_from_booting_is_one_message_a_test(project: Path) -> None:
    code, text = ran(project, FILE, "-k", "testPasses or testErrs", "--sunit-device", "none.py")
    told = f"{project / 'none.py'}: there is no such device file\nGive --device a Python file with a Device subclass."
    assert code == 1 and text.count(told) == 2 and "2 errors" in text, text
    assert "Traceback" not in text and "booting.py" not in text


def test_a_class_that_cannot_be_read_is_told_when_it_is_collected(project: Path) -> None:
    path = project / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("self halt", "self halt ]]"), encoding="utf-8")
    code, text = ran(project, "--sunit")
    assert code == 2 and f"{path}:" in text and "Traceback" not in text, text


def test_a_time_that_is_none(project: Path) -> None:
    code, text = ran(project, "--sunit-timeout", "0")
    assert code == 4 and text.strip() == "ERROR: --sunit-timeout 0: give seconds, more than 0"
