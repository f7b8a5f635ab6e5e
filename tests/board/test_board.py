"""The board: boot, time, interrupts, serial line, stops."""

import pytest
from board_guests import HALT, ORIGIN, UART_ON, assemble, elf, guest, ticking

from hardtalk.board import (
    Board,
    BoardError,
    InterruptEntry,
    LineLowered,
    LineRaised,
    Mark,
    RegisterAccess,
    StopReason,
    Unmodelled,
)

COUNT_TO_THREE = """
wait:
    mcr p15, 0, r0, c7, c0, 4
    cmp r9, #3
    blt wait
    ldr r0, =PROBE
    str r9, [r0, #4]
    mov r0, #42
"""
SPIN_TO_THREE = COUNT_TO_THREE.replace("mcr p15, 0, r0, c7, c0, 4", "add r8, r8, #1")


def test_text_leaves_the_uart_at_line_rate() -> None:
    board = Board(guest(UART_ON + "mov r1, #72; str r1, [r0]; mov r1, #105; str r1, [r0]; again: b again; .ltorg"))
    stop = board.run(until=lambda: len(board.uart(0).sent) == 2)
    assert stop.reason is StopReason.UNTIL
    assert board.uart(0).take() == b"Hi"
    assert abs(stop.cycles - 2 * 17355) < 60


def test_input_reaches_the_guest() -> None:
    echo = UART_ON + "again: ldr r1, [r0, #0x18]; tst r1, #0x10; bne again; ldr r1, [r0]; str r1, [r0]; b again; .ltorg"
    board = Board(guest(echo))
    board.uart(0).send(b"echo")
    board.run(cycles=6 * 17355)
    assert board.uart(0).take() == b"echo"


def test_a_sleeping_cpu_wakes_at_the_alarm_and_halts_with_a_code() -> None:
    board = Board(ticking(COUNT_TO_THREE + HALT))
    stop = board.run()
    assert (stop.reason, stop.code) == (StopReason.HALTED, 42)
    raised = [event.cycle for event in board.trace if isinstance(event, LineRaised)]
    assert raised == [20_000, 40_000, 60_000]
    entries = [event for event in board.trace if isinstance(event, InterruptEntry)]
    assert [entry.cycle for entry in entries] == [20_003, 40_003, 60_003]
    assert all(entry.lines == 1 << 4 and entry.kind == "IRQ" for entry in entries)
    count = board.trace.lines[4]
    assert (count.raised, count.entered, count.served, count.longest_unserved) == (3, 3, 3, 1)


def test_an_interrupt_is_raised_entered_served_and_lowered_in_this_order() -> None:
    board = Board(ticking(COUNT_TO_THREE + HALT))
    board.run(cycles=30_000)
    raised, entry, access, lowered = board.trace.events
    assert raised == LineRaised(20_000, 4)
    assert isinstance(entry, InterruptEntry)
    assert isinstance(access, RegisterAccess)
    assert (access.register, access.is_write, access.is_first, access.block) == ("Timer1IntClr", True, True, 0x20000)
    assert lowered == LineLowered(access.cycle, 4)
    # b, stmdb, ldr + use, str, add, ldmia, subs: 3 + 2 + 2 + 1 + 1 + 2 + 3, the block charged whole on entry
    assert access.cycle == entry.cycle + 14


def test_a_busy_cpu_is_interrupted_within_a_block() -> None:
    board = Board(ticking(SPIN_TO_THREE + HALT))
    board.run()
    # entry 3; 2 when the branch into the block was being taken as the line rose
    raised = [event.cycle for event in board.trace if isinstance(event, LineRaised)]
    entered = [event.cycle for event in board.trace if isinstance(event, InterruptEntry)]
    assert raised == [20_000, 40_000, 60_000]
    assert all(0 < entry - rise <= 3 + 2 for rise, entry in zip(raised, entered, strict=True))


