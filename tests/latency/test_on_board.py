"""The laboratory on the real firmware: every interrupt is served, its parts add up, the same seed gives the same."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions
from hardtalk.cli.main import run
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.latency.loaded_board import start_load
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.matrix import Cell, booted, measure_interrupts
from hardtalk.latency.subjects import expire, subject_named
from hardtalk.report.figures import read_report
from hardtalk.symbols.moment import Moment
from hardtalk.symbols.moments import watched_addresses

COUNT = 200
DEADLINE_CYCLES = 20_000


@pytest.fixture
def laboratory_bench() -> Bench:
    return booted(BootOptions())


def measured(
    bench: Bench, line: str, load: str, seed: int, form: str = "smalltalk", count: int = COUNT
) -> list[Interrupt]:
    bench = booted(BootOptions())
    (chosen,) = chosen_loads([load], known_loads())
    subject = subject_named(bench, line, form)
    start_load(bench, subject, chosen)
    return measure_interrupts(bench, subject, Cell(BootOptions(), line, chosen, count, Schedule(seed), form))


@pytest.mark.parametrize("line", ["TIMER", "UART"])
def test_every_interrupt_is_served_in_time(laboratory_bench: Bench, line: str) -> None:
    interrupts = measured(laboratory_bench, line, "mixed", 1)
    assert len(interrupts) == COUNT
    assert all(sum(each.parts.values()) == each.latency for each in interrupts)
    assert all(each.parts["switch"] > 0 and each.parts["to first access"] > 0 for each in interrupts)
    assert max(each.latency for each in interrupts) <= DEADLINE_CYCLES


def test_same_seed_same_cycles_other_seed_other_cycles(laboratory_bench: Bench) -> None:
    first = measured(laboratory_bench, "TIMER", "sends", 1)
    assert measured(laboratory_bench, "TIMER", "sends", 1) == first
    assert measured(laboratory_bench, "TIMER", "sends", 2) != first


def test_lines_rise_at_all_phases(laboratory_bench: Bench) -> None:
    """Not only at the ticks of a device's clock, 200 cycles apart, which a load could keep step with."""
    interrupts = measured(laboratory_bench, "TIMER", "loops", 3)
    assert len({each.raised % 200 for each in interrupts}) > COUNT // 3


def test_all_loads_are_the_methods_of_their_protocol() -> None:
    known = known_loads()
    assert chosen_loads(["all"], known) == list(known.values())
    assert chosen_loads(["sends", "all", "sends"], known)[0].selector == "sends"
    assert known["serial-flood"].selector == "serialFlood"
    assert set(known) >= {
        "idle", "sends", "allocation", "collection", "fills", "blit", "blit-alpha", "warp", "text", "large", "returns",
        "exceptions", "serial-flood", "timer-flood", "native", "messages", "together",
    }  # fmt: skip


def test_moments_are_found_in_the_code(laboratory_bench: Bench) -> None:
    watched = watched_addresses(laboratory_bench.source_map)
    assert all(watched[moment] for moment in (Moment.RETURNED, Moment.SAFEPOINT, Moment.SWITCHED))
    symbol = laboratory_bench.source_map.symbol_at(watched[Moment.SAFEPOINT][0])
    assert symbol is not None and "handleInterrupts" in symbol.name


def test_watching_does_not_change_the_run(laboratory_bench: Bench) -> None:
    board = laboratory_bench.board
    booted = laboratory_bench.console.keep()
    digests = []
    for watched in (watched_addresses(laboratory_bench.source_map), {}):
        laboratory_bench.console.put_back(booted)
        laboratory_bench.console.evaluate("LatencyLaboratory start: LatencyTimer load: #closures")
        Laboratory(board, 5, partial(expire, board), watched, Schedule(1)).measure(50)
        digests.append(board.trace.digest())
    laboratory_bench.console.put_back(booted)
    assert digests[0] == digests[1]


def test_line_that_nobody_serves_is_reported(laboratory_bench: Bench) -> None:
    board = laboratory_bench.board
    booted = board.snapshot()
    schedule = Schedule(1, patience_cycles=100_000)
    with pytest.raises(NotServed, match=r"line 18 is|line 18 was"):
        Laboratory(board, 18, lambda: board.raise_line(18), {}, schedule).measure(1)
    board.restore(booted)


def test_missed_deadline_is_exit_code_1_and_in_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "latency.json"
    arguments = ["latency", "--count", "20", "--line", "TIMER", "--deadline", "1cycle", "--json", str(path)]
    assert run(arguments) == 1
    figures = {figure.name: figure.value for figure in read_report(path.read_text(encoding="utf-8")).figures}
    assert figures["smalltalk.TIMER.mixed.count"] == figures["smalltalk.count"]
    assert figures["smalltalk.count"] == figures["smalltalk.misses"] == 20
    assert figures["smalltalk.median.cycles"] <= figures["smalltalk.p99.cycles"] <= figures["smalltalk.max.cycles"]
    shown = capsys.readouterr().out
    assert "worst: " in shown and "was in: " in shown and "seed 1" in shown
    assert run([*arguments[:5], "--deadline", "100us"]) == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--load", "flood", "--load flood: there is no such load\nChoose one of idle, "),
        ("--line", "FAX", "--line FAX: there is no such line\nChoose one of TIMER, UART"),
        ("--deadline", "soon", "--deadline 'soon' is not a duration; write for example 100us"),
        ("--count", "0", "--count 0: at least one interrupt must be measured"),
        ("--workers", "0", "--workers 0: at least one is needed"),
        ("--model", "z80", "there is no cycle model z80\nremedy: use one of arm926, instructions"),
    ],
)
def test_wrong_option_is_one_message(capsys: pytest.CaptureFixture[str], option: str, value: str, message: str) -> None:
    assert run(["latency", option, value]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {message}")


@pytest.mark.parametrize("line", ["TIMER", "UART"])
def test_native_handlers_are_measured_beside_smalltalk_ones(laboratory_bench: Bench, line: str) -> None:
    smalltalk = measured(laboratory_bench, line, "sends", 1, count=50)
    native = measured(laboratory_bench, line, "sends", 1, "native", 50)
    assert max(each.latency for each in native) < min(each.latency for each in smalltalk)


def test_unknown_form_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["latency", "--form", "other"]) == 2
    assert "--form other: there is no such form\nChoose one of smalltalk, native, both" in capsys.readouterr().err


def test_interrupts_keep_their_distance(laboratory_bench: Bench) -> None:
    """Also after a tenth of a second: the timer never expires by itself."""
    interrupts = measured(laboratory_bench, "TIMER", "loops", 1, count=1_500)
    gaps = [later.raised - earlier.moments[Moment.ACCESSED] for earlier, later in pairwise(interrupts)]
    assert min(gaps) >= Schedule(1).shortest_gap_cycles
    assert interrupts[-1].raised > 65_536 * 200
