"""The build's cache: an entry that several want at once is made once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hardtalk.build.cache import BuildCache

MANY = 4
MAKING_SECONDS = 0.05


def test_an_entry_that_several_want_at_once_is_made_once(tmp_path: Path) -> None:
    made: list[int] = []
    together = threading.Barrier(MANY)

    def make() -> str:
        made.append(1)
        time.sleep(MAKING_SECONDS)
        return "firmware"

    def wanted(_: int) -> tuple[str, bool]:
        together.wait()
        return BuildCache(tmp_path).get(str, "key", make)

    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(wanted, range(MANY)))
    assert len(made) == 1
    assert sorted(answers) == [("firmware", False), *[("firmware", True)] * (MANY - 1)]
    assert [each.suffix for each in tmp_path.iterdir()] == [".pickle"]


def test_an_entry_that_could_not_be_made_is_made_by_the_next(tmp_path: Path) -> None:
    def fail() -> str:
        raise ValueError("a mistake in the sources")

    with pytest.raises(ValueError, match="a mistake"):
        BuildCache(tmp_path).get(str, "key", fail)
    assert BuildCache(tmp_path).get(str, "key", lambda: "firmware") == ("firmware", False)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = BuildCache(tmp_path / "file" / "cache")
    for _ in range(2):
        assert cache.get(str, "key", lambda: "firmware") == ("firmware", False)
