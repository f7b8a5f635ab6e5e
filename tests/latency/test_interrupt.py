"""The stopwatch: parts add up, each moment counts once, and moments of other lines are not taken for ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.latency.interrupt import Interrupt, Stopwatch
from hardtalk.symbols.moment import Moment

ORDINARY = {
    Moment.ENTERED: 103,
    Moment.RETURNED: 134,
    Moment.SAFEPOINT: 150,
    Moment.SWITCHED: 400,
    Moment.ACCESSED: 700,
}


def test_parts_of_an_ordinary_interrupt() -> None:
    interrupt = Interrupt(100, ORDINARY, 0x10000, 0x100020)
    assert interrupt.latency == 600
    assert interrupt.parts == {"masked": 3, "entry": 31, "to safepoint": 16, "switch": 250, "to first access": 300}


@given(st.lists(st.tuples(st.sampled_from(list(Moment)[:-1]), st.integers(0, 100)), max_size=12), st.integers(0, 100))
def test_parts_add_up_whatever_was_seen(seen: list[tuple[Moment, int]], last: int) -> None:
    stopwatch = Stopwatch()
    cycle = 50
    stopwatch.line_raised(cycle, 0, 0)
    for moment, delay in seen:
        cycle += delay
        stopwatch.passed(moment, cycle)
    stopwatch.passed(Moment.ACCESSED, cycle + last)
    (interrupt,) = stopwatch.finished
    assert sum(interrupt.parts.values()) == interrupt.latency == cycle + last - 50


def test_nothing_counts_before_a_line_is_raised_or_after_the_access() -> None:
    stopwatch = Stopwatch()
    stopwatch.passed(Moment.ACCESSED, 1)
    assert not stopwatch.finished and not stopwatch.is_running
    stopwatch.line_raised(10, 0, 0)
    stopwatch.line_raised(11, 0, 0)
    stopwatch.passed(Moment.ACCESSED, 20)
    stopwatch.passed(Moment.ACCESSED, 30)
    assert [each.latency for each in stopwatch.finished] == [10]


def test_a_safepoint_before_the_entry_was_another_lines() -> None:
    stopwatch = Stopwatch()
    stopwatch.line_raised(100, 0, 0)
    for moment, cycle in ((Moment.SAFEPOINT, 110), (Moment.ENTERED, 120), (Moment.SAFEPOINT, 150)):
        stopwatch.passed(moment, cycle)
    stopwatch.passed(Moment.ACCESSED, 200)
    parts = stopwatch.finished[0].parts
    assert (parts["masked"], parts["to safepoint"], parts["to first access"]) == (20, 30, 50)


def test_moments_out_of_order_are_a_defect() -> None:
    with pytest.raises(ValueError, match="SAFEPOINT at cycle 90 comes before"):
        _ = Interrupt(100, ORDINARY | {Moment.SAFEPOINT: 90}, 0, 0).parts
