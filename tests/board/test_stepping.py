"""Exact steps and snapshots."""

import pytest
from board_guests import HALT, ticking
from test_board import COUNT_TO_THREE, SPIN_TO_THREE

from hardtalk.board import Board, BoardError, InterruptEntry, StopReason

LOOP = """
again:
    add r1, r1, #1
    add r2, r2, r1
    eor r3, r2, r1
    str r3, [sp, #-4]
    ldr r4, [sp, #-4]
    tst r1, #3
    addeq r5, r5, #1
    b again
    .ltorg
"""


def registers(board: Board) -> list[int]:
    return [board.cpu.register(number) for number in range(16)]


def test_steps_are_instructions() -> None:
    one, many = Board(ticking(LOOP)), Board(ticking(LOOP))
    for count in range(1, 400):
        assert one.step(1).reason is StopReason.INSTRUCTIONS
        assert one.instructions == count
    many.step(399)
    assert registers(one) == registers(many)
    for length in (1, 2, 3, 5, 7, 11, 400):
        one.step(length)
        for _ in range(length):
            many.step()
        assert registers(one) == registers(many)
        assert one.instructions == many.instructions


def test_steps_through_interrupts_and_sleep_end_where_a_run_ends() -> None:
    for source in (COUNT_TO_THREE, SPIN_TO_THREE):
        stepped, run = Board(ticking(source + HALT, microseconds=5)), Board(ticking(source + HALT, microseconds=5))
        end = run.run()
        while stepped.step().reason is StopReason.INSTRUCTIONS:
            pass
        assert registers(stepped)[9:] == registers(run)[9:]
        assert stepped.cpu.register(0) == end.code == 42
        assert stepped.trace.lines[4].served == 3


def test_an_interrupt_injected_at_every_instruction_is_served_and_nothing_is_disturbed() -> None:
    """The loop's registers after 60 instructions are the same wherever the interrupt fell."""
    board = Board(ticking(LOOP, microseconds=1_000_000))
    board.step(60)
    board.device("TIMER01").line.level = False
    start = board.snapshot()
    board.step(60)
    undisturbed = registers(board)
    handler_instructions = 7
    for offset in range(60):
        board.restore(start)
        board.step(offset) if offset else None
        board.raise_line(4)
        at = board.instructions
        board.step(handler_instructions - 1)
        entry = [event for event in board.trace if isinstance(event, InterruptEntry)][-1]
        assert entry.instructions == at
        board.lower_line(4)
        board.step(1 + 60 - offset)
        assert registers(board)[:9] == undisturbed[:9]
        assert board.cpu.register(9) == 1
        assert board.cpu.pc == undisturbed[15]


@pytest.mark.parametrize("source", [COUNT_TO_THREE, SPIN_TO_THREE])
@pytest.mark.parametrize("at", [10, 20_010, 33_333])
def test_a_restored_board_goes_on_with_the_same_digest(source: str, at: int) -> None:
    board = Board(ticking(source + HALT))
    board.run(cycles=at)
    saved, cycles = board.snapshot(), board.clock.cycles
    end = board.run()
    digest, events = board.trace.digest(), board.trace.events
    for _ in range(2):
        board.restore(saved)
        assert board.clock.cycles == cycles
        assert board.run() == end
        assert (board.trace.digest(), board.trace.events) == (digest, events)


def test_snapshots_of_different_branches_keep_their_own_traces() -> None:
    board = Board(ticking(COUNT_TO_THREE + HALT))
    board.run(cycles=25_000)
    first = board.snapshot()
    board.run(cycles=20_000)
    second = board.snapshot()
    digest, count = board.trace.digest(), len(board.trace)
    board.restore(first)
    board.raise_line(4)
    board.run(cycles=100)
    board.restore(second)
    assert (board.trace.digest(), len(board.trace)) == (digest, count)


def test_restoring_brings_back_code_that_was_overwritten() -> None:
    board = Board(ticking(LOOP))
    board.run(cycles=1000)
    saved = board.snapshot()
    board.run(cycles=1000)
    expected = registers(board)
    board.restore(saved)
    original = board.ram.read(board.firmware.entry, 0x80)
    board.ram.write(board.firmware.entry, bytes(0x80))
    board.cpu.forget_code()
    board.run(cycles=100)
    board.restore(saved)
    assert board.ram.read(board.firmware.entry, 0x80) == original
    board.run(cycles=1000)
    assert registers(board) == expected


def test_memory_is_restored_byte_for_byte() -> None:
    board = Board(ticking(LOOP))
    board.ram.write(0x7FFFFFC, b"last")
    saved = board.snapshot()
    board.ram.write(0x7FFFFFC, b"gone")
    board.ram.write(0x4000000, b"new")
    board.restore(saved)
    assert board.ram.read(0x7FFFFFC, 4) == b"last"
    assert board.ram.read(0x4000000, 3) == bytes(3)


def test_a_snapshot_belongs_to_its_board() -> None:
    with pytest.raises(BoardError, match="another board"):
        Board(ticking(LOOP)).restore(Board(ticking(LOOP)).snapshot())
