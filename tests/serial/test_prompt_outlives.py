"""The prompt outlives whatever a request does to its processes, contexts and texts."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions
from hardtalk.memory.boards import boot_settled
from hardtalk.serial import Failure, Result

PATIENCE_CYCLES = 1_500_000_000
INTERRUPTED_AFTER = 40


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot_settled(BootOptions())


def entered(bench: Bench, source: str, interruptions: int = 0) -> str:
    """The answer, or the trace of the failure, of the last request of an entry."""
    console = bench.console
    console.prompt.enter(source)
    for _ in range(interruptions):
        bench.board.uart(0).send(console.prompt.take_outgoing())
        for _ in range(INTERRUPTED_AFTER):
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


@pytest.mark.parametrize("protected", ["3", "[ true ] whileTrue"])
def test_a_second_control_c_stops_an_unwind_block_that_never_ends(bench: Bench, protected: str) -> None:
    source = f"[ {protected} ] ensure: [ [ true ] whileTrue ]"
    assert entered(bench, source, interruptions=2).splitlines()[0] == "interrupted"
    assert entered(bench, "3 + 4") == "7"
