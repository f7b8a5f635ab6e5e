"""Time: order of alarms, exact rates."""

from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.devices import Clock, DeviceMistake, microseconds, milliseconds

RATES = {"cpu": 200_000_000, "timer": 1_000_000, "counter": 24_000_000}


def test_alarms_of_one_cycle_fire_in_the_order_they_were_set() -> None:
    clock = Clock(RATES)
    fired: list[str] = []
    for name in "abc":
        clock.at(100, lambda name=name: fired.append(name))
    clock.at(50, lambda: fired.append("early"))
    clock.advance(100)
    assert fired == ["early", "a", "b", "c"]


def test_an_alarm_sees_its_own_cycle() -> None:
    clock = Clock(RATES)
    seen: list[int] = []
    clock.after(milliseconds(1), lambda: seen.append(clock.cycles))
    clock.after(microseconds(1), lambda: seen.append(clock.cycles))
    clock.advance(milliseconds(2))
    assert seen == [200, 200_000]
    assert clock.cycles == 400_000


def test_a_cancelled_periodic_alarm_stops() -> None:
    clock = Clock(RATES)
    fired: list[int] = []
    alarm = clock.every(10, lambda: fired.append(clock.cycles))
    clock.advance(35)
    clock.cancel(alarm)
    clock.advance(100)
    assert fired == [10, 20, 30]
    clock.cancel(alarm)


def test_a_period_below_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one cycle"):
        Clock(RATES).every(0, lambda: None)


@given(st.integers(1, 10**6), st.integers(1, 997), st.integers(1, 50))
def test_periods_do_not_drift(numerator: int, denominator: int, count: int) -> None:
    clock = Clock(RATES)
    period = microseconds(Fraction(numerator, denominator) + 1)
    exact = period.cycles_at(RATES["cpu"])
    fired: list[int] = []
    clock.every(period, lambda: fired.append(clock.cycles))
    clock.advance(-(-exact.numerator * count // exact.denominator))
    assert fired == [-(-exact.numerator * n // exact.denominator) for n in range(1, count + 1)]


@given(st.integers(0, 10**12))
def test_ticks_are_an_exact_fraction(cycles: int) -> None:
    clock = Clock(RATES)
    clock.advance(cycles)
    ticker = clock.ticker("counter")
    ticks = ticker.count()
    assert ticks == cycles * 24 // 200
    assert ticker.cycle_of(ticks) <= cycles < ticker.cycle_of(ticks + 1)


def test_an_alarm_in_no_time_for_ever_is_told() -> None:
    clock = Clock(RATES)

    def again() -> None:
        clock.after(0, again)

    clock.after(5, again)
    with pytest.raises(DeviceMistake, match="10,000 alarms have fired in one cycle"):
        clock.advance(10)


def test_many_alarms_in_one_cycle_are_no_mistake() -> None:
    clock = Clock(RATES)
    fired: list[int] = []
    for number in range(20_000):
        clock.at(7, partial(fired.append, number))
    clock.advance(7)
    assert fired == list(range(20_000))
