"""Percentiles by nearest rank against their definition."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.latency.distribution import P99, P99_9, Distribution


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 1000))
def test_percentile_is_the_least_value_with_enough_at_or_below(cycles: list[int], thousandths: int) -> None:
    share = Fraction(thousandths, 1000)
    answer = Distribution.of(cycles).percentile(share)
    at_or_below = [value for value in sorted(set(cycles)) if sum(c <= value for c in cycles) >= share * len(cycles)]
    assert answer == at_or_below[0]


def test_known_percentiles() -> None:
    thousand = Distribution.of(range(1000, 0, -1))
    assert (thousand.min, thousand.median, thousand.max) == (1, 500, 1000)
    assert (thousand.percentile(P99), thousand.percentile(P99_9)) == (990, 999)


def test_a_miss_is_longer_than_the_deadline() -> None:
    assert Distribution.of([1, 20_000, 20_001, 30_000]).misses(20_000) == 2


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="no interrupt was measured"):
        Distribution.of([])


@pytest.mark.parametrize("share", [Fraction(0), Fraction(3, 2)])
def test_share_outside_its_range_is_an_error(share: Fraction) -> None:
    with pytest.raises(ValueError, match="share"):
        Distribution.of([1]).percentile(share)


@given(st.lists(st.integers(0, 10**5), min_size=1), st.integers(1, 1000))
def test_histogram_holds_everything_in_its_bin(cycles: list[int], bin_cycles: int) -> None:
    bins = Distribution.of(cycles).histogram(bin_cycles)
    assert sum(bins) == len(cycles) and bins[-1] > 0
    assert all(count == sum(each // bin_cycles == number for each in cycles) for number, count in enumerate(bins[:50]))
