"""The prompt outlives whatever a request does to its processes, contexts and texts."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions
from hardtalk.memory.boards import boot_settled
from hardtalk.serial import Failure, Result

PATIENCE_CYCLES = 1_500_000_000
INTERRUPTED_AFTER = 40
SLICES_OF_LOOKING = 150


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot_settled(BootOptions())


def entered(bench: Bench, source: str, interruptions: int = 0, slices: int = INTERRUPTED_AFTER) -> str:
    """The answer, or the trace of the failure, of the last request of an entry."""
    console = bench.console
    console.prompt.enter(source)
    for _ in range(interruptions):
        bench.board.uart(0).send(console.prompt.take_outgoing())
        for _ in range(slices):
            console.run()
        console.prompt.interrupt()
    answers = [each for each in console.events(PATIENCE_CYCLES) if isinstance(each, Result | Failure)]
    last = answers[-1]
    return last.text if isinstance(last, Result) else last.trace


@pytest.mark.parametrize("value", ["nil", "42", "#(1 2)", "self error: #no", "self printString , 'a'"])
def test_a_print_string_that_is_none(bench: Bench, value: str) -> None:
    entered(bench, "Object subclass: #Odd instanceVariableNames: '' classVariableNames: '' category: 'Tests'")
    entered(bench, f"Odd >> printString [ ^ {value} ]")
    assert "Odd" in entered(bench, "Odd new")
    assert entered(bench, "3 + 4") == "7"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("thisContext sender sender return: 3", "error while a request was served"),
        ("Processor activeProcess terminate", "was ended, by the request itself"),
        ("Processor activeProcess primitiveTerminate", "was ended, by the request itself"),
        ("Processor activeProcess suspend", "suspended its own process"),
    ],
)
def test_a_request_that_leaves_its_process(bench: Bench, source: str, words: str) -> None:
    assert words in entered(bench, source)
    assert entered(bench, "3 + 4") == "7"


@pytest.mark.parametrize("priority", [45, 50, 52])
def test_control_c_reaches_a_request_that_has_raised_its_priority(bench: Bench, priority: int) -> None:
    source = f"Processor activeProcess priority: {priority}. [ true ] whileTrue"
    assert entered(bench, source, interruptions=1).splitlines()[:2] == ["interrupted", "UndefinedObject>>DoIt"]
    assert entered(bench, "3 + 4") == "7"


@pytest.mark.parametrize("priority", [41, 45, 52])
@pytest.mark.parametrize("count", [1, 3])
def test_control_c_ends_what_lets_no_request_run(bench: Bench, priority: int, count: int) -> None:
    """One each time; the request that it kept from running goes on. Above 52 are console, clock and drivers."""
    busy = "[ [ true ] whileTrue ]"
    source = f"[ {count} timesRepeat: [ {busy} forkAt: {priority} ] ] forkAt: {priority + 1}. 5"
    assert entered(bench, source, interruptions=count, slices=SLICES_OF_LOOKING) == "5"
    assert entered(bench, "3 + 4") == "7"


def test_requests_have_their_turns_beside_what_is_as_urgent(bench: Bench) -> None:
    entered(bench, "Turning := (1 to: 3) collect: [ :each | [ [ true ] whileTrue ] fork ]")
    assert entered(bench, "3 + 4") == "7"
    assert entered(bench, "1000 factorial printString size") == "2568"
    assert entered(bench, "Turning do: [ :each | each terminate ]. Turning size") == "3"


def test_control_c_leaves_what_is_urgent_now_and_then(bench: Bench) -> None:
    entered(
        bench, "Turns := 0. Turning := [ [ (Delay forMilliseconds: 3) wait. Turns := Turns + 1 ] repeat ] forkAt: 45"
    )
    assert entered(bench, "[ true ] whileTrue", interruptions=1).splitlines()[0] == "interrupted"
    assert entered(bench, "Turning isTerminated") == "false"
    assert entered(bench, "Turning terminate. Turns > 5") == "true"


@pytest.mark.parametrize("protected", ["3", "[ true ] whileTrue"])
def test_a_second_control_c_stops_an_unwind_block_that_never_ends(bench: Bench, protected: str) -> None:
    source = f"[ {protected} ] ensure: [ [ true ] whileTrue ]"
    assert entered(bench, source, interruptions=2).splitlines()[0] == "interrupted"
    assert entered(bench, "3 + 4") == "7"


def test_control_c_ends_one_that_cannot_be_printed(bench: Bench) -> None:
    entered(bench, "Process subclass: #Unprintable instanceVariableNames: '' classVariableNames: '' category: 'Tests'")
    entered(bench, "Unprintable >> printOn: aStream [ ^ self error: 'no' ]")
    source = "[ (Unprintable forBlock: [ [ true ] whileTrue ] priority: 45) resume ] forkAt: 46. 5"
    assert entered(bench, source, interruptions=1, slices=SLICES_OF_LOOKING) == "5"
    assert entered(bench, "3 + 4") == "7"
