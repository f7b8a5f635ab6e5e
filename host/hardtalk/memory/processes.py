"""The lists of processes: ready ones by priority, and those that wait in semaphores."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hardtalk.memory.heap import Flags, Heap
from hardtalk.memory.violation import Violation
from hardtalk.vm import object_format as of

KIND: Final = "process"
FIRST, LAST, EXCESS = (of.SLOTS["Semaphore"].index(each) for each in ("FirstLink", "LastLink", "ExcessSignals"))
ACTIVE = of.SLOTS["Scheduler"].index("ActiveProcess")
NEXT, SUSPENDED, PRIORITY, LIST, PREVIOUS = (
    of.SLOTS["Process"].index(each) for each in ("NextLink", "SuspendedContext", "Priority", "MyList", "PreviousLink")
)
SCHEDULER: Final = "scheduler"
READY_BITS: Final = "readyBits"


def process_violations(heap: Heap, doomed: Flags) -> Iterator[Violation]:
    """Each process on at most one list, which it names; ready ones by priority; who runs is not ready; no semaphore has
    both signals and processes. What is `doomed` is not looked at."""
    machine = heap.machine
    if not machine.has(SCHEDULER):
        return
    scheduler = machine.variable(SCHEDULER)
    lists, active = machine.variable("readyLists"), machine.slot(scheduler, ACTIVE)
    listed: dict[int, int] = {}
    ready_priorities: set[int] = set()
    for priority in range(1, machine.word(lists + 12) + 1):
        ready = machine.slot(lists, priority - 1)
        for process in _members(heap, ready, listed):
            if isinstance(process, Violation):
                yield process
                break
            ready_priorities.add(priority)
            if machine.slot(process, PRIORITY) != priority << 1 | 1:
                yield _at(heap, process, f"is ready at {priority}, which is not its priority")
            if process == active:
                yield _at(heap, process, "runs and is on a ready list")
    if machine.has(READY_BITS):
        for priority in sorted(ready_priorities):
            if not machine.word(machine.addresses[READY_BITS] + 4 * (priority >> 5)) >> (priority & 31) & 1:
                problem = f"one is ready at {priority}, whose bit of {READY_BITS} is not set"
                yield Violation(KIND, lists, "", "", problem)
    semaphores = heap.is_object & (heap.class_oops == machine.variable("classSemaphore")) & ~doomed
    for semaphore in heap.addresses[np.flatnonzero(semaphores)].tolist():
        first, excess = machine.slot(semaphore, FIRST), machine.slot(semaphore, EXCESS)
        if first == machine.variable("nilObject"):
            continue
        if excess != 1:
            yield _at(heap, semaphore, f"has {excess >> 1} signals, and a process waits")
        for process in _members(heap, semaphore, listed):
            if isinstance(process, Violation):
                yield process
                break


def _members(heap: Heap, owner: int, listed: dict[int, int]) -> Iterator[int | Violation]:
    """The processes of a list or semaphore in order; a violation where the list is wrong."""
    machine = heap.machine
    nil = machine.variable("nilObject")
    process, last = machine.slot(owner, FIRST), nil
    while process != nil:
        index = heap.index_at(process)
        if index < 0 or not heap.is_object[index]:
            yield _at(heap, owner, f"leads to {process:#010x}, which is no process")
            return
        if process in listed:
            yield _at(heap, process, f"is on the lists {listed[process]:#010x} and {owner:#010x}, or twice on one")
            return
        listed[process] = owner
        if machine.slot(process, LIST) != owner:
            yield _at(heap, process, f"is on the list {owner:#010x} and names {machine.slot(process, LIST):#010x}")
            return
        if machine.slot(process, SUSPENDED) == nil:
            yield _at(heap, process, "is on a list and has nothing to go on with")
            return
        if machine.slot(process, PREVIOUS) != last:
            yield _at(heap, process, f"stands behind {last:#010x} and names {machine.slot(process, PREVIOUS):#010x}")
            return
        yield process
        process, last = machine.slot(process, NEXT), process
    if machine.slot(owner, LAST) != last:
        yield _at(heap, owner, f"ends with {last:#010x}, and its last is {machine.slot(owner, LAST):#010x}")


def _at(heap: Heap, address: int, message: str) -> Violation:
    index = heap.index_at(address)
    return Violation(KIND, address, heap.class_name(index) if index >= 0 else "?", "", message)
