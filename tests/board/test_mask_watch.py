"""The watch of the I bit against a look at the CPSR before every block, and against interrupts that wait for it."""

import pytest
from board_guests import HALT, guest, ticking

from hardtalk.board import Board, StopReason
from hardtalk.board.mask_watch import IRQ_VECTOR, MaskWatch

SECTIONS = """
    mrs r0, cpsr
    orr r1, r0, #0x80
    bic r2, r0, #0x80
    msr cpsr_c, r2
    mov r5, #20
again:
    msr cpsr_c, r1
    mul r6, r5, r5
    tst r5, #3
    bne short
    mul r6, r5, r6
    mul r6, r5, r6
short:
    msr cpsr_c, r2
    subs r5, r5, #1
    bne again
"""


def sections_by_block(image: bytes) -> dict[int, list[int]]:
    """The lengths of the masked stretches by where they begin; a limit of one cycle runs one block."""
    board = Board(image)
    found: dict[int, list[int]] = {}
    was_masked, start, began = True, -1, 0
    while True:
        is_masked = bool(board.cpu.cpsr & 0x80)
        if is_masked and not was_masked:
            start, began = board.cpu.pc, board.clock.cycles
        if was_masked and not is_masked and start >= 0:
            found.setdefault(start, []).append(board.clock.cycles - began)
        was_masked = is_masked
        if board.run(1).reason is not StopReason.CYCLES:
            return found


def test_sections_are_those_between_the_blocks() -> None:
    image = guest(SECTIONS + HALT)
    expected = sections_by_block(image)
    assert [len(lengths) for lengths in expected.values()] == [20]
    for cycles in (None, 50):
        board = Board(image)
        with MaskWatch(board) as watch:
            while board.run(cycles).reason is StopReason.CYCLES:
                pass
        assert {each.start: (each.count, each.longest_cycles) for each in watch.sections} == {
            start: (len(lengths), max(lengths)) for start, lengths in expected.items()
        }


@pytest.mark.parametrize("model", ["arm926", "arm926-cold", "instructions"])
def test_watching_changes_nothing(model: str) -> None:
    plain, watched = Board(ticking("again: b again"), model=model), Board(ticking("again: b again"), model=model)
    plain.run(100_000)
    with MaskWatch(watched) as watch:
        watched.run(100_000)
    assert plain.trace.digest() == watched.trace.digest()
    assert (plain.clock.cycles, plain.instructions) == (watched.clock.cycles, watched.instructions)
    entries = plain.trace.lines[4].entered
    (section,) = [each for each in watch.sections if each.start == IRQ_VECTOR]
    assert entries - 1 <= section.count <= entries


def test_an_interrupt_that_waited_ends_one_section_and_begins_the_next() -> None:
    """Nothing runs between the end of the mask and the vector."""
    body = "again: mrs r0, cpsr; orr r1, r0, #0x80; bic r2, r0, #0x80; msr cpsr_c, r1;" + "mul r6, r5, r5;" * 40
    board = Board(ticking(body + "msr cpsr_c, r2; b again"))
    with MaskWatch(board) as watch:
        board.run(400_000)
    by_start = {each.start: each for each in watch.sections}
    vector = by_start.pop(IRQ_VECTOR)
    (masked,) = by_start.values()
    assert vector.count > 10
    assert masked.longest_cycles < 40 * 5
    assert masked.count > vector.count


def test_sleep_is_not_masked_time() -> None:
    body = "mrs r0, cpsr; orr r1, r0, #0x80; bic r2, r0, #0x80; again: msr cpsr_c, r1; mov r3, #0;"
    board = Board(ticking(body + "mcr p15, 0, r3, c7, c0, 4; msr cpsr_c, r2; b again", microseconds=50))
    with MaskWatch(board) as watch:
        board.run(1_000_000)
    assert board.cpu.counter.slept_cycles > 500_000
    assert max(each.longest_cycles for each in watch.sections) < 300


def test_a_watch_that_has_ended_sees_nothing() -> None:
    board = Board(guest(SECTIONS + HALT))
    with MaskWatch(board) as watch:
        pass
    board.run()
    assert not watch.sections