def test_time_and_instructions_are_exact() -> None:
    """1,000 rounds of subs (1) and bne (3, the last time 1), before them two moves, after them a mark."""
    loop = "mov r0, #1000; ldr r1, =PROBE; again: subs r0, r0, #1; bne again; str r0, [r1, #4]; end: b end; .ltorg"
    board = Board(guest(loop))
    board.run(until=lambda: any(isinstance(event, Mark) for event in board.trace))
    mark = next(event for event in board.trace if isinstance(event, Mark))
    assert mark.instructions == 2 + 2000 + 2
    assert mark.cycle == 2 + 999 * 4 + 2 + 1 + 3
    counted = Board(guest(loop), model="instructions")
    counted.run(until=lambda: len(counted.trace) == 1)
    assert counted.trace.events[0] == Mark(2004, 0, 2004)


@pytest.mark.parametrize("source", [COUNT_TO_THREE, SPIN_TO_THREE])
def test_cutting_a_run_into_pieces_changes_nothing(source: str) -> None:
    program = ticking(source + HALT)
    whole, pieces = Board(program), Board(program)
    end = whole.run()
    while pieces.run(cycles=37).reason is StopReason.CYCLES:
        pass
    assert pieces.trace.digest() == whole.trace.digest()
    assert (pieces.clock.cycles, pieces.instructions) == (end.cycles, end.instructions)


def test_a_masked_interrupt_waits_for_the_unmasking() -> None:
    masked = """
        msr cpsr_c, #0xd3
        ldr r0, =20000
    busy: subs r0, r0, #1
        bne busy
        msr cpsr_c, #0x53
    end: b end
        .ltorg
    """
    board = Board(ticking(masked))
    board.run(until=lambda: board.trace.lines.get(4) is not None and board.trace.lines[4].entered > 0)
    raised = next(event for event in board.trace if isinstance(event, LineRaised))
    entry = next(event for event in board.trace if isinstance(event, InterruptEntry))
    assert raised.cycle == 20_000
    assert 80_000 < entry.cycle < 80_100
    assert board.firmware.entry < entry.pc < 0x20000


def test_fast_interrupts_have_their_own_vector() -> None:
    body = "ldr r0, =VIC; mov r1, #0x10; str r1, [r0, #0xc]; msr cpsr_c, #0x13; end: b end; .ltorg"
    board = Board(
        ticking(body, vectors={0x1C: "ldr r8, =TIMER01; str r8, [r8, #12]; add r10, r10, #1; subs pc, lr, #4; .ltorg"})
    )
    board.run(cycles=50_000)
    entries = [event for event in board.trace if isinstance(event, InterruptEntry)]
    assert [entry.kind for entry in entries] == ["FIQ", "FIQ"]
    assert board.cpu.cpsr & 0xFF == 0x13


def test_a_software_interrupt_by_the_controller_is_taken_at_the_next_block() -> None:
    body = "ldr r0, =VIC; ldr r1, =0x100000; str r1, [r0, #0x10]; str r1, [r0, #0x18]; end: b end; .ltorg"
    handler = "ldr r0, =VIC; mvn r1, #0; str r1, [r0, #0x1c]; subs pc, lr, #4; .ltorg"
    board = Board(elf((ORIGIN, assemble("msr cpsr_c, #0x53;" + body)), (0x18, assemble(handler, 0x18))))
    board.run(cycles=200)
    kinds = [type(event).__name__ for event in board.trace]
    assert kinds == ["LineRaised", "InterruptEntry", "LineLowered"]
    assert board.trace.lines[20].entered == 1


def test_a_line_held_from_outside_is_a_storm_that_the_trace_shows() -> None:
    body = "ldr r0, =VIC; mov r1, #0x40000; str r1, [r0, #0x10]; end: b end; .ltorg"
    board = Board(ticking(body, vectors={0x18: "subs pc, lr, #4"}, microseconds=1_000_000))
    board.run(cycles=1000)
    board.raise_line(18)
    board.run(cycles=10_000)
    count = board.trace.lines[18]
    assert count.raised == 1
    assert count.longest_unserved == count.entered > 500
    board.lower_line(18)
    before = count.entered
    board.run(cycles=1000)
    assert board.trace.lines[18].entered == before


