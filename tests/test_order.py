"""The order of the tests for several workers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.order import LONG, ordered

FILES = (*LONG, *(f"others/test_{n}.py" for n in range(40)))
TESTS = [(file, f"{file}::{n}") for file in sorted(FILES) for n in range(5)]


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_each_worker_begins_with_long_ones(workers: int) -> None:
    result = ordered(TESTS, workers)
    assert sorted(result) == sorted(test for _, test in TESTS)
    start, begun = 0, []
    for worker in range(workers):
        begun.append(result[start].partition("::")[0])
        start += (len(result) - start) // (workers - worker)
    assert set(begun) == set(sorted(LONG, key=lambda name: -LONG[name])[:workers])


def test_files_stay_together_and_others_keep_their_order() -> None:
    result = ordered(TESTS, 2)
    others = [test for test in result if test.startswith("others/")]
    assert others == [test for _, test in TESTS if test.startswith("others/")]
    for name in LONG:
        places = [place for place, test in enumerate(result) if test.startswith(name)]
        assert places == list(range(places[0], places[0] + 5))


def test_more_long_ones_than_a_worker_s_part_are_all_run() -> None:
    few = [(file, f"{file}::{n}") for file in LONG for n in range(3)]
    assert sorted(ordered(few, 2)) == sorted(test for _, test in few)


def test_what_takes_long_can_be_left_out(request: pytest.FixtureRequest) -> None:
    """`make test` says `-m "not long"`; here every test that was collected is marked as its file says."""
    for item in request.session.items:
        name = item.path.relative_to(Path(__file__).parent).as_posix()
        assert (item.get_closest_marker("long") is not None) == (name in LONG)


def test_the_long_ones_are_there() -> None:
    assert all((Path(__file__).parent / name).is_file() for name in LONG)
