"""Stretches and intervals from records written by hand; cutting the records anywhere changes nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.memory.code import COLLECTOR, NO_SAFEPOINT, PROGRAM, SHARED, CodeMap
from hardtalk.memory.stretches import Meter

BASE = 0x1000
DISPATCH, WORK, STEP, CALLED, POLL, SLEEP, AWAKE, ROUTINE = (BASE + 4 * index for index in range(8))


def code() -> CodeMap:
    """DISPATCH and ROUTINE are dispatched to; STEP, POLL and ROUTINE are the collector's, CALLED is anybody's."""
    owner = np.array([PROGRAM, PROGRAM, COLLECTOR, SHARED, COLLECTOR, PROGRAM, PROGRAM, COLLECTOR], np.uint8)
    safepoint = np.array([0, -1, -1, -1, 3, 4, 0, 0], np.int64)
    assert NO_SAFEPOINT == -1
    return CodeMap(BASE, owner, safepoint, np.arange(8) == 5, ("Treadmill>>step",))


def meter(records: list[tuple[int, int]], cuts: tuple[int, ...] = ()) -> Meter:
    result = Meter(code())
    bounds = [0, *sorted(cuts), len(records)]
    for start, end in pairwise(bounds):
        part = np.array(records[start:end], np.int64).reshape(-1, 2)
        result.add(part[:, 0], part[:, 1])
    return result


def test_a_program_alone() -> None:
    found = meter([(DISPATCH, 10), (WORK, 14), (DISPATCH, 25), (DISPATCH, 30)])
    assert dict(found.program.lengths) == {15: 1, 5: 1}
    assert found.collector.count == 0 and found.collector_cycles == 0
    longest = found.program.longest
    assert longest is not None
    assert (longest.cycles, longest.began, longest.first_block, longest.last_block) == (15, 10, DISPATCH, DISPATCH)


def test_a_step_makes_the_stretch_the_collectors() -> None:
    found = meter([(DISPATCH, 10), (WORK, 14), (STEP, 20), (CALLED, 24), (STEP, 28), (WORK, 33), (DISPATCH, 40)])
    assert dict(found.collector.lengths) == {30: 1}
    assert found.intervals.tolist() == [[20, 33]]


def test_a_poll_ends_a_stretch_inside_its_block() -> None:
    found = meter([(DISPATCH, 10), (POLL, 20), (STEP, 26), (POLL, 40), (WORK, 50), (DISPATCH, 60)])
    assert dict(found.collector.lengths) == {13: 1, 20: 1, 17: 1}
    assert found.intervals.tolist() == [[20, 50]]


def test_called_code_is_the_callers() -> None:
    found = meter([(DISPATCH, 0), (CALLED, 5), (STEP, 9), (CALLED, 12), (WORK, 20), (CALLED, 22), (DISPATCH, 30)])
    assert found.intervals.tolist() == [[9, 20]]


def test_sleep_is_no_stretch() -> None:
    found = meter([(DISPATCH, 0), (SLEEP, 10), (AWAKE, 5000), (DISPATCH, 5007)])
    assert dict(found.program.lengths) == {14: 1, 7: 1}
    assert found.asleep_cycles == 5000 - 14


def test_an_interval_that_has_not_ended() -> None:
    found = meter([(DISPATCH, 0), (STEP, 5), (CALLED, 11)])
    assert found.intervals.tolist() == [[5, 11]]
    assert found.total_cycles == 11


def test_bands() -> None:
    found = meter([(DISPATCH, each) for each in (0, 5, 15, 26, 126)])
    assert found.program.bands((5, 10, 20)) == [1, 1, 1, 1]


RECORDS = st.lists(
    st.tuples(st.sampled_from([DISPATCH, WORK, STEP, CALLED, POLL, ROUTINE, WORK]), st.integers(4, 9)), min_size=1
)


@given(RECORDS, st.data())
def test_where_records_are_cut_changes_nothing(blocks: list[tuple[int, int]], data: st.DataObject) -> None:
    cycle, records = 0, []
    for block, length in blocks:
        records.append((block, cycle))
        cycle += length
    cuts = tuple(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    whole, cut = meter(records), meter(records, cuts)
    assert whole.collector == cut.collector and whole.program == cut.program
    assert whole.intervals.tolist() == cut.intervals.tolist()
    assert whole.asleep_cycles == cut.asleep_cycles
    assert {**one_by_one(records)} == {"collector": whole.collector.lengths, "program": whole.program.lengths}


def one_by_one(records: list[tuple[int, int]]) -> dict[str, dict[int, int]]:
    """The same, a record at a time."""
    lengths: dict[str, dict[int, int]] = {"collector": {}, "program": {}}
    table, since, touched, collecting = code(), None, False, False
    for block, cycle in records:
        word = (block - BASE) >> 2
        if table.owner[word] != SHARED:
            collecting = bool(table.owner[word] == COLLECTOR)
        touched |= collecting and table.safepoint[word] != 0
        if table.safepoint[word] >= 0:
            moment = cycle + int(table.safepoint[word])
            if since is not None:
                name = "collector" if touched else "program"
                lengths[name][moment - since] = lengths[name].get(moment - since, 0) + 1
            since = moment
            touched = collecting
    return lengths


@pytest.mark.parametrize("records", [[], [(WORK, 3)]])
def test_nothing_to_measure(records: list[tuple[int, int]]) -> None:
    found = meter(records)
    assert found.total_cycles == 0 and found.program.longest is None
