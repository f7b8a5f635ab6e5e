"""The device models against QEMU's, which nobody here wrote: one guest prints what registers hold, on both boards.

Only what both model alike: QEMU ignores baud rates, and raises the transmit interrupt with each character.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from board_guests import HALT, ORIGIN, UART_ON, assemble, elf

from hardtalk.board import Board, StopReason

QEMU = shutil.which("qemu-system-arm")

PRINT = """
print:                                  /* r0 as eight digits and a line feed; uses r1, r2, r3, r12 */
    ldr r12, =UART0
    mov r1, #28
digit:
    mov r2, r0, lsr r1
    and r2, r2, #15
    cmp r2, #10
    addlo r2, r2, #48
    addhs r2, r2, #87
wait:
    ldr r3, [r12, #0x18]
    tst r3, #0x20
    bne wait
    str r2, [r12]
    subs r1, r1, #4
    bpl digit
    mov r2, #10
feed:
    ldr r3, [r12, #0x18]
    tst r3, #0x20
    bne feed
    str r2, [r12]
    bx lr
    .ltorg
"""


def show(peripheral: str, *offsets: int) -> str:
    return "".join(f"ldr r0, ={peripheral}; ldr r0, [r0, #{offset:#x}]; bl print;" for offset in offsets)


def put(peripheral: str, offset: int, value: int) -> str:
    return f"ldr r0, ={peripheral}; ldr r1, ={value:#x}; str r1, [r0, #{offset:#x}];"


def wait_for(peripheral: str, offset: int, label: str) -> str:
    return f"ldr r0, ={peripheral}; {label}: ldr r1, [r0, #{offset:#x}]; cmp r1, #0; beq {label};"


CASES = {
    "identification": show("SYSTEM", 0) + show("VIC", 0xFE0, 0xFE4, 0xFF0, 0xFFC) + show("UART0", 0xFE0, 0xFE4, 0xFF4)
    + show("CLCD", 0xFE0, 0xFE8, 0xFF0, 0xFFC),
    "software interrupts": (
        put("VIC", 0x18, 0x00100002) + show("VIC", 0, 8, 0x10, 0x18)
        + put("VIC", 0x10, 0x00100004) + show("VIC", 0, 4, 8, 0x10)
        + put("VIC", 0x0C, 0x00100000) + show("VIC", 0, 4, 0xC)
        + put("VIC", 0x1C, 0x00100000) + show("VIC", 4, 8, 0x18)
        + put("VIC", 0x14, 4) + show("VIC", 0x10)
    ),
    "vectors": (
        put("VIC", 0x34, 0xDEF0) + put("VIC", 0x100, 0x1000) + put("VIC", 0x104, 0x2000)
        + put("VIC", 0x200, 0x25) + put("VIC", 0x204, 0x29) + put("VIC", 0x10, 0x220)
        + put("VIC", 0x18, 0x200) + show("VIC", 0x30) + put("VIC", 0x18, 0x20) + show("VIC", 0x30)
        + put("VIC", 0x1C, 0x20) + put("VIC", 0x30, 0) + put("VIC", 0x1C, 0x200) + put("VIC", 0x30, 0)
        + show("VIC", 0, 8, 0x34, 0x100, 0x204)
    ),
    "one-shot timer": (
        put("TIMER01", 0, 50) + put("TIMER01", 8, 0xA3) + wait_for("TIMER01", 0x10, "expire")
        + show("TIMER01", 0, 4, 0x10, 0x14) + show("VIC", 8)
        + put("TIMER01", 0xC, 1) + show("TIMER01", 4, 0x10, 0x14) + show("VIC", 8)
    ),
    "masked periodic timer": (
        put("TIMER23", 0x20, 50) + put("TIMER23", 0x28, 0xC2) + wait_for("TIMER23", 0x30, "expire")
        + show("TIMER23", 0x30, 0x34) + show("VIC", 8) + put("TIMER23", 0x28, 0) + put("TIMER23", 0x2C, 1)
        + show("TIMER23", 0x30)
    ),
    "lock": put("SYSTEM", 0x20, 0xA05F) + show("SYSTEM", 0x20),
    "display": (
        put("SYSTEM", 0x50, 1) + put("CLCD", 0, 0x0F1F2F9C) + put("CLCD", 4, 0x0B0A05DF) + put("CLCD", 8, 0x067F1801)
        + put("CLCD", 0x10, 0x00200000) + put("CLCD", 0x18, 0x1B2A) + put("CLCD", 0x1C, 0xC)
        + put("CLCD", 0x200, 0x12345678) + put("CLCD", 0x3FC, 0x9ABCDEF0)
        + show("CLCD", 0, 4, 8, 0x10, 0x18, 0x1C, 0x200, 0x3FC) + show("SYSTEM", 0x50)
    ),
    "secondary controller": (
        put("SIC", 0xC, 0xFFFFFFFF)
        + put("SIC", 8, 0x80000018) + put("SIC", 0xC, 0x10) + show("SIC", 0, 4, 8)
        + put("KMI0", 0xC, 2) + put("KMI0", 0, 0x14) + put("KMI0", 8, 0xEE)
        + wait_for("SIC", 0, "echo") + show("SIC", 0, 4) + show("VIC", 8)
        + show("KMI0", 8) + show("SIC", 0, 4) + show("VIC", 8)
    ),
    "keyboard": (
        put("KMI0", 0xC, 2) + put("KMI0", 0, 0x14) + show("KMI0", 0, 0xC, 0xFE0, 0xFE4, 0xFE8, 0xFF0, 0xFFC)
        + put("KMI0", 8, 0xF2) + "".join(wait_for("SIC", 4, f"answer{each}") + show("KMI0", 8) for each in range(3))
        + show("SIC", 4)
    ),
    "mouse": (
        put("KMI1", 0xC, 2) + put("KMI1", 0, 0x14)
        + put("KMI1", 8, 0xF6)
        + wait_for("SIC", 4, "default") + show("KMI1", 8) + put("KMI1", 8, 0xE9)
        + "".join(wait_for("SIC", 4, f"answer{each}") + show("KMI1", 8) for each in range(4))
    ),
    "uart registers": (
        show("UART0", 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 4) + put("UART0", 0x38, 0x50) + show("UART0", 0x38, 0x40)
    ),
}  # fmt: skip


def program(case: str) -> bytes:
    """Both boards end it: QEMU at the debugger's call, ours in the halt that the SVC vector leads to."""
    quiet = "ldr r12, =UART0; drain: ldr r3, [r12, #0x18]; tst r3, #8; bne drain;"
    source = UART_ON + case + quiet + "mov r0, #0x18; ldr r1, =0x20026; svc #0x123456; .ltorg;" + PRINT
    return elf(
        (ORIGIN, assemble(source)),
        (0, assemble("mov r0, r0; mov r0, r0; b halt;" + "mov r0, r0;" * 5 + "halt:" + HALT, 0)),
    )


@pytest.mark.skipif(QEMU is None, reason="qemu-system-arm is not installed")
@pytest.mark.parametrize("name", CASES)
def test_registers_hold_the_same(name: str, tmp_path: Path) -> None:
    data = program(CASES[name])
    board = Board(data)
    stop = board.run(cycles=50_000_000)
    assert stop.reason is StopReason.HALTED, stop
    ours = board.uart(0).take().decode()
    file = tmp_path / "guest.elf"
    file.write_bytes(data)
    assert QEMU is not None
    command = [QEMU, "-M", "versatilepb", "-m", "128", "-display", "none", "-serial", "stdio", "-monitor", "none",
               "-semihosting", "-kernel", str(file)]  # fmt: skip
    theirs = subprocess.run(
        command, capture_output=True, timeout=30, check=False, stdin=subprocess.DEVNULL, env={"QEMU_AUDIO_DRV": "none"}
    )
    assert ours.split() == theirs.stdout.decode().split()
    assert len(ours.split()) >= 1
