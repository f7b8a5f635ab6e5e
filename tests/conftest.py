"""Fixtures that the tests of the whole chain share: one firmware, one booted board, each test from the same state.

The firmware comes out of the build's cache when its sources have not changed. Imports are inside, so that the tests of
a single package start without the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")

if TYPE_CHECKING:
    from hardtalk.board import Snapshot
    from hardtalk.cli.boards import Bench


@pytest.fixture(scope="session")
def booted() -> tuple[Bench, Snapshot]:
    """The firmware as it ships, on a board, booted to its prompt."""
    from hardtalk.cli.boards import boot_bench

    bench = boot_bench([], [], None, "arm926")
    return bench, bench.board.snapshot()


@pytest.fixture
def bench(booted: tuple[Bench, Snapshot]) -> Iterator[Bench]:
    """The booted board. What a test does to it is undone."""
    bench, snapshot = booted
    bench.board.restore(snapshot)
    bench.console.prompt.abandon()
    yield bench
