"""Files as other Smalltalks write them, filed in on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_gnu_syntax(bench: Bench) -> None:
    assert told(bench, GNU)[-4:] == ["Account>>deposit:", "7", "Account>>double", "4"]
