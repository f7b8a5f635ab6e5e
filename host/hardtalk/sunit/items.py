"""What pytest collects of SUnit: a class file, its tests as items, and the board that they run on.

The board of a file has the classes of the file's folder and what options, configuration and conftest.py add. There is
one board at a time, booted when its first test is set up and kept while tests of the same board follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hardtalk.bench import BenchError, BootOptions, boot
from hardtalk.bench.booting import outermost, resolved
from hardtalk.board import BoardError, DeviceFailure
from hardtalk.build import BUILD_ERRORS
from hardtalk.build.sources import display_name, read_classes, text_root, users_paths
from hardtalk.chip import parts_of_board
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.sunit.board_coverage import BoardCoverage
from hardtalk.sunit.classes import SUnitClass, sunit_classes
from hardtalk.sunit.outcomes import EXPECTED, SKIPPED
from hardtalk.sunit.runner import Runner

USERS_ERRORS = (BenchError, BoardError, DeviceFailure, *BUILD_ERRORS)
"""Told without a traceback: the mistake is in what the user gave."""


class Boards:
    """The board in use, and what was read of sources."""

    def __init__(self, timeout_seconds: float | None, covers: bool = False) -> None:
        self.timeout_seconds = timeout_seconds
        self.coverage = BoardCoverage() if covers else None
        self._options: BootOptions | None = None
        self._runner: Runner | None = None
        self._failure = ""
        self._definitions: dict[tuple[Path, ...], list[ClassDefinition]] = {}

    def runner(self, options: BootOptions) -> Runner:
        """For a board with those options. BenchError when it does not boot, without another try each time."""
        if options != self._options:
            self._options, self._runner, self._failure = options, None, ""
            try:
                self._runner = Runner(boot(options), self.timeout_seconds)
                if self.coverage is not None:
                    tests = sunit_classes(self.definitions(options.drivers))
                    self.coverage.watch(self._runner.bench, [text_root() / each.file for each in tests])
            except USERS_ERRORS as error:
                self._failure = str(error)
        if self._runner is None:
            raise BenchError(self._failure)
        return self._runner

    def definitions(self, folders: tuple[Path, ...]) -> list[ClassDefinition]:
        if folders not in self._definitions:
            paths = [path for folder in folders for path in users_paths(folder)]
            self._definitions[folders] = read_classes(paths)
        return self._definitions[folders]


BOARDS = pytest.StashKey[Boards]()


def boards_of(config: pytest.Config) -> Boards:
    if BOARDS not in config.stash:
        covers = config.getoption("sunit_coverage") or config.getoption("sunit_lcov") is not None
        config.stash[BOARDS] = Boards(config.getoption("sunit_timeout"), covers)
    return config.stash[BOARDS]


class SUnitFile(pytest.File):
    """A Tonel file with a test class."""

    def collect(self) -> Iterator[SUnitItem]:
        options = self.boot_options()
        try:
            classes = sunit_classes(boards_of(self.config).definitions(options.drivers))
        except USERS_ERRORS as error:
            raise self.CollectError(str(error)) from error
        for test_class in classes:
            if test_class.file == display_name(self.path.resolve()):
                for selector in test_class.selectors:
                    one = replace(test_class, selectors=(selector,))
                    yield SUnitItem.from_parent(self, name=selector, test_class=one, options=options)

    def boot_options(self) -> BootOptions:
        """The board that the tests of this file want."""
        folder = self.path.parent
        asked = [folder / each for found in self.ihook.pytest_sunit_devices(folder=folder) for each in found]
        return BootOptions(
            drivers=outermost(resolved([*parts_of_board().driver, *self._given("driver"), folder])),
            svds=resolved(self._given("svd")),
            device_files=resolved([*self._given("device"), *asked]),
        )

    def _given(self, name: str) -> list[Path]:
        """By configuration and option."""
        return [*self.config.getini(f"sunit_{name}"), *self.config.getoption(f"sunit_{name}")]


class SUnitItem(pytest.Item):
    """One test."""

    def __init__(self, *, test_class: SUnitClass, options: BootOptions, **others: Any) -> None:
        super().__init__(**others)
        self.test_class = test_class
        self.options = options
        self.add_marker("sunit")

    def setup(self) -> None:
        try:
            boards_of(self.config).runner(self.options)
        except BenchError as error:
            fail(str(error))

    def runtest(self) -> None:
        runner = boards_of(self.config).runner(self.options)
        (outcome,) = runner.run(self.test_class)
        milliseconds = outcome.cycles * 1000 / runner.bench.board.chip.cpu_hertz
        self.user_properties.append(("board_milliseconds", f"{milliseconds:.3f}"))
        if outcome.printed:
            self.add_report_section("call", "board", outcome.printed)
        if outcome.kind == SKIPPED:
            raise pytest.skip.Exception(outcome.text, _use_item_location=True)
        if outcome.kind == EXPECTED:
            pytest.xfail(outcome.text)
        if outcome.has_failed:
            fail(outcome.trace)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test method begins, counted from 0."""
        place = self.test_class.places[self.name]
        return text_root() / place.file, place.line - 1, f"{self.test_class.name}>>{self.name}"


def fail(text: str) -> NoReturn:
    """With the board's trace, not Python's, and not the error that it was before."""
    raise pytest.fail.Exception(text, pytrace=False) from None
