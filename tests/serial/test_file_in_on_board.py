"""Files as other Smalltalks write them, filed in on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hardtalk.bench import BenchError
from hardtalk.bench.console import FILE_IN_BAUD
from hardtalk.build.sources import text_root
from hardtalk.serial import Failure, Refused, Result, Warned

if TYPE_CHECKING:
    from hardtalk.bench import Bench

SECOND = 200_000_000
SCRIPT = """Object subclass: #Lamp
	instanceVariableNames: 'level'
	classVariableNames: 'All'
	package: 'Tests'!
!Lamp methodsFor: 'light' stamp: 'x 1/1/2000'!
|| other
	^ self level || other!
level
	^ level ifNil: [ 0 ]! !
Lamp class instanceVariableNames: 'count'!
!Lamp class methodsFor: 'new'!
named: name
	count := (count ifNil: [ 0 ]) + 1.
	^ name!
count ^ count! !
!Integer methodsFor: '*tests'!
|| other ^ self * 10 + other! !
Lamp named: 'a'. Lamp count!
Semaphore new wait!
[ true ] whileTrue!
3 + !
Lamp new || 7!
Unheard new bar!
1e-3!
"""
GNU = """Object subclass: Account [
    | balance |
    Account class >> new [ ^ super new begin ]
    begin [ balance := 0 ]
    deposit: amount [ ^ balance := balance + amount ]
]
Eval [ | a | a := Account new. a deposit: 3. a deposit: 4 ]
Account extend [ double [ ^ balance * 2 ] ]
(Account new deposit: 2; yourself) double.
"""


def told(bench: Bench, text: str, seconds: int = 3) -> list[str]:
    bench.console.prompt.enter_script(text, "in.st")
    lines = []
    for event in bench.console.events(entry_cycles=seconds * SECOND):
        if isinstance(event, Result):
            lines.append(event.text)
        elif isinstance(event, Refused):
            lines.append(f"{event.error.line}: {event.error.message}")
        elif isinstance(event, Warned):
            lines.append(f"{event.warning.line}: warning: {event.warning.message}")
        elif isinstance(event, Failure):
            lines.append(f"{event.place}: {event.trace.splitlines()[0]}")
    return lines


def test_a_script_goes_on_behind_what_fails_and_what_never_ends(bench: Bench) -> None:
    assert told(bench, SCRIPT, 1) == [
        "Lamp",
        "12: warning: `name` hides an instance variable.",
        "Lamp>>||",
        "Lamp>>level",
        "Lamp class>>named:",
        "Lamp class>>count",
        "Integer>>||",
        "1",
        "in.st:19: ended: no answer within 1 seconds of the board's time",
        "in.st:20: ended: no answer within 1 seconds of the board's time",
        "21: Expected an expression, but the text ends.",
        "7",
        "in.st:23: MessageNotUnderstood: UndefinedObject does not understand #new",
        "(1/1000)",
    ]
    assert bench.console.evaluate("3 + 4") == "7"


def test_what_waits_longer_than_requests_are_sent_again_is_ended_where_it_is(bench: Bench) -> None:
    """Requests that have no reply are sent again after eight seconds, which is no sign of life."""
    with pytest.raises(BenchError) as caught:
        bench.console.evaluate("[ Semaphore new wait ] value", entry_cycles=10 * bench.board.chip.cpu_hertz)
    head = "ended: no answer within 10 seconds of the board's time\n[] in UndefinedObject>>DoIt\nUndefinedObject>>DoIt"
    assert f"\n{head}\n" in str(caught.value)
    assert bench.console.evaluate("3 + 4") == "7"


def test_filing_in_takes_the_board_less_than_a_second_for_twenty_kilobytes(bench: Bench) -> None:
    """At the rate of file-ins; so the host is bound by what emulating that costs, not by the line."""
    text = (text_root() / "firmware" / "kernel" / "SequenceableCollection.class.st").read_text(encoding="utf-8")
    text = text.replace("SequenceableCollection", "Copied").replace(": #Collection", ": #Object")
    bench.console.set_baud(FILE_IN_BAUD)
    start = bench.board.clock.cycles
    [answer] = told(bench, text)
    assert answer.startswith("Copied, ")
    seconds = (bench.board.clock.cycles - start) / SECOND
    assert len(text) / 1024 / seconds > 20
    assert bench.console.evaluate("SerialPort console lost + SerialPort console overruns") == "0"


def test_gnu_syntax(bench: Bench) -> None:
    assert told(bench, GNU)[-4:] == ["Account>>deposit:", "7", "Account>>double", "4"]


LATER = """Object subclass: #Early instanceVariableNames: '' classVariableNames: '' package: 'Tests'!
!Early methodsFor: 'tests'!
late ^ Late new!
lost ^ Array with: Losst with: Lossst!
count ^ Counted! !
Object subclass: #Late instanceVariableNames: '' classVariableNames: '' package: 'Tests'!
Smalltalk at: #Counted put: nil!
Early new late!
"""


def test_what_a_script_never_declares_is_told_at_its_end(bench: Bench) -> None:
    """Not what it declares behind the use."""
    assert told(bench, LATER) == [
        "Early",
        "Early>>late",
        "Early>>lost",
        "Early>>count",
        "Late",
        "nil",
        "a Late",
        "4: `Losst` is not declared.",
        "4: `Lossst` is not declared.",
    ]
    declared = "Smalltalk at: #Losst put: 3!\n!Early methodsFor: 'tests'!\nfound ^ Losst! !\nEarly new found!\n"
    assert told(bench, declared) == ["3", "Early>>found", "3"]


def test_more_undeclared_names_than_fit_into_one_question(bench: Bench) -> None:
    names = [f"Missing{index}" for index in range(120)]
    methods = "".join(f"m{index} ^ {name}!\n" for index, name in enumerate(names))
    text = told(bench, f"!Object methodsFor: 'tests'!\n{methods} !\n")
    assert [line for line in text if "declared" in line] == [
        f"{index + 2}: `{name}` is not declared." for index, name in enumerate(names)
    ]


def test_a_script_goes_on_behind_what_takes_all_the_time_at_its_end(bench: Bench) -> None:
    """A process that lets no other run, and unwind blocks that unwind without end."""
    busy = "[ [ true ] whileTrue ] fork!\n3 + 4!\n"
    assert told(bench, busy, 1)[-1] == "7"
    endless = "| b | b := nil. b := [ b ensure: b ]. b value!\n3 + 4!\n"
    lines = told(bench, endless, 1)
    assert "ended: no answer within 1 seconds" in lines[0]
    assert lines[-1] == "7"
