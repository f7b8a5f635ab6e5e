"""A device that reads and writes memory by itself.

It sees memory at the addresses of the bus, without the CPU's caches, and takes no bus time. What it writes is data:
code that the CPU has run is not looked at again.
"""

from collections.abc import Mapping
from typing import ClassVar, Protocol

from hardtalk.devices.device import BusError, Device
from hardtalk.devices.dma_peripheral import Request

STANDALONE_BYTES = 1 << 20


class Memory(Protocol):
    """What a board's RAM is for a device: `contains` says whether all of so many bytes from an address are there."""

    def contains(self, address: int, size: int) -> bool: ...

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


class StandaloneMemory:
    """The memory of a device that is on no board: 1 MB from address 0 on."""

    def __init__(self) -> None:
        self.bytes = bytearray(STANDALONE_BYTES)

    def contains(self, address: int, size: int) -> bool:
        return address >= 0 and address + size <= STANDALONE_BYTES

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.bytes[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.bytes[address : address + len(data)] = data


class BusMaster(Device):
    """`memory` is the board's, or the device's own until a board connects it."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"memory"}
    memory: Memory

    def power_on(self) -> None:
        if "memory" not in vars(self):
            self.memory = StandaloneMemory()
        super().power_on()


class DeviceBus(Protocol):
    """The registers of a board's devices, at their addresses, with BusError where nothing answers; and what those that
    are served by DMA ask for, by the numbers of their requests."""

    def read(self, address: int, size: int) -> int: ...

    def write(self, address: int, size: int, value: int) -> None: ...

    def dma_requests(self) -> Mapping[int, Request]: ...


class NoDevices:
    """The bus of a device that is on no board."""

    def read(self, address: int, size: int) -> int:
        raise BusError(f"nothing answers at {address:#010x}")

    def write(self, address: int, size: int, value: int) -> None:
        raise BusError(f"nothing answers at {address:#010x}")

    def dma_requests(self) -> Mapping[int, Request]:
        return {}
