"""System registers of the Versatile board (ARM DUI 0225, section 4.1), the part the firmware uses."""

from collections.abc import Callable
from typing import ClassVar

from hardtalk.devices.device import Device

UNLOCK_VALUE = 0xA05F


class SystemRegisters(Device):
    """Identification, the 24 MHz counter and the reset request. `reset_requested` hears SWRESET."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"reset_requested"}
    reset_requested: Callable[[], None] | None = None

    def on_read_SYS_24MHZ(self) -> int:
        return self.clock.ticker("counter").count() & 0xFFFFFFFF

    def on_write_SYS_LOCK(self, value: int) -> None:
        self.SYS_LOCK.LOCKVAL = value & 0xFFFF
        self.SYS_LOCK.LOCKED = (value & 0xFFFF) != UNLOCK_VALUE

    def on_write_SYS_RESETCTL(self, value: int) -> None:
        if self.SYS_LOCK.LOCKED:
            self._touch("write of SYS_RESETCTL while locked")
            return
        self.SYS_RESETCTL.RESETCTL = value & 7
        if value & self.peripheral.register("SYS_RESETCTL").field("SWRESET").mask and self.reset_requested is not None:
            self.reset_requested()
