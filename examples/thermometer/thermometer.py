"""A thermometer: a reading every millisecond while it is enabled; it waits until the last one was taken."""

from hardtalk.devices import Device, milliseconds


class Thermometer(Device):
    svd = "thermometer.svd"

    def reset(self) -> None:
        self.clock.every(milliseconds(1), self.sample)

    def on_write_CONTROL(self, value: int) -> None:
        self.CONTROL.value = value
        self.hundredths = 2150

    def sample(self) -> None:
        if self.CONTROL.ENABLE and not self.STATUS.READY:
            self.VALUE.value = self.hundredths
            self.hundredths += 25
            self.STATUS.READY = 1  # the line follows STATUS.READY: the SVD says so
