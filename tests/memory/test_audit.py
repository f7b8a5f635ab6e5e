"""The audit on the board: sound after booting and after work, and every kind of damage is found where it was done."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardtalk.memory.audit import Audit, audit
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine, NotReadable
from hardtalk.memory.rings import Rings
from hardtalk.memory.safepoints import settle
from hardtalk.vm import object_format as of

if TYPE_CHECKING:
    from hardtalk.bench import Bench
    from hardtalk.board import Board

WORK = (
    "(1 to: 500) inject: 0 into: [:sum :each | sum + each printString size]",
    "((1 to: 300) collect: [:each | Array new: each]) size",
    "(1 to: 200) asOrderedCollection size",
    "[1 / 0] on: ZeroDivide do: [:e | e return: 7]",
    "(Array new: 3000) size",
)


@pytest.fixture
def board(bench: Bench) -> Board:
    settle(bench.board)
    return bench.board


def put(board: Board, address: int, value: int) -> None:
    board.ram.write(address, (value & 0xFFFFFFFF).to_bytes(4, "little"))


def word(board: Board, address: int) -> int:
    return int.from_bytes(board.ram.read(address, 4), "little")


def found(report: Audit, kind: str, address: int) -> bool:
    return any(each.kind == kind and each.address == address for each in report.violations)


def some_object(board: Board, seed: int, object_format: int = 2) -> int:
    """An object on a ring, of that format and with a slot."""
    heap = Heap(Machine.of_board(board))
    rings = Rings(heap)
    chosen = np.flatnonzero(heap.is_object & (heap.formats == object_format) & (heap.sizes > 0) & (rings.ring_of > 0))
    return int(heap.addresses[random.Random(seed).choice(chosen.tolist())])


def test_a_booted_board_is_sound(board: Board) -> None:
    report = audit(board)
    assert report.is_sound, report.text()
    assert report.objects > 5000 and report.references > 10000
    assert sum(report.rings.values()) <= report.objects


@pytest.mark.parametrize("expression", WORK)
def test_work_leaves_it_sound(bench: Bench, expression: str) -> None:
    bench.console.evaluate(expression)
    settle(bench.board)
    report = audit(bench.board)
    assert report.is_sound, report.text()


def test_it_is_sound_at_every_safepoint_on_the_way(bench: Bench) -> None:
    bench.console.prompt.enter(WORK[0])
    bench.board.uart(0).send(bench.console.prompt.take_outgoing())
    for _ in range(60):
        bench.board.run(20_011)
        settle(bench.board)
        report = audit(bench.board)
        assert report.is_sound, report.text()


def test_before_booting_there_is_nothing_to_read(board: Board) -> None:
    board.reset()
    with pytest.raises(NotReadable):
        audit(board)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("offset", [0, 4])
def test_a_flipped_bit_in_a_link(board: Board, seed: int, offset: int) -> None:
    address = some_object(board, seed)
    put(board, address + offset, word(board, address + offset) ^ 1 << random.Random(seed).randrange(32))
    report = audit(board)
    assert any(each.kind == "link" for each in report.violations)
    near = {address, word(board, address), word(board, address + 4)}
    assert any(each.address in near for each in report.violations)
    assert len(report.violations) < 5, report.text()


@pytest.mark.parametrize("bit", range(5, 8))
def test_a_flipped_colour(board: Board, bit: int) -> None:
    address = some_object(board, bit)
    put(board, address + 16, word(board, address + 16) ^ 1 << (8 + bit))
    report = audit(board)
    assert not report.is_sound
    assert any(each.address == address for each in report.violations)


@pytest.mark.parametrize("bit", range(5))
def test_a_flipped_order(board: Board, bit: int) -> None:
    address = some_object(board, bit)
    put(board, address + 16, word(board, address + 16) ^ 1 << (8 + bit))
    assert any(each.kind == "block" for each in audit(board).violations)


@pytest.mark.parametrize("seed", range(12))
def test_a_flipped_bit_in_the_class_word(board: Board, seed: int) -> None:
    address = some_object(board, seed)
    put(board, address + 8, word(board, address + 8) ^ 1 << random.Random(seed).randrange(32))
    report = audit(board)
    assert found(report, "class", address), report.text()


def test_an_unfinished_object_filled_beyond_its_end(board: Board) -> None:
    address = some_object(board, 2)
    before, size = word(board, address + 16), word(board, address + 12)
    put(board, address + 16, before & ~0xFF | 9)
    put(board, address + 20, 20 + 4 * size)
    assert not audit(board).violations
    put(board, address + 20, 20 + 4 * size + 4)
    assert found(audit(board), "block", address)


def test_a_format_and_a_size_that_the_class_does_not_make(board: Board) -> None:
    address = some_object(board, 1)
    before = word(board, address + 16)
    put(board, address + 16, before & ~0xFF | 1)
    assert found(audit(board), "class", address)
    put(board, address + 16, before & ~0xFF | 10)
    assert found(audit(board), "block", address)
    put(board, address + 16, before)
    put(board, address + 12, 100_000)
    assert found(audit(board), "block", address)


@pytest.mark.parametrize("value", [0, 0x7FFFFE0, 0x100004, 0xFFFFFFF0, 2])
def test_a_reference_to_no_object(board: Board, value: int) -> None:
    address = some_object(board, value % 97)
    put(board, address + of.slot_offset(0), value)
    report = audit(board)
    assert found(report, "reference", address), report.text()
    assert f"slot 0 holds {value:#010x}" in report.text()


def test_free_lists(board: Board) -> None:
    machine = Machine.of_board(board)
    order = machine.variable("nonEmptyOrders").bit_length() - 1
    head = machine.addresses["freeLists"] + 4 * order
    block = word(board, head)
    for address, value, kind, where in (
        (block + 4, 0x1234, "free list", block),
        (block + 16, word(board, block + 16) ^ 1 << 8, "free list", None),
        (head, 0, "free list", None),
        (head, some_object(board, 3), "free list", head),
        (block, block, "free list", block),
        (machine.addresses["nonEmptyOrders"], 0, "free list", None),
        (machine.addresses["bytesFree"], machine.variable("bytesFree") + 32, "statistics", None),
    ):
        before = word(board, address)
        put(board, address, value)
        report = audit(board)
        kinds = {each.kind for each in report.violations}
        assert kind in kinds or "block" in kinds, (hex(address), report.text())
        assert where is None or found(report, kind, where), report.text()
        put(board, address, before)
    assert audit(board).is_sound


def test_contexts(board: Board) -> None:
    machine = Machine.of_board(board)
    free = machine.variable("freeSmallContexts")
    put(board, free + of.slot_offset(0), some_object(board, 4))
    assert found(audit(board), "context", free)
    put(board, free + of.slot_offset(0), free)
    assert found(audit(board), "context", free)


def test_the_chain_of_senders(board: Board) -> None:
    context = board.cpu.register(7)
    sender = word(board, context + of.slot_offset(0))
    assert sender != Machine.of_board(board).variable("nilObject"), "the running process has one context only"
    put(board, sender + of.slot_offset(2), 0x10)
    assert found(audit(board), "context", sender)


def test_the_method_cache(board: Board) -> None:
    machine = Machine.of_board(board)
    cache = machine.addresses["methodCache"]
    entry = next(each for each in range(cache, cache + 1024 * 16, 16) if word(board, each))
    put(board, entry + 8, machine.variable("regionEnd") - 32)
    assert found(audit(board), "cache", entry)


def test_a_message_names_address_class_and_ring(board: Board) -> None:
    address = some_object(board, 5)
    put(board, address + of.slot_offset(0), 0x44)
    (violation,) = audit(board).violations
    name = Machine.of_board(board).class_name(word(board, address + 8))
    assert (
        str(violation) == f"reference: {address:#010x} ({name}, {violation.ring}): slot 0 holds 0x00000044, no object"
    )
    assert violation.ring.endswith("Ring") or violation.ring == "allocatedNext"
