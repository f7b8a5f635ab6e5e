"""What goes wrong on the board: one message each, and whatever else runs there goes on.

Another process counts milliseconds all the while; after each case it must still count and the prompt still answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.bench.console import BoardEnded
from hardtalk.serial import ConsoleText, Event, Failure, NotUnderstood, Refused, Result
from hardtalk.smalltalk.errors import SourceError

NUISANCE = Path(__file__).parents[1] / "drivers" / "board"
RECURSE = "Object >> recurseForEver [ ^ self recurseForEver + 1 ]"
COUNT = "Ticks := 0. [ [ (Delay forMilliseconds: 1) wait. Ticks := Ticks + 1 ] repeat ] forkAt: 60"


@pytest.fixture(scope="module")
def booted() -> Bench:
    bench = boot(BootOptions((NUISANCE,), device_files=(NUISANCE / "nuisance.py",)))
    for each in (COUNT, RECURSE, "nuisance := Nuisance start"):
        bench.console.evaluate(each)
    return bench


@pytest.fixture
def bench(booted: Bench) -> Iterator[Bench]:
    """The board, whose other process and prompt must have survived what the test did."""
    yield booted
    before = int(booted.console.evaluate("Ticks"))
    booted.console.run(2_000_000)
    assert int(booted.console.evaluate("Ticks")) >= before + 9
    assert booted.console.evaluate("6 * 7") == "42"


def entered(bench: Bench, source: str, cycles: int = 1_000_000) -> tuple[list[Event], str]:
    """The replies to an entry, and the console text until `cycles` after it."""
    bench.console.prompt.enter(source)
    events = list(bench.console.events())
    bench.console.run(cycles)
    events += bench.console.receive()
    text = "".join(event.text for event in events if isinstance(event, ConsoleText))
    return [event for event in events if not isinstance(event, ConsoleText)], text


def test_a_syntax_error_never_reaches_the_board(bench: Bench) -> None:
    with pytest.raises(SourceError) as caught:
        bench.console.prompt.enter("3 + (4")
    assert str(caught.value) == (
        "<prompt>:1:7: Expected `)` to close the parenthesis of line 1, column 5, but the text ends.\n3 + (4\n      ^\n"
        "Close it, or remove what does not belong in it."
    )
    assert bench.console.prompt.take_outgoing() == b""


def test_a_wrong_primitive_is_refused_by_the_prompt(bench: Bench) -> None:
    with pytest.raises(SourceError) as caught:
        bench.console.prompt.enter("Object >> wrong [ <primitive: 60> ^ 0 ]")
    assert "Primitive 60 (Object>>at:) takes 1 argument, this method has 0." in str(caught.value)


def test_a_script_ends_at_its_first_error_and_says_where(bench: Bench) -> None:
    bench.console.prompt.enter_script("1!\n!Nowhere methodsFor: 'x'!\nx\n\t^ 1! !\n2!\n", "script.st")
    events = list(bench.console.events())
    refused = [event for event in events if isinstance(event, Refused)]
    assert [str(event.error).splitlines()[0] for event in refused] == ["script.st:3:1: The class Nowhere is not known."]
    assert Result("1") in events


def test_infinite_recursion_at_the_prompt(bench: Bench) -> None:
    events, text = entered(bench, "3 recurseForEver")
    [failure] = events
    assert isinstance(failure, Failure)
    assert failure.trace.startswith("OutOfMemory: the stack is too deep (endless recursion?)\n")
    assert len(failure.trace.splitlines()) < 30, "a deep stack is shortened"
    assert text == ""


def test_infinite_recursion_in_a_forked_process(bench: Bench) -> None:
    events, text = entered(bench, "[ 3 recurseForEver ] forkNamed: 'deep'. 5", 200_000_000)
    assert events == [Result("5")]
    assert text.startswith("deep: OutOfMemory: the stack is too deep")
    assert text.count("OutOfMemory") == 1
    assert len(text.splitlines()) < 30


def test_infinite_recursion_in_a_handler(bench: Bench) -> None:
    entered(bench, "nuisance behaviour: [ :registers | 3 recurseForEver ]")
    events, text = entered(bench, "nuisance raise. 5", 200_000_000)
    assert events == [Result("5")]
    assert text.startswith(
        "Nuisance (NUISANCE, line 19): handleInterrupt failed; the line is masked until restart is sent: OutOfMemory: "
        "the stack is too deep"
    )
    assert text.count("OutOfMemory") == 1
    restored(bench)


def test_an_unhandled_exception_in_a_handler(bench: Bench) -> None:
    entered(bench, "nuisance behaviour: [ :registers | registers foo ]")
    events, text = entered(bench, "nuisance raise. 5")
    assert events == [Result("5")]
    assert text.splitlines()[0] == (
        "Nuisance (NUISANCE, line 19): handleInterrupt failed; the line is masked until restart is sent: "
        "MessageNotUnderstood: NUISANCERegisters does not understand #foo; it has control, word"
    )
    assert text.count("MessageNotUnderstood") == 1
    restored(bench)


def test_an_interrupt_that_is_never_acknowledged(bench: Bench) -> None:
    entered(bench, "nuisance behaviour: [ :registers | ]")
    events, text = entered(bench, "nuisance raise. 5")
    assert events == [Result("5")]
    assert text == (
        "Nuisance (NUISANCE, line 19): interrupt storm: the line is still raised after 50 interrupts in a row and is "
        "masked now. Make handleInterrupt clear the device's interrupt, then send restart.\n"
    )
    restored(bench)


def test_a_line_that_nobody_serves_is_not_heard(bench: Bench) -> None:
    """The storm of a line without driver: one interrupt, and the line stays masked."""
    entered(bench, "nuisance stop")
    stray = int(bench.console.evaluate("Smalltalk vmValue: #strayInterrupts"))
    events, text = entered(bench, "InterruptController current unmask: (1 bitShift: 19). nuisance raise. 5", 20_000_000)
    assert (events, text) == ([Result("5")], "")
    assert int(bench.console.evaluate("Smalltalk vmValue: #strayInterrupts")) == stray + 1
    entered(bench, "nuisance lower. nuisance := Nuisance start")


def test_garbage_on_the_serial_line(bench: Bench) -> None:
    """What runs is not lost: its reply comes, beside one complaint."""
    bench.console.prompt.enter("(Delay forMilliseconds: 50) wait. 5")
    uart = bench.board.uart(0)
    uart.send(bench.console.prompt.take_outgoing())
    bench.console.run(2_000_000)
    uart.send(bytes(range(256)) * 2)
    bench.console.run(400_000_000)
    events = bench.console.receive()
    assert [type(event) for event in events] == [Result, NotUnderstood] or [type(event) for event in events] == [
        NotUnderstood,
        Result,
    ]


def test_an_access_where_nothing_answers_is_told_with_its_address() -> None:
    """A process that asks gets an error. Before the virtual machine is up an abort is the end: a dump, a report."""
    bench = boot(BootOptions())
    address = bench.source_map.address_of("tellsAborts")
    assert address is not None
    bench.board.ram.write(address, bytes(4))
    bench.console.prompt.enter("(Registers at: 16r90000000) wordAt: 0")
    text = ""
    with pytest.raises(BoardEnded) as caught:
        for event in bench.console.events():
            text += event.text if isinstance(event, ConsoleText) else ""
    assert "*** fault: data abort\n    address 90000000  pc " in text
    assert text.rstrip().endswith("*** halted")
    report = str(caught.value)
    assert report.startswith("the board stopped: halted: the CPU waits with every line masked (code 1)\npc ")
    assert report.endswith(">: nothing answers at address 0x90000000")
    assert "DevicePrimitives>>primitiveReadRegister" in report.splitlines()[-1]


def restored(bench: Bench) -> None:
    """The driver works again once it is mended and restarted."""
    entered(bench, "nuisance behaviour: [ :registers | registers control raise: false ]; restart")
    events, text = entered(bench, "| before | before := nuisance count. nuisance raise; raise. nuisance count - before")
    assert (events, text) == ([Result("2")], "")
