"""The class library's own SUnit suites, run on the board: one test here for each class there."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, KeptBoard
from hardtalk.build.sources import paths_in, read_classes, text_root
from hardtalk.sunit.classes import SUnitClass, sunit_classes
from hardtalk.sunit.runner import run_class

CLASSES = sunit_classes(read_classes(paths_in(text_root() / "firmware" / "kernel-tests", ".class.st")))


@pytest.mark.parametrize("test_class", CLASSES, ids=[each.name for each in CLASSES])
def test_suite(booted_with_kernel_tests: tuple[Bench, KeptBoard], test_class: SUnitClass) -> None:
    bench, kept = booted_with_kernel_tests
    bench.console.put_back(kept)
    run = run_class(bench, test_class)
    failed = [f"{each.name}\n{each.trace}" for each in run.outcomes if not each.has_passed]
    assert not failed, "\n".join([*failed, run.text])
    assert [each.selector for each in run.outcomes] == list(test_class.selectors)
