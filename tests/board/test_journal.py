"""The journal: going back with it is what going back to a snapshot is, and its digest is that of all of RAM."""

import numpy as np
import pytest
from board_guests import ticking
from test_stepping import LOOP, registers

from hardtalk.board import Board, BoardError
from hardtalk.board.journal import Journal
from hardtalk.chip import chip_with, hal_folder
from hardtalk.mediawire import MediaWire

STORES = """
again:
    add r1, r1, #1
    mov r2, r1, lsl #25
    mov r2, r2, lsr #20
    add r2, r2, #0x30000
    strb r1, [r2, #3]
    str r1, [r2, #8]
    strh r1, [r2, #20]
    stmia r2, {r1, r3, r4}
    ldr r3, [r2, #20]
    swp r5, r1, [r2]
    ldr r6, =TIMER01
    ldr r7, [r6, #4]
    b again
    .ltorg
"""


def state(board: Board) -> tuple[object, ...]:
    return registers(board), board.cpu.cpsr, board.clock.cycles, board.instructions, board.ram.save()


@pytest.mark.parametrize("source", [LOOP, STORES])
def test_back_is_where_the_mark_was(source: str) -> None:
    board, other = Board(ticking(source, microseconds=3)), Board(ticking(source, microseconds=3))
    board.run(2_000)
    other.run(2_000)
    with Journal(board) as journal:
        for length in (1, 7, 1, 100, 3_000, 20_000):
            mark, before = journal.mark(), state(board)
            board.run(50_000)
            board.step(5)
            journal.back(mark)
            assert state(board) == before
            board.step(length)
            other.step(length)
            assert state(board) == state(other)
            journal.forget()
    board.run(30_000)
    other.run(30_000)
    assert state(board) == state(other)
    assert board.trace.lines[4].served > 0 < other.trace.lines[4].served


def test_what_a_device_writes_is_put_back_with_its_position() -> None:
    """MediaWire's controller in loop-back writes what it receives at 0x400000."""
    wire = MediaWire()
    board = Board(ticking(LOOP, microseconds=100), chip_with([hal_folder() / "mediawire.svd"]), [wire])
    for name, value in {
        "CONTROL": 7, "TXSLOT0": 0, "CH0_BASE": 0x200000, "CH0_LENGTH": 9000, "CH0_WRITE": 8000, "CH0_CONTROL": 1,
        "RXSLOT0": 1, "CH1_BASE": 0x400000, "CH1_LENGTH": 9000, "CH1_CONTROL": 1,
    }.items():  # fmt: skip
        wire.write(name, value)
    board.ram.write(0x200000, bytes(range(1, 251)) * 128)
    board.run(100_000)
    with Journal(board) as journal:
        digest, mark, before = journal.digest(), journal.mark(), state(board)
        for _ in range(2):
            board.run(200_000)
            assert wire.read("CH1_WRITE") > 45
            assert board.ram.read(0x400000, 160) != bytes(160)
            assert journal.digest() == journal.whole_digest() != digest
            journal.back(mark)
            assert state(board) == before
            assert journal.digest() == digest


def test_marks_are_a_stack() -> None:
    board = Board(ticking(STORES))
    board.run(1_000)
    with Journal(board) as journal:
        states, marks = [], []
        for _ in range(5):
            marks.append(journal.mark())
            states.append(state(board))
            board.step(40)
        for mark, expected in reversed(list(zip(marks, states, strict=True))):
            journal.back(mark)
            assert state(board) == expected
        with pytest.raises(BoardError, match="later than the present"):
            journal.back(marks[3])
        journal.forget()
        with pytest.raises(BoardError, match="forgotten"):
            journal.back(marks[0])


def test_the_digest_is_that_of_all_of_memory() -> None:
    board = Board(ticking(STORES))
    board.run(1_000)
    with Journal(board) as journal:
        seen = {journal.digest()}
        for _ in range(20):
            board.step(17)
            assert journal.digest() == journal.whole_digest()
            seen.add(journal.digest())
            journal.forget()
        assert len(seen) > 15


def test_what_is_left_out_does_not_count() -> None:
    """Of two states that differ in one word the digests are the same when, and only when, it is left out."""
    digests = []
    for left_out in ((), ((0x30008, 0x3000C),)):
        board = Board(ticking(STORES))
        for value in (1, 2):
            board.ram.write(0x30008, value.to_bytes(4, "little"))
            with Journal(board) as journal:
                journal.leave_out(left_out)
                digests.append(journal.digest())
    assert digests[0] != digests[1]
    assert digests[2] == digests[3]


def test_changes_are_words_with_both_values() -> None:
    board = Board(ticking(STORES))
    board.run(3_000)
    with Journal(board) as journal:
        position, before = journal.position(), board.ram.bytes.view(np.uint32).copy()
        board.run(400)
        after = board.ram.bytes.view(np.uint32)
        different = np.flatnonzero(before != after)
        expected = [(board.ram.base + 4 * int(at), int(before[at]), int(after[at])) for at in different]
        assert journal.changes(position) == expected != []


def test_too_many_stores_are_told() -> None:
    board = Board(ticking(STORES))
    with Journal(board, capacity=50) as journal:
        mark = journal.mark()
        board.run(5_000)
        with pytest.raises(BoardError, match="more than the journal holds"):
            journal.back(mark)
