"""Processes held at the prompt: what goes on meanwhile, and what can be done with them."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.shell.shell import Shell

COUNTER = """"I count."
Class { #name : #Counter, #superclass : #Object, #instVars : [ 'count' ], #classVars : [ 'Step' ],
  #category : #Counter }

{ #category : #counting }
Counter >> add: amount [
	count := (count ifNil: [ 0 ]) + amount.
	^ count
]

{ #category : #counting }
Counter >> addAll: amounts [
	| sum |
	sum := 0.
	[ amounts do: [ :each |
		sum := sum + each.
		self add: each ] ] ensure: [ Transcript show: 'left'; cr ].
	^ sum
]

{ #category : #counting }
Counter >> addSafely: amount [
	^ [ self add: amount ] on: ZeroDivide do: [ :error | error return: 'none' ]
]

{ #category : #counting }
Counter class >> made [
	| made |
	made := self new.
	^ made
]
"""
ALIEN = """"I understand nothing."
Class { #name : #Alien, #superclass : nil, #category : #Counter }

{ #category : #answering }
Alien >> seven [
	| seven |
	seven := 7.
	^ seven
]
"""
RUN = "Counter new addAll: #(3 4)"
NOTHING_HELD = "no process is held; hold says where one is to be"
AT_ADD = ["    count := (count ifNil: [ 0 ]) + amount.", "  self = a Counter", "  amount = 3"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("counter")
    (folder / "Counter.class.st").write_text(COUNTER)
    (folder / "Alien.class.st").write_text(ALIEN)
    return boot(BootOptions((folder,)), lambda _: None)


@pytest.fixture(autouse=True)
def as_booted(bench: Bench) -> Iterator[None]:
    kept = bench.console.keep()
    yield
    bench.console.put_back(kept)


def told(bench: Bench, *lines: str) -> list[str]:
    """What the prompt prints, line by line."""
    shown = StringIO()
    shell = Shell(bench, Console(file=shown, width=200))
    shell.run(StringIO("".join(f"{each}\n" for each in lines)))
    shell.end_debugger()
    return shown.getvalue().splitlines()


def test_the_prompt_and_the_clock_go_on_while_a_process_is_held(bench: Bench) -> None:
    text = told(bench, "hold Counter>>add:", RUN, "(Delay forMilliseconds: 5) wait. 6 * 7", "continue", "continue")
    assert text == [
        "1  Counter>>add: (Counter.class.st:7) holds the process",
        "prompt held at 1: Counter>>add: (Counter.class.st:7)",
        *AT_ADD,
        "42",
        "prompt held at 1: Counter>>add: (Counter.class.st:7)",
        *AT_ADD[:2],
        "  amount = 4",
        "left",
        "7",
    ]


def test_steps_are_those_of_the_process_alone(bench: Bench) -> None:
    ticks = "Ticks := 0. Ticking := [ [ Ticks := Ticks + 1. (Delay forMilliseconds: 1) wait ] repeat ] fork. 1"
    steps = ["over", "over", "step", "out"]
    text = told(bench, ticks, "hold Counter.class.st:16", RUN, "clear", *steps, "print sum", "continue", "Ticks > 3")
    assert [line for line in text if "held" in line] == [
        "prompt held at 1: Counter>>addAll: (Counter.class.st:16)",
        "prompt held in [] in Counter>>addAll: (Counter.class.st:17)",
        "prompt held in BlockClosure>>ensure: (firmware/kernel/BlockClosure.class.st:196)",
        "prompt held in BlockClosure>>ensure: (firmware/kernel/BlockClosure.class.st:197)",
        "prompt held in Counter>>addAll: (Counter.class.st:17)",
    ]


def test_expressions_see_and_change_the_variables_of_a_frame(bench: Bench) -> None:
    text = told(
        bench, "hold Counter>>add:", RUN, "print amount * 2", "print amount := 10", "print count isNil",
        "print 1.sum := sum + 100", "print [ :amount | amount + 1 ] value: 5", "print | sum | sum := 3. sum + amount",
        "print Step := 8", "print Step + 1", "print super yourself", "print thisContext foo", "print 9.x + 1",
        "clear", "print self add: amount", "continue",
    )  # fmt: skip
    answers = text[5:]
    assert answers[:8] == ["6", "10", "true", "103", "6", "13", "8", "9"]
    assert "<prompt>:1:1: super means nothing here." in answers
    assert "there is no frame 9; frames lists them" in answers
    assert answers[-3:] == ["10", "left", "107"]


def test_a_frame_begins_again_and_what_it_waited_for_is_left(bench: Bench) -> None:
    text = told(bench, "hold Counter>>add:", RUN, "restart 5", "frames", "clear", "continue")
    assert text.count("left") == 2, "what the board prints comes when the line lets it"
    assert [each for each in text[5:] if each != "left"] == [
        "prompt held in Counter>>addAll: (Counter.class.st:12)",
        "    Counter >> addAll: amounts [",
        "  self = a Counter",
        "  amounts = #(3 4)",
        "0  Counter>>addAll: (Counter.class.st:12)",
        "1  UndefinedObject>>DoIt",
        "7",
    ]


def test_a_method_entered_anew_takes_the_place_of_the_one_that_began(bench: Bench) -> None:
    entered = "Counter >> add: amount [ ^ amount / count ]"
    begin = ["hold Counter>>add:", "Counter new addSafely: 5", "print count := 0"]
    text = told(bench, *begin, entered, "restart", "print count := count + 2", "print amount := 9", "continue", "held")
    place = text.index("Counter>>add: was entered anew, and is sent again")
    assert text[place + 1 : place + 5] == [
        "prompt held in Counter>>add: (<prompt>:1)",
        "    add: amount   ^ amount / count",
        "  self = a Counter",
        "  amount = 5",
    ]
    assert text[place + 5 :] == ["2", "9", "(9/2)", NOTHING_HELD]


def test_one_that_is_ended_unwinds_and_its_entry_says_so(bench: Bench) -> None:
    text = told(bench, "hold Counter>>add:", RUN, "end", "held", "3 + 4")
    assert text[5:] == ["left", "the process of the request was ended after a debugger had held it", NOTHING_HELD, "7"]


def test_a_process_of_low_priority_is_held_when_it_gets_there(bench: Bench) -> None:
    forked = "Low := [ Counter new add: 3 ] forkAt: 10. 1"
    text = told(bench, "hold Counter>>add:", forked, "run 5", "print amount + 1", "continue", "Low isTerminated")
    assert "4" in text and text[-1] == "true"


def test_two_that_are_held_are_told_apart(bench: Bench) -> None:
    process = "[ Transcript show: (Counter new add: each) printString; cr ]"
    forked = f"#(1 2) do: [ :each | {process} forkAt: 45 named: 'n', each printString ]. 0"
    text = told(
        bench,
        "hold Counter>>add:",
        forked,
        "held",
        "held 1",
        "print amount + 10",
        "clear",
        "continue",
        "print amount + 10",
        "continue",
    )
    assert "1  n1 held at 1: Counter>>add: (Counter.class.st:7)" in text
    assert "2  n2 held at 1: Counter>>add: (Counter.class.st:7)" in text
    assert text[-4:] == ["11", "1", "12", "2"]


def test_whoever_understands_nothing_is_held_too(bench: Bench) -> None:
    text = told(bench, "hold Alien>>seven", "Alien basicNew seven", "over", "continue")
    assert text[-1] == "7" and sum("prompt held" in line for line in text) == 2


def test_a_process_that_everybody_relies_on_comes_by(bench: Bench) -> None:
    text = told(bench, "hold SerialConsole>>nextRequest", "3 + 4", "held")
    assert text[1:] == ["7", NOTHING_HELD]


def test_a_process_is_held_whatever_the_virtual_machine_has_to_do_first(bench: Bench) -> None:
    """Few contexts and collections all the time: the bytecode is come by again before the message is sent."""
    rest = "[ (Array new: 40) size. (Deep value: n - 1) + 0 ]"
    deep = f"Deep := [ :n | n = 0 ifTrue: [ Counter new add: 3 ] ifFalse: {rest} ]. 1"
    text = told(bench, deep, "hold Counter>>add:", *["Deep value: 90", "continue"] * 8)
    assert text.count("3") == 8 and sum("held at" in line for line in text) == 8


def test_what_cannot_be_held_is_said(bench: Bench) -> None:
    text = told(
        bench,
        "hold",
        "hold UART0 DR",
        "hold Counter>>nothing",
        "held",
        "end",
        "restart",
        "hold Counter>>add:",
        RUN,
        "restart 99",
        "restart x",
        "held 7",
    )
    assert text[:6] == [
        "there are no breakpoints; break Foo>>bar:, break Foo.class.st:12, break UART0 DR write",
        "a process is held in Smalltalk: hold Foo>>bar: or hold Foo.class.st:12",
        "the board has no method Counter>>nothing",
        NOTHING_HELD, NOTHING_HELD, NOTHING_HELD,
    ]  # fmt: skip
    assert text[-3:] == [
        "there is no method in frame 99 that could begin again; frames lists them",
        "there is no method in frame x that could begin again; frames lists them",
        "no process 7 is held; held lists them",
    ]
