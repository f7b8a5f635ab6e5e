"""The Versatile's secondary interrupt controller (ARM DUI 0225, section 4.11): 32 inputs on one line of the PL190.

Inputs are masked here and have no priorities. Not modelled: passing inputs 21 to 30 straight on (SIC_PICENABLE).
"""

from collections.abc import Mapping
from typing import ClassVar

from hardtalk.devices.device import Device


class SecondaryController(Device):
    """`set_input` is the lines' end; the device's own line is the output."""

    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {"SIC_PICENABLE": (), "SIC_PICENCLR": ()}

    def reset(self) -> None:
        self.inputs = 0

    @property
    def raw(self) -> int:
        """Inputs pending before masking, one bit each."""
        return self.inputs | int(self.SIC_SOFTINTSET.value)

    def set_input(self, number: int, level: bool) -> None:
        bit = 1 << number
        self.inputs = self.inputs | bit if level else self.inputs & ~bit
        self.report()

    def report(self) -> None:
        self.line.level = self.on_read_SIC_STATUS() != 0

    def on_read_SIC_STATUS(self) -> int:
        return self.raw & int(self.SIC_ENABLE.value)

    def on_read_SIC_RAWSTAT(self) -> int:
        return self.raw

    def on_write_SIC_SOFTINTSET(self, value: int) -> None:
        self.SIC_SOFTINTSET.value |= value & 1

    def after_write(self, register: str) -> None:
        self.report()
