"""Small ARM guests for the board's tests: assembled with Keystone, wrapped in an ELF file."""

import struct

from keystone import KS_ARCH_ARM, KS_MODE_ARM, Ks

from hardtalk.chip import default_chip

ORIGIN = 0x10000
EHDR = "<16sHHIIIIIHHHHHH"
PHDR = "<IIIIIIII"

PROLOGUE = "\n".join(f".equ {peripheral.name}, {peripheral.base:#x}" for peripheral in default_chip().peripherals)

UART_ON = """
    ldr r0, =UART0
    mov r1, #13
    str r1, [r0, #0x24]
    mov r1, #1
    str r1, [r0, #0x28]
    mov r1, #0x70
    str r1, [r0, #0x2c]
    ldr r1, =0x301
    str r1, [r0, #0x30]
"""


def assemble(source: str, address: int = ORIGIN) -> bytes:
    data, _ = Ks(KS_ARCH_ARM, KS_MODE_ARM).asm(PROLOGUE + "\n" + source, address)
    assert data
    return bytes(data)


def elf(*segments: tuple[int, bytes], entry: int = ORIGIN) -> bytes:
    """An executable ELF file with the segments given as address and bytes."""
    offset = 52 + 32 * len(segments)
    headers = b""
    body = b""
    for address, data in segments:
        headers += struct.pack(PHDR, 1, offset + len(body), address, address, len(data), len(data), 7, 4)
        body += data
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack(EHDR, ident, 2, 40, 1, entry, 52, 0, 0x05000000, 52, 32, len(segments), 40, 0, 0)
    return header + headers + body


def guest(source: str, vectors: dict[int, str] | None = None) -> bytes:
    """An ELF of `source` at ORIGIN; `vectors` puts instructions at vector addresses."""
    segments = [(ORIGIN, assemble(source))]
    segments += [(address, assemble(text, address)) for address, text in (vectors or {}).items()]
    return elf(*segments)


HALT = """
    ldr r1, =VIC
    mvn r2, #0
    str r2, [r1, #0x14]
    mcr p15, 0, r0, c7, c0, 4
    .ltorg
"""


def ticking(body: str, microseconds: int = 100, vectors: dict[int, str] | None = None) -> bytes:
    """A guest whose IRQ handler at 0x20000 counts interrupts of timer 0 in r9; `body` runs with IRQs on."""
    start = f"""
        msr cpsr_c, #0xd2
        ldr sp, =0x9000
        msr cpsr_c, #0xd3
        ldr sp, =0xa000
        ldr r0, =VIC
        mov r1, #0x10
        str r1, [r0, #0x10]
        ldr r0, =TIMER01
        ldr r1, ={microseconds}
        str r1, [r0]
        mov r1, #0xe2
        str r1, [r0, #8]
        mov r9, #0
        msr cpsr_c, #0x53
    """
    handler = """
        stmdb sp!, {r0}
        ldr r0, =TIMER01
        str r0, [r0, #12]
        add r9, r9, #1
        ldmia sp!, {r0}
        subs pc, lr, #4
        .ltorg
    """
    segments = [
        (ORIGIN, assemble(start + body)),
        (0x20000, assemble(handler, 0x20000)),
        (0x18, assemble("b 0x20000", 0x18)),
    ]
    segments += [(address, assemble(text, address)) for address, text in (vectors or {}).items()]
    return elf(*segments)
