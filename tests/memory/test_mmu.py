"""MMU against windows tried one by one, and against examples worked by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.memory.mmu import Utilisation, minimum_utilisation
from hardtalk.memory.plan import Plan


def rows(*pairs: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array(pairs, np.int64).reshape(-1, 2)


def test_one_pause() -> None:
    intervals = rows((100, 130))
    assert minimum_utilisation(intervals, 0, 1000, 20) == Utilisation(20, 20)
    assert minimum_utilisation(intervals, 0, 1000, 40) == Utilisation(40, 30)
    found = minimum_utilisation(intervals, 0, 1000, 300)
    assert found is not None and (found.share, found.percent) == (Fraction(9, 10), 90)


def test_pauses_close_together_count_together() -> None:
    intervals = rows((100, 110), (115, 125), (400, 415))
    assert minimum_utilisation(intervals, 0, 1000, 10) == Utilisation(10, 10)
    assert minimum_utilisation(intervals, 0, 1000, 15) == Utilisation(15, 15)
    assert minimum_utilisation(intervals, 0, 1000, 25) == Utilisation(25, 20)
    assert minimum_utilisation(intervals, 0, 1000, 1000) == Utilisation(1000, 35)


def test_windows_stay_inside_the_measurement() -> None:
    assert minimum_utilisation(rows((95, 100)), 0, 100, 10) == Utilisation(10, 5)
    assert minimum_utilisation(rows((0, 5)), 0, 100, 10) == Utilisation(10, 5)
    assert minimum_utilisation(rows((0, 5)), 0, 100, 101) is None


def test_percentages_are_rounded_down() -> None:
    assert Utilisation(1000, 1).percent == 99
    assert Utilisation(3, 2).percent == 33


def test_without_a_collector_the_program_has_it_all() -> None:
    assert minimum_utilisation(rows(), 0, 100, 10) == Utilisation(10, 0)


@given(st.lists(st.integers(1, 12), max_size=10), st.integers(1, 60))
def test_it_is_the_worst_of_all_windows(lengths: list[int], window: int) -> None:
    """`lengths` are the program's and the collector's turns, in turn."""
    edges = np.concatenate([[0], np.cumsum([*lengths, 5])])
    ended = int(edges[-1])
    pairs = [(int(edges[i]), int(edges[i + 1])) for i in range(1, len(edges) - 1, 2)]
    busy = np.zeros(ended, np.int64)
    for start, end in pairs:
        busy[start:end] = 1
    found = minimum_utilisation(rows(*pairs), 0, ended, window)
    if window > ended:
        assert found is None
        return
    assert found is not None
    assert found.collector_cycles == max(int(busy[at : at + window].sum()) for at in range(ended - window + 1))


def test_the_heap_that_is_enough() -> None:
    assert Plan(1000, 1, 2).heap_bytes == 2000
    assert Plan(1000, 1, 3).heap_bytes == 1667
    assert Plan(1000, 4000, 2).units_per_second == 2000
    assert Plan(1000, 4000, 2).collections_per_second == 8
