"""Whoever sets a variable of what the system runs on to something wrong harms himself at most.

The sources say which methods assign to variables; each that a receiver understands is sent to it, with each value. So a
setter that comes later is tried as soon as it is there.
"""

from __future__ import annotations

from functools import cache

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard, boot
from hardtalk.build.options import BuildOptions
from hardtalk.build.sources import class_paths, read_classes
from hardtalk.memory.audit import audit
from hardtalk.memory.safepoints import settle
from hardtalk.smalltalk.ast import Assignment, Block, Method, Send, walk

PATIENCE_CYCLES = 2_000_000_000
VALUES = ("nil", "3", "-1", "Object new", "#(1 2) copy", "#foo", "[ :x | x ]", "Semaphore new", "'abc' copy")
OBJECTS = (
    "Smalltalk", "Processor", "Transcript", "SerialConsole current", "Timer current", "SerialPort console",
    "InterruptController current", "SecondaryInterruptController current", "WeakRegistry default", "Symbol registry",
    "(Delay forMilliseconds: 5)", "Object methodDictionary", "(Object compiledMethodAt: #printString)",
    "(Smalltalk associationAt: #Processor)", "(Delay classPool at: #Server)", "Delay classPool", "Object class",
    "(Delay classPool associationAt: #Access)", "thisContext", "Display", "nil", "true", "$a", "#Object", "Sensor",
    "Float pi",
)  # fmt: skip
CLASSES = (
    "Object", "Behavior", "Class", "Metaclass", "ClassDescription", "BlockClosure", "Process", "SystemProcess",
    "Semaphore", "Mutex", "Delay", "SmallInteger", "String", "Symbol", "Array", "OrderedCollection", "SharedQueue",
    "Dictionary", "Timer", "Timeout", "Device", "SerialPort", "SerialConsole", "SerialMessage", "MessageReader",
    "InterruptController", "Peripheral", "ProcessRoom", "SystemStartup", "WeakRegistry", "SymbolRegistry",
    "Exception", "OutOfMemory", "DateAndTime", "CodeReader", "CodeInstallation", "TestRun", "Registers",
    "Character",
)  # fmt: skip
SEND = """
    | values |
    values := {{ {values} }}.
    #({selectors}) do: [ :selector |
        values do: [ :each | | arguments sender |
            arguments := (1 to: selector numArgs) asArray collect: [ :one | each value ].
            sender := [
                [ ({receiver}) perform: selector withArguments: arguments ] on: Error do: [ :error | error return: nil ]
            ] forkAt: Processor activePriority + 1.
            sender isTerminated ifFalse: [ (Delay forMilliseconds: 2) wait. sender terminate ] ] ].
    5
"""
STORING = (61, 64)
"""Primitives that store into an element."""
CHANGED = (
    "each allInstVarNames size ~= each instSize or: [ each class soleInstance ~~ each or: [ each isOfFirmware not ] ]"
)
CHECKS = (
    ("3 + 4", "7"),
    ("(Delay forMilliseconds: 5) wait. 5", "5"),
    ("(Smalltalk at: #Object) name", "#Object"),
    ("| s | s := Semaphore new. [ s signal ] fork. s wait. s excessSignals", "0"),
    ("Transcript show: 'shown'; cr. ('a' , 'b') asSymbol", "#ab"),
    ("[ 3 zork ] on: MessageNotUnderstood do: [ :e | e messageText ]", "'SmallInteger does not understand #zork'"),
    ("(OrderedCollection new add: 3; yourself) printString", "'an OrderedCollection(3)'"),
    ("Smalltalk allClasses size > 100 and: [ Object allSubclasses size > 100 ]", "true"),
    (f"Smalltalk allClasses detect: [ :each | {CHANGED} ] ifNone: [ nil ]", "nil"),
    ("Float pi", "3.141592653589793"),
)  # fmt: skip


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(heap_bytes=4 << 20))
    return bench, bench.console.keep()


@cache
def setters() -> dict[str, list[str]]:
    """By class, `Timer class` for the class side: the selectors with arguments of its methods that assign to a variable
    of an object or a class, or store into an element by themselves."""
    found: dict[str, list[str]] = {}
    for each in read_classes(class_paths(BuildOptions())):
        for method in each.methods:
            if method.node.parameters and assigns(method.node):
                found.setdefault(f"{each.name} class" if method.class_side else each.name, []).append(method.selector)
    return found


def assigns(method: Method) -> bool:
    nodes = list(walk(method))
    own = {
        each.name
        for node in nodes
        if isinstance(node, Block | Method)
        for each in (*node.parameters, *node.temporaries)
    }
    sends = any(isinstance(node, Send) and node.selector == "basicAt:put:" for node in nodes)
    stores = any(each.selector == "primitive:" and each.values[0] in STORING for each in method.pragmas)
    return sends or stores or any(isinstance(node, Assignment) and node.variable.name not in own for node in nodes)


def setters_of(bench: Bench, receiver: str) -> list[str]:
    """All that the receiver understands."""
    chain = bench.console.evaluate(f"',' join: (({receiver}) class withAllSuperclasses collect: [ :each | each name ])")
    names = chain.strip("'").split(",")
    return sorted({selector for name in names for selector in setters().get(name, [])})


def send(bench: Bench, receiver: str, selectors: list[str]) -> None:
    """Each in a process of its own, with each value as all of its arguments."""
    entry = SEND.format(
        values=". ".join(f"[ {each} ]" for each in VALUES), selectors=" ".join(selectors), receiver=receiver
    )
    bench.console.evaluate(" ".join(entry.split()), PATIENCE_CYCLES)


def trouble(bench: Bench) -> str:
    """What does not go on as before, empty when all does."""
    for entry, expected in CHECKS:
        try:
            answer = bench.console.evaluate(entry, PATIENCE_CYCLES)
        except BenchError as error:
            answer = str(error)
        if answer != expected:
            return f"{entry} -> {answer}"
    settle(bench.board)
    report = audit(bench.board)
    return "" if report.is_sound else report.text()


def tried(bench: Bench, kept: KeptBoard, receiver: str, selectors: list[str]) -> str:
    bench.console.put_back(kept)
    try:
        send(bench, receiver, selectors)
    except BenchError as error:
        return f"the request: {error}"
    return trouble(bench)


def test_there_are_setters() -> None:
    assert {"setCapacity:"} <= set(setters()["HashedCollection"])
    assert {"setOrganization:", "setInstVarNames:"} <= set(setters()["ClassDescription"])
    assert sum(len(each) for each in setters().values()) > 250


@pytest.mark.parametrize("receiver", (*OBJECTS, *CLASSES))
def test_setters_of(booted: tuple[Bench, KeptBoard], receiver: str) -> None:
    bench, kept = booted
    bench.console.put_back(kept)
    selectors = setters_of(bench, receiver)
    if tried(bench, kept, receiver, selectors):
        found = {each: why for each in selectors if (why := tried(bench, kept, receiver, [each]))}
        assert found == {}, receiver
        pytest.fail(f"{receiver}: only together")
