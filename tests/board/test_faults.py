"""What goes wrong: guest exceptions, failing devices, the fault report."""

from pathlib import Path

import pytest
from board_guests import ORIGIN, assemble, elf

from hardtalk.board import Board, DeviceFailed, GuestException, StopReason
from hardtalk.chip import chip_with, read_svd
from hardtalk.devices import Device, milliseconds

VECTORS = b"".join(assemble(f"mov r11, #{vector}; sub r12, lr, #0; end: b end", 0x100) for vector in range(8))


def faulting(source: str) -> Board:
    """A guest whose vector n leads to code that puts n in r11 and LR in r12."""
    jumps = b"".join(assemble(f"b {0x100 + 12 * vector:#x}", 4 * vector) for vector in range(8))
    board = Board(elf((ORIGIN, assemble(source)), (0, jumps), (0x100, VECTORS)))
    board.run(cycles=2000)
    return board


@pytest.mark.parametrize(
    ("source", "vector", "mode", "lr", "address", "message"),
    [
        ("ldr r0, =0x50000000; mov r1, #1; ldr r2, [r0]; end: b end; .ltorg", 4, 0x17, ORIGIN + 8 + 8, 0x50000000,
         "data abort at 0x00010008: nothing answers at address 0x50000000"),
        ("ldr r0, =0x50000004; strb r1, [r0]; end: b end; .ltorg", 4, 0x17, ORIGIN + 4 + 8, 0x50000004, "0x50000004"),
        ("ldr r0, =0x50000000; bx r0; .ltorg", 3, 0x17, 0x50000004, 0x50000000, "prefetch abort at 0x50000000"),
        ("mov r0, #1; .word 0xe7f000f0", 1, 0x1B, ORIGIN + 4 + 4, ORIGIN + 4, "undefined instruction at 0x00010004"),
        ("ldr r0, =UART0; ldr r1, [r0, #0x500]; b next; next: b next; .ltorg", 4, 0x17, ORIGIN + 12 + 4, 0x101F1500,
         "read of 0x101f1500 in the block at 0x00010000: UART0 has no register at offset 0x500"),
        ("ldr r0, =UART0; str r1, [r0, #0x500]; b next; next: b next; .ltorg", 4, 0x17, ORIGIN + 12 + 4, 0x101F1500,
         "write of 0x101f1500"),
    ],
)  # fmt: skip
def test_faults_enter_the_guests_vector(
    source: str, vector: int, mode: int, lr: int, address: int, message: str
) -> None:
    board = faulting(source)
    assert (board.cpu.register(11), board.cpu.cpsr & 0x9F, board.cpu.register(12)) == (vector, mode | 0x80, lr)
    assert board.cpu.spsr & 0xFF == 0xD3
    (event,) = (event for event in board.trace if isinstance(event, GuestException))
    assert event.address == address
    assert message in event.message


def test_a_software_interrupt_is_no_fault() -> None:
    board = faulting("mov r0, #1; svc #0x123456; end: b end")
    assert (board.cpu.register(11), board.cpu.cpsr & 0x9F, board.cpu.register(12)) == (2, 0x93, ORIGIN + 8)
    assert len(board.trace) == 0


def test_an_abort_can_be_returned_from_and_its_registers_tell_the_address() -> None:
    handler = "mrc p15, 0, r8, c6, c0, 0; mrc p15, 0, r9, c5, c0, 0; subs pc, lr, #4"
    source = "ldr r0, =0x50000010; ldr r1, [r0]; mov r7, #5; end: b end; .ltorg"
    board = Board(elf((ORIGIN, assemble(source)), (0x10, assemble(handler, 0x10))))
    board.run(cycles=200)
    assert [board.cpu.register(number) for number in (7, 8, 9)] == [5, 0x50000010, 8]


def test_what_a_faulting_block_did_not_execute_is_not_charged() -> None:
    board = faulting("ldr r0, =0x50000000; ldr r2, [r0]; mov r1, #1; mov r1, #2; mul r3, r1, r1; end: b end; .ltorg")
    (event,) = (event for event in board.trace if isinstance(event, GuestException))
    assert event.cycle == 3
    assert board.cpu.register(1) == 0


def test_the_report_has_registers_and_symbols() -> None:
    board = faulting("ldr r0, =0x50000000; ldr r2, [r0]; end: b end; .ltorg")
    report = board.fault_report()
    assert "abort mode" in report
    assert " r0 50000000" in report
    assert "nothing answers at address 0x50000000" in report


SVD = """<device><name>T</name><peripherals><peripheral><name>THERMO</name><baseAddress>0x80001000</baseAddress>
<addressBlock><offset>0</offset><size>0x1000</size></addressBlock>
<interrupt><name>THERMO</name><value>18</value></interrupt>
<registers><register><name>VALUE</name><addressOffset>0</addressOffset></register></registers>
</peripheral></peripherals></device>"""


class Broken(Device):
    def reset(self) -> None:
        self.clock.after(milliseconds(1), self.sample)

    def sample(self) -> None:
        raise ZeroDivisionError("no reading")

    def on_read_VALUE(self) -> int:
        return [][0]


def test_a_failing_device_is_told_with_its_line_and_the_board_lives(tmp_path: Path) -> None:
    svd = tmp_path / "thermometer.svd"
    svd.write_text(SVD)
    program = "ldr r0, =0x80001000; mov r3, #0; again: add r3, r3, #1; cmp r3, #1000; ldreq r1, [r0]; b again; .ltorg"
    board = Board(elf((ORIGIN, assemble(program))), chip_with([svd]), [Broken(read_svd(svd)[0])])
    first = board.run(cycles=1_000_000)
    assert first.reason is StopReason.DEVICE_FAILED
    assert "test_faults.py:" in first.message
    assert "Broken failed in a read of VALUE: IndexError: list index out of range" in first.message
    assert "return [][0]" in first.message
    assert first.failure is not None
    assert isinstance(first.failure.__cause__, IndexError)
    second = board.run(cycles=1_000_000)
    assert "Broken failed in an alarm: ZeroDivisionError: no reading" in second.message
    assert second.cycles >= 200_000 - 10
    assert board.failures.names == {"THERMO"}
    assert board.run(cycles=1000).reason is StopReason.CYCLES
    assert [event.peripheral for event in board.trace if isinstance(event, DeviceFailed)] == ["THERMO", "THERMO"]
