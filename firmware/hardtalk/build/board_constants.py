"""What the Slang program is told of the board beside the chip's constants: addresses that the VM reads directly."""

from __future__ import annotations

from hardtalk.chip import Chip

# Slang constant: (peripheral, register).
REGISTER_ADDRESSES = {"System24MHzCounter": ("SYSTEM", "SYS_24MHZ")}


def board_constants(chip: Chip) -> dict[str, int]:
    """Names and values for `hardtalk.vm.constants.slang_constants`."""
    constants = chip.constants()
    for name, (peripheral_name, register_name) in REGISTER_ADDRESSES.items():
        peripheral = chip.peripheral(peripheral_name)
        constants[name] = peripheral.base + peripheral.register(register_name).offset
    return constants
