"""From the chip's description to what the linker needs of it: names for the boot stub, and RAM.

A peripheral's name is its base address, `PERIPHERAL_REGISTER` a register's offset, as the SVD spells them. Clock
divisors that the stub writes are worked out here.
"""

from __future__ import annotations

from hardtalk.chip import CONSOLE_BAUD, Chip
from hardtalk.link.inputs import Target
from hardtalk.link.plan import LOCKED_LINES


def target_of(chip: Chip, heap_bytes: int | None = None) -> Target:
    """The linker's view of the chip, for a heap of that size or all of RAM."""
    symbols: dict[str, int] = {}
    for peripheral in chip.peripherals:
        symbols[peripheral.name] = peripheral.base
        for register in peripheral.registers:
            symbols[f"{peripheral.name}_{register.name}"] = register.offset
    base = chip.peripheral("VIC").base
    symbols["VIC_LOW"] = base & 0x00FF_FFFF
    symbols["VIC_HIGH"] = base & 0xFF00_0000
    symbols["CACHE_WAY_SHIFT"] = cache_way_shift(chip)
    symbols["LOCKED_LINES"] = LOCKED_LINES
    divisor = uart_divisor(chip.clocks["uart"], CONSOLE_BAUD)
    symbols["UART0_BAUD_INTEGER"] = divisor >> 6
    symbols["UART0_BAUD_FRACTION"] = divisor & 63
    devices = [(each.base, each.end) for each in chip.peripherals]
    devices += [(each.base, each.end) for each in chip.memories if each is not chip.ram]
    return Target(symbols, chip.ram.base, chip.ram.size, 1 << symbols["CACHE_WAY_SHIFT"], heap_bytes, devices)


def uart_divisor(clock_hertz: int, baud: int) -> int:
    """The PL011's baud rate divisor in 64ths, rounded (DDI 0183, section 3.3.6)."""
    return (clock_hertz * 8 // baud + 1) // 2


def cache_way_shift(chip: Chip) -> int:
    """The size of a way, the larger one when the caches differ, as a power of two: what is locked must fit both."""
    return max(cache.size // cache.ways for cache in (chip.instruction_cache, chip.data_cache)).bit_length() - 1
