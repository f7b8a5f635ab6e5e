"""The audit and forwarders: sound as become: leaves them, and each kind of damage is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardtalk.memory.audit import audit
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle
from hardtalk.vm import object_format as of

if TYPE_CHECKING:
    from hardtalk.bench import Bench
    from hardtalk.board import Board

MADE = (
    "Smalltalk at: #Held put: {Array new: 300. Array new: 2}. "
    "(Smalltalk at: #Held) first becomeForward: 'target' copy. 0"
)


@pytest.fixture
def board(bench: Bench) -> Board:
    bench.console.evaluate(MADE)
    settle(bench.board)
    return bench.board


def forwarder(board: Board) -> int:
    heap = Heap(Machine.of_board(board))
    return int(heap.addresses[np.flatnonzero(heap.is_forwarder)[0]])


def put(board: Board, address: int, value: int) -> None:
    board.ram.write(address, value.to_bytes(4, "little"))


def messages(board: Board, address: int) -> list[str]:
    return [each.message for each in audit(board).violations if each.kind == "forwarder" and each.address == address]


def test_a_forwarder_is_sound(board: Board) -> None:
    forwarder(board)
    report = audit(board)
    assert report.is_sound, report.text()


def test_a_circle_is_found(board: Board) -> None:
    address = forwarder(board)
    put(board, address + of.slot_offset(0), address)
    assert messages(board, address) == ["leads to itself"]


def test_a_target_that_is_no_object_is_found(board: Board) -> None:
    address = forwarder(board)
    put(board, address + of.slot_offset(0), address + 64)
    assert "no object" in messages(board, address)[0]


def test_methods_in_a_forwarder_are_found(board: Board) -> None:
    address = forwarder(board)
    put(board, address + of.slot_offset(1), Machine.of_board(board).variable("trueObject"))
    assert "a class without methods has nil" in messages(board, address)[0]


def test_a_forwarder_that_nobody_follows_is_found(board: Board) -> None:
    address = forwarder(board)
    put(board, Machine.of_board(board).addresses["isForwarding"], 0)
    assert messages(board, address) == ["is there while the VM does not follow forwarders"]
