"""The class library's SUnit suites, with classes that they use as machine code."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.build.sources import paths_in, read_classes, text_root
from hardtalk.sunit.classes import SUnitClass, sunit_classes
from hardtalk.sunit.runner import run_class

FOLDER = text_root() / "firmware" / "kernel-tests"
CLASSES = sunit_classes(read_classes(paths_in(FOLDER, ".class.st")))
COMPILED = ("OrderedCollection", "Interval", "Fraction", "Point", "Collection")


@pytest.fixture(scope="module")
def suites() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions((FOLDER,), compiled=COMPILED))
    return bench, bench.console.keep()


@pytest.mark.parametrize("test_class", CLASSES, ids=[each.name for each in CLASSES])
def test_suite(suites: tuple[Bench, KeptBoard], test_class: SUnitClass) -> None:
    bench, kept = suites
    bench.console.put_back(kept)
    run = run_class(bench, test_class)
    assert [each.trace for each in run.outcomes if not each.has_passed] == []
    assert [each.selector for each in run.outcomes] == list(test_class.selectors)
