"""The state of a board in words, for somebody whose firmware just faulted."""

from hardtalk.board.cpu import Cpu
from hardtalk.board.events import GuestException
from hardtalk.board.firmware import Firmware
from hardtalk.board.trace import Trace

MODES = {0x10: "user", 0x11: "FIQ", 0x12: "IRQ", 0x13: "supervisor", 0x17: "abort", 0x1B: "undefined", 0x1F: "system"}
NAMES = [*(f"r{number}" for number in range(13)), "sp", "lr", "pc"]


def describe_state(cpu: Cpu, firmware: Firmware, cycles: int, trace: Trace) -> str:
    """Where the CPU is, its registers, and the last exceptions, with the nearest symbols."""
    cpsr = cpu.cpsr
    flags = "".join(name if cpsr >> bit & 1 else "-" for name, bit in zip("NZCV", (31, 30, 29, 28), strict=True))
    masks = "".join(name if cpsr >> bit & 1 else "-" for name, bit in zip("IF", (7, 6), strict=True))
    mode = MODES.get(cpsr & 0x1F, "unknown mode")
    lines = [
        f"pc {firmware.describe(cpu.pc)}, lr {firmware.describe(cpu.register(14))}",
        f"{mode} mode, {flags} {masks}, cycle {cycles}, {cpu.counter.instructions} instructions",
    ]
    for row in range(0, 16, 4):
        lines.append("  ".join(f"{NAMES[number]:>3} {cpu.register(number):08x}" for number in range(row, row + 4)))
    exceptions = [event for event in trace if isinstance(event, GuestException)]
    lines += [f"at cycle {event.cycle}: {event.message}" for event in exceptions[-3:]]
    return "\n".join(lines)