def test_a_line_withheld_is_raised_when_it_is_let_through() -> None:
    body = "ldr r0, =VIC; mov r1, #0x10; str r1, [r0, #0x10]; msr cpsr_c, #0x53; end: b end; .ltorg"
    handler = "ldr r8, =TIMER01; str r8, [r8, #12]; subs pc, lr, #4; .ltorg"
    board = Board(ticking(body, vectors={0x18: handler}))
    line = board.device_set.of_line(4)
    assert line is not None
    board.withhold_line(4)
    before = board.snapshot()
    board.run(cycles=30_000, until=lambda: line.line.level)
    assert line.line.level and not board.is_raised(4) and not list(board.trace)
    board.run(cycles=500)
    now = board.clock.cycles
    board.let_line_through(4)
    board.run(cycles=100)
    events = [event for event in board.trace if not isinstance(event, RegisterAccess)]
    assert [type(event).__name__ for event in events] == ["LineRaised", "InterruptEntry", "LineLowered"]
    assert events[0].cycle == now
    board.restore(before)
    board.run(cycles=30_000)
    assert not board.is_raised(4)


def test_idle_means_that_nothing_will_wake_it() -> None:
    board = Board(
        guest("ldr r0, =VIC; mov r1, #1; str r1, [r0, #0x10]; again: mcr p15, 0, r0, c7, c0, 4; b again; .ltorg")
    )
    assert board.run().reason is StopReason.IDLE
    stop = board.run(cycles=1000)
    assert stop.reason is StopReason.CYCLES
    assert board.run(cycles=10**9).cycles == stop.cycles + 10**9


def test_the_firmware_may_ask_for_a_reset() -> None:
    board = Board(
        guest(
            "ldr r0, =SYSTEM; ldr r1, =0xa05f; "
            "str r1, [r0, #0x20]; mov r1, #0x100; str r1, [r0, #0x40]; end: b end; .ltorg"
        )
    )
    assert board.run(cycles=1000).reason is StopReason.RESET
    board.reset()
    assert (board.clock.cycles, board.cpu.pc) == (0, ORIGIN)
    assert board.run(cycles=1000).reason is StopReason.RESET


def test_the_vfp_works() -> None:
    board = Board(
        guest(
            "mov r0, #0x40000000; fmxr fpexc, r0; mov r1, #3; fmsr s0, r1; "
            "fsitod d1, s0; fmuld d2, d1, d1; ftosid s0, d2; fmrs r2, s0; end: b end"
        )
    )
    board.run(cycles=200)
    assert board.cpu.register(2) == 9


def test_bits_without_model_are_named_once() -> None:
    board = Board(guest("ldr r0, =UART0; mov r1, #1; again: str r1, [r0, #0x20]; b again; .ltorg"))
    board.run(cycles=500)
    assert [event for event in board.trace if isinstance(event, Unmodelled)] == [
        Unmodelled(board.trace.events[0].cycle, "UART0", "write of register ILPR, which is not modelled")
    ]


def test_code_that_the_guest_rewrites_costs_and_runs_as_it_then_is() -> None:
    """A routine at 0x12000 is called, grows by an instruction, is called again."""
    source = """
        ldr r4, =0x12000
        ldr r1, =0xe3a00001
        ldr r2, =0xe12fff1e
        str r1, [r4]
        str r2, [r4, #4]
        blx r4
        mov r5, r0
        ldr r1, =0xe2800006
        str r1, [r4, #4]
        str r2, [r4, #8]
        blx r4
        mov r6, r0
        ldr r1, =PROBE
        str r0, [r1, #4]
    end: b end
        .ltorg
    """
    board = Board(guest(source))
    board.run(until=lambda: len(board.trace) > 0)
    assert (board.cpu.register(5), board.cpu.register(6)) == (1, 7)
    assert board.trace.events[0].instructions == 6 + 2 + 5 + 3 + 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not an ELF", "not an ELF file"),
        (elf((0x10000000, bytes(4))), "outside RAM"),
        (elf(), "nothing to load"),
    ],
)
def test_bad_firmware_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(BoardError, match=message):
        Board(data)


def test_wrong_use_is_told() -> None:
    with pytest.raises(BoardError, match=r"no cycle model cortex[\s\S]*use one of arm926, instructions"):
        Board(guest("b ."), model="cortex")
    with pytest.raises(BoardError, match="no UART7"):
        Board(guest("b .")).uart(7)
