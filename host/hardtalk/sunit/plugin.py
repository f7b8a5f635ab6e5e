"""The pytest plugin: SUnit classes and their simulated devices beside Python's tests.

It is there in every run of pytest, so it does nothing until it is asked: `--sunit` collects each `*Test.class.st` where
pytest looks, and a `.class.st` file on the command line is collected in any case. Only then is the rest imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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
