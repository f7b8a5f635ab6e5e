"""Whatever a program tries to put into the variables of the firmware, clock, prompt and console go on.

Every class variable, every global, the variables of classes and of what the system runs on, in every way there is.
"""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard, boot
from hardtalk.memory.audit import audit
from hardtalk.memory.safepoints import settle

PATIENCE_CYCLES = 2_000_000_000
VALUES = "nil. 3. Object new. Semaphore new. #(1 2) copy"
CHECKS = (
    ("3 + 4", "7"),
    ("(Delay forMilliseconds: 5) wait. 5", "5"),
    ("(Smalltalk at: #Object) name", "#Object"),
    ("| p | p := [ Semaphore new wait ] fork. Processor yield. p terminate. p isTerminated", "true"),
    ("Transcript show: 'shown'; cr. #checked printString", "'#checked'"),
    ("'new' , 'name' , 17 printString == ('new' , 'name17') asSymbol", "false"),
)
STORES = """
    [ :pool :key | { VALUES } do: [ :value | | binding |
        binding := pool associationAt: key ifAbsent: [ nil ].
        { [ pool at: key put: value ]. [ pool add: key -> value ]. [ binding value: value ]. [ binding key: value ].
        [ binding setKey: key value: value ]. [ binding instVarAt: 2 put: value ]. [ binding instVarAt: 1 put: value ].
        [ binding become: key -> value ]. [ binding becomeForward: key -> value ]. [ (key -> value) become: binding ].
        [ (key -> value) becomeForward: binding ]. [ binding primitiveChangeClassTo: key -> value ].
        [ binding copy value: value ]. [ pool keysAndValuesRemove: [ :k :v | k == key ] ]. [ pool removeKey: key ].
        [ pool removeKey: key ifAbsent: [ nil ] ] } do: [ :each | each on: Error do: [ :e | e return: nil ] ] ] ]
""".replace("VALUES", VALUES).replace("\n", " ")
TAKES = """
    [ :pool :key | { [ pool at: key ]. [ pool associationAt: key. (pool associationAt: key) instVarAt: 2 ].
        [ (pool associationAt: key) value ]. [ (pool select: [ :each | true ]) at: key ]. [ (pool copy) at: key ] }
        do: [ :each | | value |
            value := each on: Error do: [ :e | e return: nil ].
            ((value isKindOf: Semaphore) or: [ value isKindOf: Mutex ]) ifTrue: [ value wait ].
            ((value isKindOf: Array) or: [ value isKindOf: Collection ]) ifTrue: [
                [ value atAllPut: nil ] on: Error do: [ :e | e return: nil ].
                [ value removeAll ] on: Error do: [ :e | e return: nil ] ] ] ]
""".replace("\n", " ")
RUNNING = (
    "SerialConsole current", "Timer current", "SerialPort console", "Delay forMilliseconds: 3", "WeakRegistry default",
    "Transcript",
)  # fmt: skip


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(heap_bytes=4 << 20))
    return bench, bench.console.keep()


def with_pools(bench: Bench) -> list[str]:
    """The names of the classes that have class variables."""
    classes = bench.console.evaluate(
        "' ' join: ((Smalltalk allClasses select: [ :each | each classPool notEmpty ]) collect: [ :each | each name ])",
        PATIENCE_CYCLES,
    )
    return classes.strip("'").split()


def goes_on(bench: Bench, what: str) -> None:
    """Everybody else is as before."""
    for entry, expected in CHECKS:
        try:
            assert bench.console.evaluate(entry, PATIENCE_CYCLES) == expected, f"{entry} after {what}"
        except BenchError as error:
            pytest.fail(f"{entry} after {what}: {error}")
    settle(bench.board)
    assert audit(bench.board).is_sound, what


@pytest.mark.parametrize("ways", [STORES, TAKES], ids=["stores", "takes"])
def test_class_variables(booted: tuple[Bench, KeptBoard], ways: str) -> None:
    bench, kept = booted
    names = with_pools(bench)
    assert {"Delay", "Process", "Symbol", "SymbolRegistry", "RunningDevices", "Semaphore"} <= set(names)
    for name in names:
        bench.console.put_back(kept)
        count = bench.console.evaluate(
            f"| try | try := {ways}. {name} classPool keys do: [ :key | try value: {name} classPool value: key ]. "
            f"{name} classPool size",
            PATIENCE_CYCLES,
        )
        assert count.isdigit()
        goes_on(bench, f"the class variables of {name}")


