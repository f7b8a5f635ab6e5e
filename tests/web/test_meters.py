"""The page's clocks and counts without a board: how time is held back, and which waits are counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hardtalk.board import InterruptEntry, LineRaised, RegisterAccess
from hardtalk.board.trace import Trace
from hardtalk.web.latencies import BIN_NANOSECONDS, BINS, Latencies, median
from hardtalk.web.pace import Pace

HERTZ = 200_000_000


class Watch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_board_is_held_back_to_real_time_and_a_delay_is_not_made_up_for() -> None:
    watch = Watch()
    pace = Pace(HERTZ, watch)
    pace.begin(1_000)
    assert round(pace.ahead(1_000 + HERTZ // 10), 6) == 0.1
    watch.seconds += 0.1
    assert round(pace.ahead(1_000 + HERTZ // 5), 6) == 0.1
    watch.seconds += 5
    assert pace.ahead(1_000 + HERTZ // 4) == 0
    assert round(pace.ahead(1_000 + HERTZ // 2), 6) == 0.25
    pace.is_held = False
    assert pace.ahead(1_000 + HERTZ) == 0


def test_speed_is_that_of_the_last_second() -> None:
    watch = Watch()
    pace = Pace(HERTZ, watch)
    pace.begin(0)
    for turn in range(1, 21):
        watch.seconds += 0.1
        pace.ahead(turn * HERTZ // 10 if turn <= 10 else HERTZ + (turn - 10) * HERTZ // 20)
    assert pace.permille == 500


def access(cycle: int, line: int) -> RegisterAccess:
    return RegisterAccess(cycle, line, "X", "Y", False, 0, 0, True)


def test_waits_are_counted_from_the_line_to_the_first_access_if_an_interrupt_was_entered() -> None:
    trace = Trace()
    chip: Any = SimpleNamespace(peripheral_of_line=lambda line: SimpleNamespace(name=f"LINE{line}"))
    board: Any = SimpleNamespace(trace=trace, chip=chip, clock=SimpleNamespace(hertz=HERTZ))
    latencies = Latencies(board)
    for number, wait in enumerate((600, 700, 700, 12_000), 1):
        start = number * 100_000
        trace.add(LineRaised(start, 4))
        trace.add(InterruptEntry(start + 40, "IRQ", 1 << 4, 0, 0))
        trace.add(access(start + wait, 4))
    trace.add(LineRaised(900_000, 5))
    trace.add(access(900_500, 5))
    trace.add(LineRaised(910_000, 35))
    trace.add(InterruptEntry(910_050, "IRQ", 1 << 31, 0, 0))
    trace.add(access(911_000, 35))
    first, second = latencies.state()["lines"]
    assert {each: first[each] for each in ("name", "count", "min", "median", "max")} == {
        "name": "LINE4", "count": 4, "min": 3_000, "median": 3_500, "max": 60_000
    }  # fmt: skip
    counted = {place: count for place, count in enumerate(first["bins"]) if count}
    assert counted == {3_000 // BIN_NANOSECONDS: 1, 3_500 // BIN_NANOSECONDS: 2, BINS - 1: 1}
    assert (second["name"], second["max"]) == ("LINE35", 5_000)
    latencies.clear()
    assert latencies.state()["lines"] == []


def test_a_median_was_really_seen() -> None:
    from collections import Counter

    assert [median(Counter(values)) for values in ([5], [1, 9], [1, 9, 9], [3, 3, 3, 8])] == [5, 1, 9, 3]
