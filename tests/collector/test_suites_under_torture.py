"""The class library's SUnit suites once more, with a step of the collector at every allocation."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, KeptBoard
from hardtalk.build.sources import paths_in, read_classes, text_root
from hardtalk.sunit.classes import SUnitClass, sunit_classes
from hardtalk.sunit.runner import run_class

from .torture import torture

CLASSES = sunit_classes(read_classes(paths_in(text_root() / "firmware" / "kernel-tests", ".class.st")))
UNITS = 50


@pytest.mark.parametrize("test_class", CLASSES, ids=[each.name for each in CLASSES])
def test_suite(booted_with_kernel_tests: tuple[Bench, KeptBoard], test_class: SUnitClass) -> None:
    bench, kept = booted_with_kernel_tests
    bench.console.put_back(kept)
    torture(bench.board, UNITS)
    run = run_class(bench, test_class)
    assert [each.trace for each in run.outcomes if not each.has_passed] == []
    assert [each.selector for each in run.outcomes] == list(test_class.selectors)