def test_globals(booted: tuple[Bench, KeptBoard]) -> None:
    """The system's own names stay what they are; all of them are tried in one run, those of classes too."""
    bench, kept = booted
    bench.console.put_back(kept)
    before = bench.console.evaluate("Smalltalk size")
    entry = f"| try | try := {STORES}. Smalltalk keys do: [ :key | try value: Smalltalk value: key ]. Smalltalk size"
    assert bench.console.evaluate(entry, 40_000_000_000) == before
    goes_on(bench, "the globals")
    assert bench.console.evaluate("Smalltalk at: #Processor") == "a ProcessorScheduler"


def test_variables_of_classes(booted: tuple[Bench, KeptBoard]) -> None:
    """Class-side variables among them: Timer current, SerialConsole current, …"""
    bench, kept = booted
    bench.console.put_back(kept)
    entry = (
        "Smalltalk allClasses do: [ :class | { class. class class } do: [ :each | "
        f"1 to: each class instSize do: [ :index | {{ {VALUES} }} do: [ :value | "
        "[ each instVarAt: index put: value ] on: Error do: [ :e | e return: nil ] ] ]. "
        "[ each setName: nil ] on: Error do: [ :e | e return: nil ] ] ]. 5"
    )
    assert bench.console.evaluate(entry, 40_000_000_000) == "5"
    goes_on(bench, "the variables of classes")
    assert bench.console.evaluate("Timer name") == "#Timer"


@pytest.mark.parametrize("name", RUNNING)
def test_what_the_system_runs_on(booted: tuple[Bench, KeptBoard], name: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    entry = (
        f"| object | object := {name}. [ object wait ] fork. Processor yield. "
        "1 to: object class instSize do: [ :index | "
        f"{{ {VALUES} }} do: [ :value | {{ [ object instVarAt: index put: value ]. "
        "[ (object instVarAt: index) becomeForward: value ]. [ (object instVarAt: index) wait ]. "
        "[ (object instVarAt: index) removeAll ]. [ object become: value ]. [ object becomeForward: value ] } do: "
        "[ :each | each on: Error do: [ :e | e return: nil ] ] ] ]. 5"
    )
    assert bench.console.evaluate(entry, PATIENCE_CYCLES) == "5"
    goes_on(bench, name)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            "Delay classPool at: #Timer put: nil",
            "the class variable Timer is the firmware's own, which alone changes it",
        ),
        ("Delay classPool at: #Access", "the class variable Access is the firmware's own, which shares it with nobody"),
        ("(Smalltalk associationAt: #Processor) value: nil", "Processor is the firmware's own, which alone changes it"),
        (
            "(Smalltalk associationAt: #Processor) instVarAt: 2 put: nil",
            "variable 2 of SystemBinding is the virtual mach",
        ),
        ("Delay class >> steal [ ^ Access ]", "the variable is the firmware's own"),
        ("Delay class >> spoil [ Waiting := 3 ]", "the variable is the firmware's own"),
        ("Smalltalk instVarAt: 2", "names are looked up by at:"),
        ("SerialConsole current instVarAt: 1", "everybody relies on a SerialConsole"),
        ("SystemBinding key: #A value: 3", "bindings of the firmware are made with it"),
    ],
)
def test_the_reason_is_told(booted: tuple[Bench, KeptBoard], entry: str, reason: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    with pytest.raises(BenchError) as error:
        bench.console.evaluate(entry, PATIENCE_CYCLES)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("entries", "answer"),
    [
        (["Float classPool at: #Pi"], "3.141592653589793"),
        (["Float class >> tau [ ^ Pi * 2 ]", "Float tau"], "6.283185307179586"),
        (["Delay class >> now [ ^ Timer microseconds > 0 ]", "Delay now"], "true"),
        (["Float addClassVarName: 'Mine'", "Float class >> mine [ Mine := 3. ^ Mine ]", "Float mine"], "3"),
        (["Smalltalk at: #Mine put: 3", "(Smalltalk associationAt: #Mine) value: 4", "Mine"], "4"),
        (["(Float classPool associationAt: #Pi) copy value: 3; value"], "3"),
        (["(Delay classPool printString indexOfSubCollection: '#Access->(the firmware''s own)') > 0"], "true"),
    ],
)
def test_what_is_for_everybody(booted: tuple[Bench, KeptBoard], entries: list[str], answer: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    for entry in entries:
        told = bench.console.evaluate(entry, PATIENCE_CYCLES)
    assert told == answer
