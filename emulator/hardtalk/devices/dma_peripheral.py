"""A device that a DMA controller serves: it asks for transfers by request lines, each with a number of its own."""

from collections.abc import Callable, Mapping
from enum import IntFlag
from typing import ClassVar

from hardtalk.devices.device import Device


class Request(IntFlag):
    """What a peripheral asks for: one transfer, a burst of them, or both."""

    NONE = 0
    SINGLE = 1
    BURST = 2


class DmaPeripheral(Device):
    """`dma_requests` are what it asks for now, by the numbers of its request lines, of which the board has sixteen;
    `requests_changed` is called when that may have become more."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"requests_changed"}
    requests_changed: Callable[[], None] | None = None

    def dma_requests(self) -> Mapping[int, Request]:
        return {}

    def ask_for_dma(self) -> None:
        if self.requests_changed is not None:
            self.requests_changed()
