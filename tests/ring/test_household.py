"""The house of the examples: a phone call each way word for word, and a remote control that finds what is there."""

from __future__ import annotations

from hardtalk.bench import BootOptions
from hardtalk.build.sources import text_root
from hardtalk.ring.plan import Program, RingPlan, with_driver
from hardtalk.ring.running import RingResult, run_ring

HOUSE = text_root() / "examples" / "household"
OPTIONS = with_driver(BootOptions((HOUSE,)))


def told(result: RingResult, node: int) -> list[str]:
    return [line.text for line in result.lines if line.node == node]


def test_the_house_speaks_and_is_controlled() -> None:
    names = ("kitchen", "hall", "player", "remote")
    programs = tuple(Program((HOUSE / f"{name}.st").read_text(encoding="utf-8"), f"{name}.st") for name in names)
    result = run_ring(RingPlan(OPTIONS, programs, 2_000))
    assert told(result, 1) == ["the hall said 2399 more, wrong 0, missed 0", "false"]
    assert told(result, 2) == ["the kitchen said 2399 more, wrong 0, missed 0", "false"]
    assert told(result, 4) == ["#('1 player' '2 telephone')", "#(5 7)"]
    assert [each.ended for each in result.nodes] == ["done"] * 4
    assert sum(each.late for each in result.nodes) == 0
    assert result.is_good


def test_who_speaks_already_is_busy_and_nobody_does_not_answer() -> None:
    caller = """| phone |
    phone := Telephone start.
    (Delay forMilliseconds: 30) wait.
    { phone call: (phone nodesThatAre: 'telephone') first. phone call: 77. phone isSpeaking }!"""
    called = "| phone | phone := Telephone start. phone heard: 'ring' from: 99. (Delay forMilliseconds: 200) wait. 1!"
    result = run_ring(RingPlan(OPTIONS, (Program(caller, "caller"), Program(called, "called")), 2_000))
    assert told(result, 1) == ["#(false false false)"]
    assert result.is_good
