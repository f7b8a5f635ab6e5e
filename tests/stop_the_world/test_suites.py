"""The class library's SUnit suites with the collector that stops the world, which collects all the time."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, KeptBoard
from hardtalk.build.sources import paths_in, read_classes, text_root
from hardtalk.sunit.classes import SUnitClass, sunit_classes
from hardtalk.sunit.runner import ClassRun, Runner

from .boards import boot, collect_every, sound, variable

KERNEL_TESTS = text_root() / "firmware" / "kernel-tests"
CLASSES = sunit_classes(read_classes(paths_in(KERNEL_TESTS, ".class.st")))
INTERVAL_BYTES = 60_000
LONG_INTERVALS = {"SystemErrorTest": 400_000, "NestingTest": 400_000}
"""Each collection goes through all contexts of an endless recursion, or of a deep one: bytes of a request that comes
meanwhile are lost."""


@pytest.fixture(scope="module")
def booted_with_tests() -> tuple[Bench, KeptBoard]:
    bench = boot([KERNEL_TESTS], None)
    return bench, bench.console.keep()


@pytest.mark.parametrize("test_class", CLASSES, ids=[each.name for each in CLASSES])
def test_suite(booted_with_tests: tuple[Bench, KeptBoard], test_class: SUnitClass) -> None:
    """The line keeps its usual rate: at the rate of a file-in bytes are lost while the world stops."""
    bench, kept = booted_with_tests
    bench.console.put_back(kept)
    collect_every(bench, LONG_INTERVALS.get(test_class.name, INTERVAL_BYTES))
    run = ClassRun(test_class, list(Runner(bench, state=bench.console.keep()).run(test_class)))
    assert [f"{each.name}\n{each.trace}" for each in run.outcomes if not each.has_passed] == []
    assert [each.selector for each in run.outcomes] == list(test_class.selectors)
    assert variable(bench.board, "cyclesCompleted") > 0
    sound(bench.board)
