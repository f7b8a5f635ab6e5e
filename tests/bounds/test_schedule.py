"""Response times against an example worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from hardtalk.bounds.schedule import Overheads, Task, response_time, responses

HERTZ = 1_000
NONE = Overheads(0, 0, 0)
TASKS = (
    Task("high", 3, distance=7, deadline=7, access=1, whole=3),
    Task("middle", 2, distance=12, deadline=12, access=1, whole=3),
    Task("low", 1, distance=20, deadline=20, access=1, whole=5),
)
"""Burns and Wellings, Real-Time Systems and Programming Languages: responses 3, 6 and 20."""


def test_a_known_example() -> None:
    found = responses(TASKS, NONE, HERTZ)
    assert [each.task.name for each in found] == ["high", "middle", "low"]
    assert [each.end for each in found] == [3, 6, 20]
    assert [each.access for each in found] == [1, 4, 7]
    assert all(each.holds for each in found)


def test_the_way_to_the_handler_comes_first_and_less_urgent_lines_take_their_entry() -> None:
    overheads = Overheads(first=2, entry=1, switch=0)
    high = responses(TASKS, overheads, HERTZ)[0]
    assert high.end == 2 + 3 + 1 + 1
    assert high.access == 2 + 1 + 1 + 1


def test_lines_of_one_priority_wait_for_each_other() -> None:
    same = tuple(replace(task, priority=1) for task in TASKS)
    assert response_time(same[0], 3, same, NONE, 1_000) == 3 + 3 + 5


def test_more_than_there_is_time_for_has_no_bound() -> None:
    busy = (replace(TASKS[0], whole=7), *TASKS[1:])
    found = responses(busy, NONE, HERTZ)
    assert found[1].end is None and not found[1].holds


def test_a_deadline_that_is_missed_does_not_hold() -> None:
    found = responses((TASKS[0], replace(TASKS[1], deadline=3)), NONE, HERTZ)
    assert found[0].holds and not found[1].holds
