"""A device that fails when it is told to; else its line follows CONTROL.RAISE."""

from hardtalk.devices import Device

SMOKE = 2


class Wreckable(Device):
    svd = "../../drivers/board/nuisance.svd"

    def on_write_CONTROL(self, value: int) -> None:
        if value == SMOKE:
            raise ValueError("out of smoke")
        self.CONTROL.value = value
