"""Stacks that are deep, and contexts that are many for another reason: only an endless recursion is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BootOptions, boot

DEEP = """Object subclass: #Digger instanceVariableNames: '' classVariableNames: '' package: 'Tests'.
Digger >> dig: anInteger then: aBlock [
    ^ anInteger = 0 ifTrue: [ aBlock value. 0 ] ifFalse: [ 1 + (self dig: anInteger - 1 then: aBlock) ]
]
Digger >> digForEver [
    ^ self digForEver + 1
]
"""
DEPTH_TOLD = "[ Digger new digForEver ] on: OutOfMemory do: [ :error | Told := error messageText. thisContext depth ]"


@pytest.fixture(scope="module")
def booted() -> Bench:
    bench = boot(BootOptions())
    first, *methods = DEEP.split("\nDigger")
    bench.console.evaluate(first)
    for method in methods:
        bench.console.evaluate(f"Digger{method}")
    return bench


@pytest.fixture
def bench(booted: Bench) -> Iterator[Bench]:
    yield booted
    assert booted.console.evaluate("6 * 7") == "42"


def test_contexts_of_others_are_no_error(bench: Bench) -> None:
    """Two wait with 30,000 contexts each; a third one passes 65,536 of all with 20,000 of its own."""
    bench.console.evaluate("Gate := Semaphore new. Depths := OrderedCollection new")
    dig = "Depths add: (Digger new dig: 30000 then: [ Gate wait ])"
    for _ in range(2):
        bench.console.evaluate(f"[ {dig} ] forkAt: Processor userInterruptPriority")
    assert bench.console.evaluate("Digger new dig: 20000 then: [ ]") == "20000"
    assert int(bench.console.evaluate(DEPTH_TOLD)) > 32768
    assert bench.console.evaluate("Told") == "'the stack is too deep (endless recursion?)'"
    bench.console.evaluate("Gate signal; signal")
    assert bench.console.evaluate("Depths asArray") == "#(30000 30000)"


def test_the_limit_comes_down_again(bench: Bench) -> None:
    depths = [int(bench.console.evaluate(f"Smalltalk garbageCollect. {DEPTH_TOLD}")) for _ in range(4)]
    assert max(depths) < 65_536 + 2 * 4_096
