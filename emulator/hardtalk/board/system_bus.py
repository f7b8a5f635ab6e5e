"""The bus as another master than the CPU sees it: devices' registers, and their requests to the DMA controller.

Such an access does not serve an interrupt, and is no event of the trace: those are of the CPU.
"""

from collections.abc import Mapping

from hardtalk.board.device_set import DeviceSet
from hardtalk.devices import BusError, Device, DmaPeripheral, Pl080, Request


class SystemBus:
    def __init__(self, devices: DeviceSet) -> None:
        self._devices = devices
        self._peripherals = tuple(each for each in devices if isinstance(each, DmaPeripheral))

    def connect(self, controller: Pl080) -> None:
        """From now on it serves the peripherals, and hears of their requests."""

        def wake() -> None:
            self._devices.touched.add(controller)
            controller.wake()

        controller.bus = self
        for each in self._peripherals:
            each.requests_changed = wake

    def read(self, address: int, size: int) -> int:
        device = self._at(address)
        return device.read_at(address - device.peripheral.base, size)

    def write(self, address: int, size: int, value: int) -> None:
        device = self._at(address)
        device.write_at(address - device.peripheral.base, value, size)

    def dma_requests(self) -> Mapping[int, Request]:
        found: dict[int, Request] = {}
        for each in self._peripherals:
            requests = each.dma_requests()
            if requests:
                self._devices.touched.add(each)
                found.update(requests)
        return found

    def _at(self, address: int) -> Device:
        for each in self._devices:
            if each.peripheral.base <= address < each.peripheral.end:
                self._devices.touched.add(each)
                return each
        raise BusError(f"nothing answers at {address:#010x}")
