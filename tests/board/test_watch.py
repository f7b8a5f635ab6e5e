"""The watch against single steps: the same entries in the same cycles, and nothing of the run disturbed."""

import pytest
from board_guests import HALT, ORIGIN, ticking
from test_board import COUNT_TO_THREE, SPIN_TO_THREE

from hardtalk.board import Board, BoardError, StopReason, hook
from hardtalk.board.watch import Watch

LOOPS = """
    mov r5, #40
outer:
    mov r6, #5
inner:
    sub r6, r6, #1
    mul r7, r6, r5
    cmp r6, #0
    bne inner
    tst r5, #1
    beq even
    add r8, r8, #1
even:
    sub r5, r5, #1
    cmp r5, #0
    bne outer
"""


def every_block(guest: bytes, low: int, high: int) -> list[tuple[int, int]]:
    """Entries of blocks in a range by stopping before each: a limit of one cycle runs one block."""
    board = Board(guest)
    entries = []
    while True:
        before = board.instructions
        stop = board.run(1)
        if board.instructions > before and low <= board.cpu.counter.block < high:
            size_cycles = entry_cost(board)
            entries.append((board.cpu.counter.block, board.clock.cycles - size_cycles))
        if stop.reason is not StopReason.CYCLES:
            return entries
        assert board.clock.cycles < 1_000_000


def entry_cost(board: Board) -> int:
    """What the block entered last was charged on entry."""
    size = int(board.cpu.words[hook.BLOCK_END]) - board.cpu.counter.block
    return board.cpu.model.cost(board.ram.read(board.cpu.counter.block, size), board.cpu.counter.block).cycles


def watched_entries(guest: bytes, low: int, high: int, slice_cycles: int | None) -> tuple[list[tuple[int, int]], Board]:
    board = Board(guest)
    found: list[tuple[int, int]] = []
    with Watch(board, range(low, high, 4)) as watch:
        while True:
            stop = board.run(slice_cycles)
            addresses, cycles = watch.take()
            found += [(int(a), int(c)) for a, c in zip(addresses, cycles, strict=True)]
            if stop.reason is not StopReason.CYCLES:
                return found, board


@pytest.mark.parametrize("body", [LOOPS, COUNT_TO_THREE, SPIN_TO_THREE])
def test_records_are_those_of_single_blocks(body: str) -> None:
    guest = ticking(body + HALT, microseconds=5)
    expected = every_block(guest, ORIGIN, ORIGIN + 0x1000)
    assert len(expected) > 5
    for slice_cycles in (None, 7, 1000):
        found, board = watched_entries(guest, ORIGIN, ORIGIN + 0x1000, slice_cycles)
        assert found == expected
        undisturbed = Board(guest)
        undisturbed.run()
        assert board.clock.cycles == undisturbed.clock.cycles
        assert board.trace.digest() == undisturbed.trace.digest()


def test_only_the_chosen_blocks_are_recorded() -> None:
    guest = ticking(LOOPS + HALT, microseconds=1_000_000)
    entries = every_block(guest, ORIGIN, ORIGIN + 0x1000)
    chosen = max({address for address, _ in entries}, key=[address for address, _ in entries].count)
    board = Board(guest)
    with Watch(board, [chosen]) as watch:
        board.run()
        addresses, cycles = watch.take()
    found = list(zip(addresses.tolist(), cycles.tolist(), strict=True))
    assert found == [each for each in entries if each[0] == chosen]


def test_watches_side_by_side_hear_each_its_own() -> None:
    guest = ticking(LOOPS + HALT, microseconds=5)
    entries = every_block(guest, ORIGIN, ORIGIN + 0x1000)
    first, second = sorted({address for address, _ in entries})[:2]
    heard: list[int] = []
    board = Board(guest)
    with Watch(board, [first, second]) as both, Watch(board, [second], lambda address, _: heard.append(address)):
        board.run()
        addresses, cycles = both.take()
    assert list(zip(addresses.tolist(), cycles.tolist(), strict=True)) == [
        each for each in entries if each[0] in (first, second)
    ]
    assert heard == [address for address, _ in entries if address == second]


def test_a_watch_that_has_ended_records_nothing() -> None:
    board = Board(ticking(LOOPS + HALT, microseconds=1_000_000))
    with Watch(board, range(ORIGIN, ORIGIN + 0x1000, 4)) as watch:
        pass
    board.run()
    assert len(watch.take()[0]) == 0


def test_addresses_must_be_code_addresses() -> None:
    board = Board(ticking(HALT))
    for addresses in ([ORIGIN + 2], [0x7FFF_FFF0_0]):
        with pytest.raises(BoardError):
            Watch(board, addresses)
