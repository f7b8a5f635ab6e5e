"""Firmware whose loops stop the machine at one turn more than their bound: it runs the class library's suites, and a
load on all that lists are made of, without stopping."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import paths_in, read_classes, text_root
from hardtalk.sunit.classes import sunit_classes
from hardtalk.sunit.runner import run_class

TESTS = text_root() / "firmware" / "kernel-tests"
SUITES = (
    "BecomeTest", "BlockTest", "ContextTest", "DelayTest", "ExceptionTest", "LargeIntegerTest", "MutexTest",
    "ProcessTest", "SemaphoreTest", "StringTest", "UnwindingTest", "WeakCollectionTest",
)  # fmt: skip
LOADS = {
    "mutexes, as many as a process may own": (
        "| all | all := (1 to: 16) collect: [ :each | Mutex new ]. all do: [ :each | each enter ]. "
        "all do: [ :each | each leave ]. all size",
        "16",
    ),
    "delays of many processes": (
        "| done | done := Semaphore new. "
        "1 to: 40 do: [ :each | [ (Delay forMilliseconds: each \\\\ 7 + 1) wait. done signal ] fork ]. "
        "1 to: 40 do: [ :each | done wait ]. 40",
        "40",
    ),
    "large integers": (
        "(1000 factorial // 998 factorial) = 999000 & ((7 raisedTo: 2000) \\\\ (11 raisedTo: 900) > 0)",
        "true",
    ),
    "deep contexts and collections": (
        "| deep | deep := nil. deep := [ :n | n = 0 ifTrue: [ Array new: 50 ] ifFalse: [ deep value: n - 1 ] ]. "
        "1 to: 200 do: [ :each | deep value: 100 ]. Smalltalk garbageCollect. 1",
        "1",
    ),
}


@pytest.fixture(scope="module")
def trapping() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions((TESTS,), traps_bounds=True))
    return bench, bench.console.keep()


@pytest.mark.parametrize("name", SUITES)
def test_suites_keep_every_bound(trapping: tuple[Bench, KeptBoard], name: str) -> None:
    (suite,) = [each for each in sunit_classes(read_classes(paths_in(TESTS, ".class.st"))) if each.name == name]
    bench, kept = trapping
    bench.console.put_back(kept)
    run = run_class(bench, suite)
    assert not [each.name for each in run.outcomes if not each.has_passed], run.text


@pytest.mark.parametrize("load", LOADS)
def test_loads_keep_every_bound(trapping: tuple[Bench, KeptBoard], load: str) -> None:
    bench, kept = trapping
    bench.console.put_back(kept)
    source, answer = LOADS[load]
    assert bench.console.evaluate(source) == answer
