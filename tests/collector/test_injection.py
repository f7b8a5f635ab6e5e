"""A collection interrupted at every instruction of short windows, and the heap audited after each.

The whole collection is `hardtalk soak --interrupt-every 1`; here are windows of its start, of marking and of freeing.
"""

from __future__ import annotations

import pytest

from hardtalk.board import Board, Snapshot
from hardtalk.cli.memory_board import boot_with_heap
from hardtalk.cli.memory_run import workload_folder
from hardtalk.memory.injection import collecting, instructions_of_collection, interrupt_at_each, phase

POINTS = 40
PERMILLES = {"start": 0, "marking": 500, "freeing": 995}


@pytest.fixture(scope="module")
def stopped() -> tuple[Board, Snapshot, int]:
    bench, _ = boot_with_heap([workload_folder()], 2 << 20, "arm926")
    bench.console.evaluate("SoakWorkload startCollecting. 0")
    start = collecting(bench.board)
    return bench.board, start, instructions_of_collection(bench.board, start)


@pytest.mark.parametrize("name", PERMILLES)
def test_every_instruction_of_a_window(stopped: tuple[Board, Snapshot, int], name: str) -> None:
    board, start, instructions = stopped
    found = interrupt_at_each(board, start, instructions * PERMILLES[name] // 1000, POINTS)
    assert found.violation == ""
    assert found.points == POINTS and found.completed == 3
    if name != "start":
        assert found.phases == {name: POINTS}


def test_the_collection_begins_where_it_is_said_to(stopped: tuple[Board, Snapshot, int]) -> None:
    board, start, instructions = stopped
    board.restore(start)
    assert phase(board) == "idle"
    board.step(200)
    assert phase(board) == "marking"
    assert instructions > 100_000


def test_a_broken_link_is_found_and_its_place_told(stopped: tuple[Board, Snapshot, int]) -> None:
    board, start, instructions = stopped
    board.restore(start)
    board.step(instructions // 2)
    state = board.firmware.address_of("whiteRing")
    first = int.from_bytes(board.ram.read(state, 4), "little")
    board.ram.write(first + 4, state.to_bytes(4, "little"))
    board.ram.write(state, board.ram.read(first, 4))
    found = interrupt_at_each(board, board.snapshot(), 0, 1)
    assert "instruction 0 of the collection" in found.violation and "phase marking" in found.violation
    assert f"{first:#010x}" in found.violation
