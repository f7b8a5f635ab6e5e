"""Watched blocks are told in order, to the cycle and without a trace; `run_to` stops before the block it names."""

from itertools import pairwise

from board_guests import ORIGIN, guest, ticking

from hardtalk.board import Board, Event, InterruptEntry, StopReason
from hardtalk.board.hook import WATCH_CAPACITY
from hardtalk.board.watch import Watch

LOOP = "mov r0, #0; again: add r0, r0, #1; b again"
AGAIN = ORIGIN + 4


def test_each_entry_is_told_with_the_end_of_its_block() -> None:
    board = Board(guest(LOOP))
    entries: list[tuple[int, int]] = []
    with Watch(board, [AGAIN], lambda address, cycle: entries.append((address, cycle))):
        board.run(100)
    cycles = [cycle for _, cycle in entries]
    assert {address for address, _ in entries} == {AGAIN}
    assert [later - earlier for earlier, later in pairwise(cycles)] == [4] * (len(cycles) - 1)
    assert cycles[-1] == board.clock.cycles


def test_more_than_the_log_holds_are_told_all() -> None:
    board = Board(guest(LOOP))
    told = [0]

    def count(_address: int, _cycle: int) -> None:
        told[0] += 1

    with Watch(board, [AGAIN], count):
        board.run(5 * 4 * WATCH_CAPACITY)
    assert told[0] >= 5 * WATCH_CAPACITY - 1


def test_a_block_is_told_before_what_came_after_it() -> None:
    board = Board(ticking("again: b again"))
    order: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, InterruptEntry):
            order.append("entry")

    board.trace.listen(hear)
    with Watch(board, [0x20000], lambda _address, _cycle: order.append("handler")):
        board.run(100_000)
    assert order[:4] == ["entry", "handler", "entry", "handler"]


def test_watching_changes_nothing_and_ends() -> None:
    plain, watched = Board(ticking("again: b again")), Board(ticking("again: b again"))
    told: list[int] = []
    with Watch(watched, [0x20000], lambda address, _cycle: told.append(address)):
        for board in (plain, watched):
            board.run(50_000)
    seen = len(told)
    for board in (plain, watched):
        board.run(50_000)
    assert seen and len(told) == seen
    assert plain.trace.digest() == watched.trace.digest()
    assert (plain.clock.cycles, plain.instructions) == (watched.clock.cycles, watched.instructions)


def test_run_to_stops_before_the_block() -> None:
    board = Board(guest("mov r0, #5; again: subs r0, r0, #1; bne again; out: mov r1, #7; b out"))
    stop = board.run_to(ORIGIN + 12)
    assert stop.reason is StopReason.REACHED
    assert (stop.pc, board.cpu.register(0), board.cpu.register(1)) == (ORIGIN + 12, 0, 0)
    assert board.instructions == 1 + 5 * 2
    board.run(20)
    assert board.cpu.register(1) == 7


def test_run_to_stops_before_the_first_of_several_blocks_and_then_no_more() -> None:
    board = Board(guest("mov r0, #5; again: subs r0, r0, #1; bne again; out: mov r1, #7; b out"))
    places = (ORIGIN + 4, ORIGIN + 12)
    assert (board.run_to(places).pc, board.instructions) == (ORIGIN + 4, 3)
    assert (board.run_to(places).pc, board.instructions) == (ORIGIN + 4, 3), "it is there already"
    assert (board.run_to(ORIGIN + 12).pc, board.instructions) == (ORIGIN + 12, 11)
    assert board.run(1_000).reason is StopReason.CYCLES and board.cpu.register(1) == 7


def test_run_to_costs_no_cycle_more() -> None:
    plain, stopped = Board(guest(LOOP)), Board(guest(LOOP))
    for _ in range(100):
        stopped.run_to(stopped.cpu.pc)
        stopped.run(50)
    plain.run(stopped.clock.cycles)
    assert (plain.clock.cycles, plain.instructions) == (stopped.clock.cycles, stopped.instructions)


def test_run_to_ends_where_the_cpu_sleeps_if_that_is_wanted() -> None:
    asleep, awake = Board(ticking("again: mcr p15, 0, r0, c7, c0, 4; b again")), Board(ticking("again: b again"))
    assert asleep.run_to(0x12340, 100_000, until_asleep=True).reason is StopReason.UNTIL
    assert asleep.clock.cycles < 2_000
    assert asleep.run_to(0x12340, 100_000).reason is StopReason.CYCLES
    assert awake.run_to(0x12340, 100_000, until_asleep=True).reason is StopReason.CYCLES


def test_run_to_gives_up_after_its_cycles() -> None:
    board = Board(guest(LOOP))
    assert board.run_to(0x12340, 1000).reason is StopReason.CYCLES


def test_is_raised() -> None:
    board = Board(guest(LOOP))
    assert not board.is_raised(18)
    board.raise_line(18)
    assert board.is_raised(18)
