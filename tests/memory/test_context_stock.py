"""Contexts that a deep stack has left behind go back to the buddies with the next collection."""

from __future__ import annotations

from hardtalk.bench import BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle
from hardtalk.vm.constants import VM_CONSTANTS

MADE_BY_THE_PROMPT = 24


def test_the_stock_of_free_contexts_is_small_after_a_collection() -> None:
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=4 << 20))
    board = bench.board
    deep = "[:n :me | n = 0 ifTrue: [0] ifFalse: [(me value: n - 1 value: me) + 1]]"
    for depth in (1500, 20):
        assert bench.console.evaluate(f"{deep} value: {depth} value: {deep}") == str(depth)
        settle(board)
        if depth == 1500:
            assert free_contexts(Heap(Machine.of_board(board))) > 1000
            bench.console.evaluate("Smalltalk garbageCollect. 0")
    settle(board)
    heap = Heap(Machine.of_board(board))
    assert 0 < free_contexts(heap) <= VM_CONSTANTS["SmallContextStock"] + MADE_BY_THE_PROMPT
    live = int(heap.is_context.sum())
    assert heap.machine.variable("liveContexts") <= live, "those that were freed are not counted"
    report = audit(board)
    assert report.is_sound, report.text()


def free_contexts(heap: Heap) -> int:
    return int((heap.free_contexts & (heap.orders == 7)).sum())
