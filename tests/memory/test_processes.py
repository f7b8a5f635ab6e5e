"""The audit of the lists of processes: sound on a board with many of them, and each kind of damage is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hardtalk.memory.audit import audit
from hardtalk.memory.machine import Machine
from hardtalk.memory.processes import ACTIVE, EXCESS, FIRST, LAST, LIST, PREVIOUS, PRIORITY, SUSPENDED
from hardtalk.memory.safepoints import settle
from hardtalk.vm import object_format as of

if TYPE_CHECKING:
    from hardtalk.bench import Bench
    from hardtalk.board import Board

READY = 15
SETUP = (
    "Smalltalk at: #Gate put: Semaphore new. "
    f"1 to: 3 do: [:i | [[true] whileTrue: [Processor yield]] forkAt: {READY}]. "
    f"1 to: 3 do: [:i | [(Smalltalk at: #Gate) wait] forkAt: {READY + 5}]. 3"
)


@pytest.fixture
def board(bench: Bench) -> Board:
    assert bench.console.evaluate(SETUP) == "3"
    bench.board.run(1_000_000)
    settle(bench.board)
    return bench.board


def messages(board: Board) -> str:
    return "\n".join(each.message for each in audit(board).violations if each.kind == "process")


def put(board: Board, oop: int, slot: int, value: int) -> None:
    board.ram.write(oop + of.slot_offset(slot), value.to_bytes(4, "little"))


def ready_list(machine: Machine) -> int:
    return machine.slot(machine.variable("readyLists"), READY - 1)


def gate(board: Board) -> int:
    """The semaphore in which three processes wait that have the same priority."""
    machine = Machine.of_board(board)
    nil = machine.variable("nilObject")
    semaphores = range(machine.variable("regionStart"), machine.variable("regionEnd"), 32)
    for oop in semaphores:
        if machine.word(oop + 8) != machine.variable("classSemaphore"):
            continue
        first = machine.slot(oop, FIRST)
        if first != nil and machine.slot(oop, LAST) != first and machine.slot(first, LIST) == oop:
            return oop
    raise AssertionError("nobody waits at the gate")


def test_lists_are_sound(board: Board) -> None:
    assert audit(board).is_sound
    machine = Machine.of_board(board)
    assert machine.slot(ready_list(machine), FIRST) != machine.variable("nilObject")


def test_a_process_that_names_another_list(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, machine.slot(ready_list(machine), FIRST), LIST, machine.variable("nilObject"))
    assert "and names" in messages(board)


def test_a_process_of_another_priority(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, machine.slot(ready_list(machine), FIRST), PRIORITY, 21 << 1 | 1)
    assert f"is ready at {READY}, which is not its priority" in messages(board)


def test_a_process_that_runs_and_is_ready(board: Board) -> None:
    machine = Machine.of_board(board)
    scheduler = machine.variable("scheduler")
    put(board, scheduler, ACTIVE, machine.slot(ready_list(machine), FIRST))
    assert "runs and is on a ready list" in messages(board)


def test_a_list_that_ends_elsewhere(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, ready_list(machine), LAST, machine.slot(ready_list(machine), FIRST))
    assert "and its last is" in messages(board)


def test_a_process_on_two_lists(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, gate(board), FIRST, machine.slot(ready_list(machine), FIRST))
    assert "is on the lists" in messages(board)


def test_a_process_with_nothing_to_go_on_with(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, machine.slot(gate(board), FIRST), SUSPENDED, machine.variable("nilObject"))
    assert "has nothing to go on with" in messages(board)


def test_a_semaphore_with_signals_and_processes(board: Board) -> None:
    put(board, gate(board), EXCESS, 2 << 1 | 1)
    assert "has 2 signals, and a process waits" in messages(board)


def test_a_ready_process_without_its_bit(board: Board) -> None:
    board.ram.write(board.firmware.address_of("readyBits"), bytes(12))
    assert f"one is ready at {READY}, whose bit of readyBits is not set" in messages(board)


def test_a_process_that_names_another_one_before_it(board: Board) -> None:
    machine = Machine.of_board(board)
    put(board, machine.slot(gate(board), LAST), PREVIOUS, machine.variable("nilObject"))
    assert "stands behind" in messages(board)
