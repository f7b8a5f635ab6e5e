"""What a program defines never runs where others wait for it: messages that the system sends to delays, processes,
devices, texts, executors and the values of globals."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard, boot

PATIENCE_CYCLES = 2_000_000_000
CHECKS = (
    ("3 + 4", "7"),
    ("(Delay forMilliseconds: 5) wait. 5", "5"),
    ("| p | p := [ Semaphore new wait ] fork. Processor yield. p terminate. p isTerminated", "true"),
    ("Transcript show: 'shown'; cr. 6", "6"),
)
SUBCLASS = "{0} subclass: #Mine instanceVariableNames: '' classVariableNames: '' category: 'X'"
FOREVER = "[ true ] whileTrue"

SEALED = [
    ("Delay", f"endsBefore: aDelay [ {FOREVER} ]"),
    ("Delay", "signalWaiter [ Semaphore new wait ]"),
    ("Delay", "resumptionTime [ ^ self error: 'mine' ]"),
    ("Delay", "beAlone: a at: b [ ^ self error: 'mine' ]"),
    ("Timeout", f"signalWaiter [ {FOREVER} ]"),
    ("Process", f"suspend [ {FOREVER} ]"),
    ("Process", "outermostBegunFrom: aContext [ Semaphore new wait ]"),
    ("Process", "leaveDelayIn: aContext [ ^ self error: 'mine' ]"),
    ("WeakRegistry", f"finalizeDead [ {FOREVER} ]"),
]


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(heap_bytes=4 << 20))
    return bench, bench.console.keep()


def goes_on(bench: Bench) -> None:
    for entry, expected in CHECKS:
        assert bench.console.evaluate(entry, PATIENCE_CYCLES) == expected, entry


@pytest.mark.parametrize(("superclass", "method"), SEALED)
def test_what_the_system_sends_is_not_overridden(booted: tuple[Bench, KeptBoard], superclass: str, method: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format(superclass))
    with pytest.raises(BenchError, match="choose another name"):
        bench.console.evaluate(f"Mine >> {method}", PATIENCE_CYCLES)
    goes_on(bench)


def test_other_methods_of_such_subclasses_are(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format("Delay"))
    bench.console.evaluate("Mine >> printOn: aStream [ aStream nextPutAll: 'mine' ]")
    bench.console.evaluate("Mine >> twice [ self wait; wait ]")
    assert bench.console.evaluate("(Mine forMilliseconds: 5) twice") == "mine"
    goes_on(bench)


TRIES = [
    ("| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d forget", "by those who wait"),
    ("| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d beAlone: 1 at: 5", "by those who wait"),
    (
        "| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d replace: d left by: d",
        "by those who w",
    ),
    ("| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d beRight: d", "by those who wait"),
    (
        "| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d instVarAt: 5 put: nil",
        "relies on a Delay",
    ),
    ("| d | d := Delay forMilliseconds: 50. [ d wait ] fork. Processor yield. d becomeForward: 3", "cannot become"),
    ("Delay suspend: Object new", "a process is suspended, not Object"),
    ("SystemProcess on: [ true ] priority: 40 name: 'mine' reserve: nil", "by the device that starts it"),
]


@pytest.mark.parametrize(("entry", "reason"), TRIES)
def test_the_heap_of_delays_is_the_systems(booted: tuple[Bench, KeptBoard], entry: str, reason: str) -> None:
    """A longer delay of another process lies below the one that is tampered with."""
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(
        "Smalltalk at: #Ended put: 0. [ (Delay forMilliseconds: 120) wait. Smalltalk at: #Ended put: 1 ] fork. 1"
    )
    with pytest.raises(BenchError, match=reason):
        bench.console.evaluate(entry, PATIENCE_CYCLES)
    assert bench.console.evaluate("(Delay forMilliseconds: 200) wait. Smalltalk at: #Ended", PATIENCE_CYCLES) == "1"
    goes_on(bench)


def test_a_copy_of_a_delay_that_waits_is_in_no_heap(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    entry = (
        "| ended d | ended := 0. d := Delay forMilliseconds: 50. [ d wait. ended := ended + 1 ] fork. "
        "[ (Delay forMilliseconds: 80) wait. ended := ended + 1 ] fork. Processor yield. "
        "Delay remove: d copy. (Delay forMilliseconds: 150) wait. ended"
    )
    assert bench.console.evaluate(entry, PATIENCE_CYCLES) == "2"


def test_a_time_that_says_it_is_an_integer(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format("Object"))
    for method in ("isInteger [ ^ true ]", f"< other [ {FOREVER} ]", f"= other [ {FOREVER} ]"):
        bench.console.evaluate(f"Mine >> {method}")
    with pytest.raises(BenchError, match="a time in microseconds is an Integer"):
        bench.console.evaluate("(Delay forMilliseconds: 5) waitUntil: Mine new", PATIENCE_CYCLES)
    goes_on(bench)


@pytest.mark.parametrize("stream", ["Transcript", "SerialPort console"])
def test_a_text_that_never_ends(booted: tuple[Bench, KeptBoard], stream: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format("Object"))
    for method in (
        "size [ ^ 3 ]",
        "at: i [ Semaphore new wait ]",
        "byteAt: i [ Semaphore new wait ]",
        "do: b [ b value: (self at: 1) ]",
    ):
        bench.console.evaluate(f"Mine >> {method}")
    bench.console.evaluate(f"[ {stream} nextPutAll: Mine new ] fork. 5", PATIENCE_CYCLES)
    goes_on(bench)


def test_an_executor_that_never_ends_keeps_no_other_waiting(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format("Object"))
    bench.console.evaluate("Mine >> finalize [ Semaphore new wait ]")
    bench.console.evaluate(SUBCLASS.format("Object").replace("Mine", "Other"))
    bench.console.evaluate("Smalltalk at: #Count put: 0. Other")
    bench.console.evaluate("Other >> finalize [ Count := Count + 1 ]")
    entry = (
        "3 timesRepeat: [ WeakRegistry default add: Object new executor: Mine new. "
        "WeakRegistry default add: Object new executor: Other new ]. "
        "Smalltalk garbageCollect. (Delay forSeconds: 5) wait. Count"
    )
    assert bench.console.evaluate(entry, 10 * PATIENCE_CYCLES) == "3"
    goes_on(bench)


def test_a_device_does_not_choose_its_reserve(booted: tuple[Bench, KeptBoard]) -> None:
    """Nor whether everybody relies on it."""
    bench, kept = booted
    bench.console.put_back(kept)
    bench.console.evaluate(SUBCLASS.format("Device"))
    bench.console.evaluate("Mine class >> peripheral [ ^ #UART1 ]")
    for method in ("reserve [ ^ 1 ]", "isOfSystem [ ^ true ]", "handleInterrupt [ ]"):
        bench.console.evaluate(f"Mine >> {method}")
    entry = "| d p | d := Mine new. d start. p := d partAt: 6. d stop. { p class. p instVarNamed: 'reserve' }"
    assert bench.console.evaluate(entry, PATIENCE_CYCLES) in ("{Process. 5}", "{Process. 6}")
    goes_on(bench)


def test_a_value_that_understands_nothing(booted: tuple[Bench, KeptBoard]) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    before = bench.console.evaluate("Smalltalk allClasses size", PATIENCE_CYCLES)
    bench.console.evaluate("nil subclass: #Bare instanceVariableNames: '' classVariableNames: '' category: 'X'")
    bench.console.evaluate("Smalltalk at: #Thing put: Bare basicNew. 3")
    assert bench.console.evaluate("Smalltalk allClasses size", PATIENCE_CYCLES) == str(int(before) + 1)
