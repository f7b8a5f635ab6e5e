"""The pytest plugin: SUnit classes and their simulated devices beside Python's tests.

It is there in every run of pytest, so it does nothing until it is asked: `--sunit` collects each `*Test.class.st` where
pytest looks, and a `.class.st` file on the command line is collected in any case. Only then is the rest imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hardtalk.sunit.board_coverage import BoardCoverage
    from hardtalk.sunit.items import SUnitFile

CLASS_SUFFIX = ".class.st"
TEST_SUFFIX = "Test" + CLASS_SUFFIX
LISTS = {
    "device": "a Python file with simulated devices",
    "driver": "a folder of classes for the firmware, beside the tests' own",
    "svd": "a CMSIS-SVD file of further peripherals",
}
"""What a board may have more of: by option and, relative to the file that says it, in the configuration."""


class Hooks:
    """What a conftest.py may define."""

    def pytest_sunit_devices(self, folder: Path) -> list[str | Path]:
        """Device files for the SUnit classes in `folder`, absolute or relative to it."""
        raise NotImplementedError  # pytest reads the signature and calls those of conftest.py


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hardtalk", "Smalltalk tests on Hardtalk's emulated board")
    group.addoption("--sunit", action="store_true", help=f"collect *{TEST_SUFFIX}, the tests of SUnit classes")
    for name, what in LISTS.items():
        group.addoption(
            f"--sunit-{name}",
            action="append",
            default=[],
            type=Path,
            metavar="PATH",
            help=f"{what}; may be given again",
        )
        parser.addini(f"sunit_{name}", f"{what}; several, one a line", type="paths", default=[])
    group.addoption(
        "--sunit-timeout",
        type=float,
        metavar="SECONDS",
        help="the board's time for each SUnit test whose class says nothing of its own; 20 if not given",
    )

    group.addoption("--sunit-coverage", action="store_true", help="tell which lines of the Smalltalk classes were run")
    group.addoption("--sunit-lcov", type=Path, metavar="FILE", help="write that as LCOV's tracefile")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sunit: a Smalltalk test on Hardtalk's board")
    timeout = config.getoption("sunit_timeout")
    if timeout is not None and not 0 < timeout < float("inf"):
        raise pytest.UsageError(f"--sunit-timeout {timeout:g}: give seconds, more than 0")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SUnitFile | None:
    if not file_path.name.endswith(CLASS_SUFFIX):
        return None
    is_asked_for = parent.config.getoption("sunit") and file_path.name.endswith(TEST_SUFFIX)
    if not is_asked_for and not parent.session.isinitpath(file_path):
        return None
    from hardtalk.sunit.items import SUnitFile

    return SUnitFile.from_parent(parent, path=file_path)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands over what its boards covered."""
    handed_over = getattr(session.config, "workeroutput", None)
    found = _coverage(session.config) if handed_over is not None else None
    if found is not None and handed_over is not None:
        from hardtalk.sunit.board_coverage import WORKERS_KEY, as_plain

        handed_over[WORKERS_KEY] = as_plain(found.files())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    found = _coverage(node.config)
    if found is not None:
        from hardtalk.sunit.board_coverage import WORKERS_KEY

        found.add(getattr(node, "workeroutput", {}).get(WORKERS_KEY, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = _coverage(config)
    if found is not None:
        from hardtalk.sunit.board_coverage import tell
        from hardtalk.sunit.coverage import lcov

        files = found.files()
        tell(files, terminalreporter)
        if config.getoption("sunit_lcov") is not None:
            config.getoption("sunit_lcov").write_text(lcov(files), encoding="utf-8")


def _coverage(config: pytest.Config) -> BoardCoverage | None:
    """What is covered so far, if that was asked for."""
    if not config.getoption("sunit_coverage") and config.getoption("sunit_lcov") is None:
        return None
    from hardtalk.sunit.items import boards_of

    return boards_of(config).coverage
