"""The boot stub on both machines: it boots, prints, takes an SP804 interrupt, and faults loudly."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from handmade import handmade_firmware

from hardtalk.link import Firmware

Run = Callable[[Firmware], tuple[str, int]]

HALT = """
    mov r0, #0
branch24_haltMachine: b there
"""


def test_boots_and_prints(run: Run) -> None:
    output, status = run(
        handmade_firmware(f"""
        mov r0, #72
        branch24_putCharacter: bl there
        mov r0, #105
        branch24_putCharacter__2: bl there
        mrc p15, 0, r0, c1, c0, 0
        ldr r1, =0x1005
        and r0, r0, r1
        cmp r0, r1
        moveq r0, #33
        branch24_putCharacter__3: bleq there
        fmrx r0, fpexc
        tst r0, #0x40000000
        movne r0, #10
        branch24_putCharacter__4: blne there
        {HALT}""")
    )
    assert output == "Hi!\n"
    assert status == 0


def test_state_is_cleared_and_registers_hold_their_bases(run: Run) -> None:
    output, status = run(
        handmade_firmware(f"""
        ldr r0, state
        cmp r0, r4
        ldreq r0, table
        cmpeq r0, r8
        ldreq r0, [r4, #pendingLines]
        cmpeq r0, #0
        moveq r0, #61
        branch24_putCharacter: bleq there
        {HALT}
        state:
        abs32_vmState: .word 0
        table:
        abs32_dispatchTable: .word 0""")
    )
    assert (output, status) == ("=", 0)


TIMER_LINE = 0x10
START_TIMER = f"""
    ldr r0, =TIMER01
    mov r1, #100
    str r1, [r0]
    mov r1, #0xe2                          /* enable, periodic, interrupt, 32 bits: QEMU ignores Load otherwise */
    str r1, [r0, #8]
    ldr r0, =VIC
    mov r1, #{TIMER_LINE}
    str r1, [r0, #0x10]
"""


def test_takes_a_timer_interrupt_through_the_second_table(run: Run) -> None:
    """The interrupted loop dispatches through r8 as the VM does: the next dispatch after the interrupt leaves it."""
    start = (
        START_TIMER
        + """
        adr r5, bytecodes
        mrs r0, cpsr
        bic r0, r0, #0x80
        msr cpsr_c, r0
        again:
        ldr r6, ordinary
        cmp r8, r6
        beq again
        mov r9, #5
        mov r7, #255
        add pc, r8, r7, lsl #6
        bytecodes: .word 0
        ordinary:
        abs32_dispatchTable: .word 0
        .ltorg
    """
    )
    handle = f"""
        ldr r8, table
        add r0, r4, #pendingLines
        branch24_takePendingLines: bl there
        cmp r0, #{TIMER_LINE}
        movne r0, #63
        moveq r0, #73
        branch24_putCharacter: bl there
        ldr r0, [r4, #pendingLines]
        add r0, r0, #48
        branch24_putCharacter__2: bl there
        ldr r0, [r4, #interruptCount]
        add r0, r0, #48
        branch24_putCharacter__3: bl there
        ldr r0, [r4, #spuriousInterrupts]
        add r0, r0, #48
        branch24_putCharacter__4: bl there
        cmp r9, #5
        moveq r0, #46
        branch24_putCharacter__5: bl there
        {HALT}
        table:
        abs32_dispatchTable: .word 0
    """
    firmware = handmade_firmware(start, handle)
    assert firmware.address("interruptTable") == firmware.address("dispatchSlots") + 1024
    assert run(firmware) == ("I010.", 0)


def test_wait_for_interrupt_sleeps_until_the_line_and_takes_it(run: Run) -> None:
    output, status = run(
        handmade_firmware(
            START_TIMER
            + f"""
        branch24_waitForInterrupt: bl there
        ldr r0, [r4, #interruptCount]
        add r0, r0, #48
        branch24_putCharacter: bl there
        branch24_waitForInterrupt__2: bl there      /* a line is pending: returns at once */
        ldr r0, [r4, #pendingLines]
        add r0, r0, #32
        branch24_putCharacter__2: bl there
        {HALT}
        .ltorg"""
        )
    )
    assert (output, status) == ("10", 0)


REGISTERS = """
    mov r0, #0
    mov r1, #1
    mov r2, #2
    mov r3, #3
    mov r5, #5
    mov r6, #6
    mov r7, #7
    mov r9, #9
    mov r10, #10
    mov r11, #11
    mov r12, #12
    ldr lr, =0x12345678
"""


def dump(output: str) -> dict[str, int]:
    return {name: int(value, 16) for name, value in re.findall(r"(\w+) +([0-9a-f]{8})", output)}


def fault(run: Run, instruction: str) -> tuple[str, dict[str, int], Firmware]:
    firmware = handmade_firmware(REGISTERS + f"here: {instruction}\n b here\n .ltorg")
    output, status = run(firmware)
    assert status == 1
    assert output.endswith("\n*** halted\n")
    registers = dump(output)
    for n in (1, 2, 3, 5, 6, 7, 9, 10, 11, 12):
        assert registers[f"r{n}"] == n
    assert registers["r4"] == firmware.address("vmState")
    assert registers["r8"] == firmware.address("dispatchTable")
    assert registers["sp"] == firmware.address("machineStackTop")
    assert registers["lr"] == 0x12345678
    assert registers["pc"] == firmware.address("Hand>>startVirtualMachine") + 48
    return output.split("\n")[1], registers, firmware


def test_undefined_instruction(run: Run) -> None:
    name, registers, _ = fault(run, ".word 0xe7f000f0")
    assert name == "*** fault: undefined instruction"
    assert registers["address"] == registers["pc"]


def test_stray_software_interrupt(run: Run) -> None:
    name, registers, _ = fault(run, "svc #5")
    assert name == "*** fault: software interrupt"
    assert registers["address"] == registers["pc"]


def test_data_abort_in_translation_prints_its_address(run_on_qemu: Run) -> None:
    """QEMU's bus never aborts, so the abort is made by unmapping a megabyte in the page table."""
    firmware = handmade_firmware("""
        ldr r0, table
        mov r1, #0
        str r1, [r0, #0x800]               /* the entry of 0x20000000 */
        mcr p15, 0, r1, c7, c14, 1
        mcr p15, 0, r1, c8, c7, 0
        ldr r6, =0x20000008
        here: ldr r1, [r6]
        b here
        table:
        abs32_pageTable: .word 0
        .ltorg""")
    output, status = run_on_qemu(firmware)
    assert status == 1
    assert output.startswith("\n*** fault: data abort\n    address 20000008  pc ")
    registers = dump(output)
    assert registers["pc"] == firmware.address("Hand>>startVirtualMachine") + 24
    assert registers["r6"] == 0x20000008
    assert registers["status"] & 0xF == 5, "section translation fault"


def test_data_abort_of_the_bus_prints_its_address(run_on_board: Run) -> None:
    firmware = handmade_firmware("""
        ldr r6, =0x20000008
        here: ldr r1, [r6]
        add r1, r1, #1
        b here
        .ltorg""")
    output, status = run_on_board(firmware)
    assert status == 1
    assert output.startswith("\n*** fault: data abort\n    address 20000008  pc ")
    registers = dump(output)
    assert registers["pc"] == firmware.address("Hand>>startVirtualMachine") + 4
    assert registers["r6"] == 0x20000008


def test_prefetch_abort(run: Run) -> None:
    firmware = handmade_firmware("""
        ldr r0, table
        mov r1, #0
        str r1, [r0, #0x800]
        mcr p15, 0, r1, c8, c7, 0
        ldr pc, =0x20000010
        table:
        abs32_pageTable: .word 0
        .ltorg""")
    output, status = run(firmware)
    assert status == 1
    assert output.startswith("\n*** fault: prefetch abort\n    address 20000010  pc 20000010")


def test_spurious_interrupt_is_counted_and_changes_nothing(run_on_board: Run) -> None:
    """The entry is run by hand, as if an IRQ had come whose line fell before the status was read."""
    output, status = run_on_board(
        handmade_firmware(f"""
        mov r1, #11
        mov r2, #22
        mov r5, #55
        mov r6, r8
        mrs r0, cpsr
        msr cpsr_c, #0xd2
        msr spsr_cxsf, r0
        adr lr, back
        add lr, lr, #4
        ldr pc, entry
        entry:
        abs32_interruptEntry: .word 0
        back:
        cmp r1, #11
        cmpeq r2, #22
        cmpeq r6, r8
        ldreq r0, [r4, #spuriousInterrupts]
        cmpeq r0, #1
        ldreq r0, [r4, #interruptCount]
        cmpeq r0, #0
        moveq r0, #61
        movne r0, #63
        branch24_putCharacter: bl there
        {HALT}""")
    )
    assert (output, status) == ("=", 0)
