"""Coverage of Smalltalk: each line with a bytecode is run or not, as the tests make it; the watch sees nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.cli.main import app
from hardtalk.sunit.classes import classes_in
from hardtalk.sunit.coverage import FileCoverage, bytecode_watch, coverage, lcov
from hardtalk.sunit.runner import Runner

SCALE = """Class {
	#name : #Scale,
	#superclass : #Object,
	#category : #Tests
}

{ #category : #x }
Scale >> weigh: aNumber [
	| sum |
	sum := 0.
	aNumber < 0 ifTrue: [
		sum := sum - 1.
		^ sum ].
	1 to: aNumber do: [ :each |
		each > 100 ifTrue: [
			sum := 7 ].
		sum := sum + each ].
	^ sum
]

{ #category : #x }
Scale >> weighLater: aNumber [
	^ [ :each |
		self weigh: each ]
]

{ #category : #x }
Scale >> never [
	^ self weigh: 1
]
"""
TEST = """Class {
	#name : #ScaleTest,
	#superclass : #TestCase,
	#category : #Tests
}

{ #category : #tests }
ScaleTest >> testWeigh [
	self assert: (Scale new weigh: 3) equals: 6.
	self assert: (Scale new weighLater: 3) notNil
]

{ #category : #tests }
ScaleTest >> testNegative [
	self assert: (Scale new weigh: -3) equals: -1
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scale")
    (path / "Scale.class.st").write_text(SCALE)
    (path / "ScaleTest.class.st").write_text(TEST)
    return path


@pytest.fixture(scope="module")
def bench(folder: Path) -> Bench:
    return boot(BootOptions((folder,)), lambda _: None)


def covered(bench: Bench, folder: Path, selector: str) -> FileCoverage:
    """Of Scale, by one test."""
    (found,) = classes_in(bench, folder)
    runner = Runner(bench)
    allowances = dict(zip(found.selectors, runner.allowances(found), strict=True))
    watch = bytecode_watch(bench)
    with watch:
        assert runner.run_test(found, selector, allowances[selector]).has_passed
    runner.run_test(found, "testNegative", allowances["testNegative"])  # when nobody watches
    runner.put_back()
    (file,) = coverage(bench, watch, [folder / "ScaleTest.class.st"])
    return file


def test_lines_and_methods_that_were_run(bench: Bench, folder: Path) -> None:
    file = covered(bench, folder, "testWeigh")
    assert file.file == folder / "Scale.class.st"
    assert [(each.name, each.is_run) for each in file.methods] == [
        ("Scale>>weigh:", True),
        ("Scale>>weighLater:", True),
        ("Scale>>never", False),
    ]
    assert [number for number, run in file.lines.items() if run] == [10, 11, 14, 15, 17, 18, 23]
    assert file.missing == "12-13, 16, 24-29"
    assert (file.methods_run, file.lines_run, len(file.lines)) == (2, 7, 12)


def test_the_other_branch(bench: Bench, folder: Path) -> None:
    file = covered(bench, folder, "testNegative")
    assert [number for number, run in file.lines.items() if run] == [10, 11, 12, 13]


def test_tracefile(bench: Bench, folder: Path) -> None:
    text = lcov([covered(bench, folder, "testWeigh")])
    lines = text.splitlines()
    assert lines[1] == f"SF:{folder / 'Scale.class.st'}"
    assert "FN:28,Scale>>never" in lines
    assert "FNDA:0,Scale>>never" in lines
    assert [each for each in lines if each.startswith("DA:1")] == [
        "DA:10,1", "DA:11,1", "DA:12,0", "DA:13,0", "DA:14,1", "DA:15,1", "DA:16,0", "DA:17,1", "DA:18,1",
    ]  # fmt: skip
    assert lines[-3:] == ["LF:12", "LH:7", "end_of_record"]


def test_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tracefile = tmp_path / "scale.lcov"
    arguments = ["test", str(folder), "--coverage", "--lcov", str(tracefile)]
    assert app(arguments, result_action="return_value") == 0
    row = next(
        line.split() for line in capsys.readouterr().out.splitlines() if "Scale.class.st" in line and "/3" in line
    )
    assert row[1:] == ["2/3", "9/12", "75", "%", "16,", "24-29"]
    assert "LH:9" in tracefile.read_text()


def test_nothing_to_cover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TEST.replace("ScaleTest", "AloneTest").replace("(Scale new weighLater: 3) notNil", "true")
    text = text.replace("Scale new weigh: 3", "6").replace("Scale new weigh: -3", "-1")
    (tmp_path / "AloneTest.class.st").write_text(text)
    assert app(["test", str(tmp_path), "--coverage"], result_action="return_value") == 0
    assert "no coverage" in capsys.readouterr().out
