"""The bounds of Smalltalk handlers: shipped drivers have them, small ones have the known one, and the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.bounds.budget import add_handlers
from hardtalk.bounds.handlers import Handler, Handlers
from hardtalk.bounds.image import Image
from hardtalk.bounds.proof import Proof
from hardtalk.bounds.steps import Steps
from hardtalk.build import BuildOptions, build
from hardtalk.chip import default_chip
from hardtalk.cli.bound import problem_text
from hardtalk.report.figures import Report
from hardtalk.smalltalk.bytecodes import BY_NAME
from hardtalk.symbols.source_map import SourceMap

SHIPPED = ("LcdController", "SerialPort", "Timer")
DRIVER = """Class {{
	#name : #{name},
	#superclass : #Device,
	#instVars : [ 'count', 'other' ],
	#category : #'Small-Drivers'
}}

{{ #category : #hardware }}
{name} class >> peripheral [
	^ #TIMER23
]

{{ #category : #accessing }}
{name} >> other: anObject [
	other := anObject
]

{{ #category : #accessing }}
{name} >> again [
	^ count = 0 ifTrue: [ 1 ] ifFalse: [ self again ]
]

{{ #category : #interrupts }}
{name} >> enable [
	count := 0
]

{{ #category : #interrupts }}
{name} >> handleInterrupt [
	{body}
]
"""
MANY = " ".join(f"t{index}" for index in range(17))
BOUNDED = {
    "OneStore": "count := 1",
    "TwoStores": "count := 1. count := 1",
    "FourTurns": "4 timesRepeat: [ registers timer1MIS mis ]",
    "SixTurns": "6 timesRepeat: [ registers timer1MIS mis ]",
    "EightTurns": "8 timesRepeat: [ registers timer1MIS mis ]",
    "TenTurns": "10 timesRepeat: [ registers timer1MIS mis ]",
    "ToEight": "1 to: 8 do: [ :each | registers timer1MIS mis ]",
    "NineWhile": "| left | left := 9. [ left > 0 ] whileTrue: [ registers timer1MIS mis. left := left - 1 ]",
    "StatedWhile": "[ registers timer1MIS mis ] whileTrue: [ <turns: 6> count := 1 ]",
    "StatedMore": "[ registers timer1MIS mis ] whileTrue: [ <turns: 7> count := 1 ]",
    "StatedMost": "[ registers timer1MIS mis ] whileTrue: [ <turns: 8> count := 1 ]",
    "StatedTest": "[ <turns: 6> count := 1. registers timer1MIS mis ] whileTrue",
    "StatedRepeat": "[ <turns: 6> registers timer1MIS mis ifFalse: [ ^ self ] ] repeat",
    "StatedLimit": "1 to: (SmallInteger checked: other) do: [ :each | <turns: 6> count := each ]",
    "Branches": "registers timer1MIS mis. count = 0 ifTrue: [ 4 timesRepeat: [ registers timer1MIS mis ] ]",
    "Fails": "registers timer1MIS mis. count = 1 ifTrue: [ ^ self error: 'count is ' , other printString ]",
    "Checked": "(Semaphore checked: other) signal",
    "Queues": "(HandlerQueue checked: other) nextPut: registers timer1MIS mis",
    "JustAccess": "registers timer1MIS mis",
    "AfterWork": "count := 1. count := 1. registers timer1MIS mis. count := 1",
}
UNBOUNDED = {
    "OpenLoop": ("[ registers timer1MIS mis ] whileFalse", "a loop without a greatest number of turns"),
    "Endless": ("count := 1. count = 1 ifTrue: [ [ count := 1 ] repeat ]", "a loop that does not end"),
    "GivenLimit": ("1 to: other do: [ :each | count := 1 ]", "not known to be an integer"),
    "Unknown": ("other signal", "the receiver of #signal is not known"),
    "Recursive": ("count := 1. self again", "Recursive>>again is sent again before it has returned"),
    "Waits": ("semaphore wait", "it waits here, for how long is not known"),
    "Large": (
        f"count := 1 ]\n\n{{ #category : #interrupts }}\nLarge >> serveInterrupts [ | {MANY} | "
        "[ semaphore wait. self handleInterrupt ] repeat",
        "it waits in a large context",
    ),
    "Shares": ("(SharedQueue checked: other) nextPut: 1", "a loop without a bound there"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drivers")
    bodies = BOUNDED | {name: body for name, (body, _) in UNBOUNDED.items()}
    for name, body in bodies.items():
        (path / f"{name}.class.st").write_text(DRIVER.format(name=name, body=body), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def studied(folder: Path) -> Handlers:
    source_map = SourceMap(build(BuildOptions(class_folders=(folder,))).elf, (folder,))
    proof = Proof(source_map, default_chip())
    return Handlers(Image(source_map), Steps(proof), proof.chip)


@pytest.fixture(scope="module")
def handlers(studied: Handlers) -> dict[str, Handler]:
    return {each.driver.name: each for each in studied.handlers}


def whole(handlers: dict[str, Handler], name: str) -> int:
    found = handlers[name]
    assert found.problem is None and found.whole is not None
    return found.whole


def test_shipped_drivers_are_bounded(handlers: dict[str, Handler]) -> None:
    for name in SHIPPED:
        access = handlers[name].access
        assert access is not None and 0 < access < whole(handlers, name)
    assert handlers["Timer"].driver.line == 4 and handlers["SerialPort"].driver.line == 12
    assert [handlers[name].driver.priority for name in SHIPPED] == [70, 60, 55]


def test_a_store_more_costs_its_two_bytecodes(studied: Handlers, handlers: dict[str, Handler]) -> None:
    """With the write barrier of a collector that marks, which is the longer way."""
    steps = studied.steps
    opcodes = (BY_NAME["pushConstant"].encode(6)[0], BY_NAME["extendedPopInto"].encode(0, 12)[0])
    lengths = [steps.bytecode(each, steps.usual) for each in opcodes]
    assert all(isinstance(each, int) for each in lengths)
    assert whole(handlers, "TwoStores") - whole(handlers, "OneStore") == sum(
        each for each in lengths if isinstance(each, int)
    )


def test_turns_of_a_loop_count_one_by_one(handlers: dict[str, Handler]) -> None:
    """Once there are so many that searching for what they send only once is the lower bound."""
    four, six, eight, nine = (whole(handlers, name) for name in ("FourTurns", "SixTurns", "EightTurns", "NineWhile"))
    ten = whole(handlers, "TenTurns")
    assert ten > eight > six > four, "by how much depends on what shares a set of the method cache"
    assert nine > eight and whole(handlers, "ToEight") > four
    assert whole(handlers, "Branches") > four


def test_what_is_sent_again_is_not_searched_for_again(studied: Handlers, handlers: dict[str, Handler]) -> None:
    studied.follower.begin(counts=True)
    drivers = [handlers[name].driver for name in ("FourTurns", "EightTurns")]
    four, eight = (studied.handler(driver).whole for driver in drivers)
    assert four is not None and eight is not None
    turns = whole(handlers, "EightTurns") - whole(handlers, "FourTurns")
    assert 0 < 2 * turns < eight - four
    assert whole(handlers, "OneStore") <= four


def test_the_turns_that_a_loop_states_count(handlers: dict[str, Handler]) -> None:
    """By how much, depends on what else is in the sets of the method cache that a turn's sends have."""
    six, seven, eight = (whole(handlers, name) for name in ("StatedWhile", "StatedMore", "StatedMost"))
    assert eight > seven > six
    for name in ("StatedTest", "StatedRepeat", "StatedLimit"):
        assert whole(handlers, name) > 0


def test_what_fails_counts_for_nothing_and_what_is_checked_is_known(handlers: dict[str, Handler]) -> None:
    assert whole(handlers, "Fails") < whole(handlers, "FourTurns")
    assert whole(handlers, "Checked") > 0


def test_first_access_comes_behind_what_is_done_before(handlers: dict[str, Handler]) -> None:
    early, late = handlers["JustAccess"].access, handlers["AfterWork"].access
    assert early is not None and late is not None and early < late
    assert handlers["OneStore"].access is None


@pytest.mark.parametrize("name", UNBOUNDED)
def test_what_cannot_be_bounded_is_named_with_its_place(handlers: dict[str, Handler], name: str) -> None:
    problem = handlers[name].problem
    assert problem is not None
    assert UNBOUNDED[name][1] in problem.text
    assert any(place.startswith(f"{name}.class.st:") for place in (problem.place, *problem.through))
    assert problem.remedy


def test_a_driver_without_a_bound_has_no_figure_and_a_message(handlers: dict[str, Handler]) -> None:
    report = Report("bound", "arm926", "", 0, "firmware")
    add_handlers(report, [handlers[name] for name in (*SHIPPED, "OpenLoop")])
    figures = {figure.name for figure in report.figures}
    assert "bound.handler.Timer.end.cycles" in figures
    assert not figures & {"bound.handler.cycles", "bound.handler.OpenLoop.end.cycles"}
    problem = handlers["OpenLoop"].problem
    assert problem is not None
    shown = problem_text(problem)
    assert shown.startswith("OpenLoop.class.st:") and "16 timesRepeat:" in shown
