"""What the registers of a PL080's channel say of its transactions."""

from dataclasses import dataclass
from enum import IntEnum

from hardtalk.devices.dma_peripheral import Request
from hardtalk.devices.registers import RegisterCell

BURSTS = (1, 4, 8, 16, 32, 64, 128, 256)
"""Transfers in a burst, by SBSize and DBSize."""
WIDEST = 2
"""The code of the width of a word; codes above are reserved."""


class Flow(IntEnum):
    """FlowCntrl while the controller counts; from 4 on peripherals do."""

    MEMORY_TO_MEMORY = 0
    MEMORY_TO_PERIPHERAL = 1
    PERIPHERAL_TO_MEMORY = 2
    PERIPHERAL_TO_PERIPHERAL = 3


@dataclass(frozen=True)
class Side:
    """Source or destination: bytes of a transfer, transfers in a burst, whether the address goes on."""

    width: int
    burst: int
    goes_on: bool

    def asked(self, request: Request) -> int:
        """How many bytes a request is for."""
        if request & Request.BURST:
            return self.burst * self.width
        return self.width if request & Request.SINGLE else 0


@dataclass(frozen=True)
class Setting:
    """What Control and Configuration of a channel say."""

    source: Side
    destination: Side
    flow: int
    source_request: int
    destination_request: int

    @classmethod
    def of(cls, control: RegisterCell, configuration: RegisterCell) -> "Setting":
        return cls(
            Side(1 << min(control.SWidth, WIDEST), BURSTS[control.SBSize], bool(control.SI)),
            Side(1 << min(control.DWidth, WIDEST), BURSTS[control.DBSize], bool(control.DI)),
            configuration.FlowCntrl,
            configuration.SrcPeripheral,
            configuration.DestPeripheral,
        )

    def beats(self, transfers: int) -> int:
        """How many reads and writes so many transfers of the source's width take on the bus."""
        return transfers - (-transfers * self.source.width // self.destination.width)

    def transfers(self, left: int, requests: dict[int, Request]) -> int:
        """How many transfers of the source's width may be done now, with these requests; at most those left."""
        source, destination = self.source, self.destination
        asked_by_source = source.asked(requests.get(self.source_request, Request.NONE))
        asked_by_destination = destination.asked(requests.get(self.destination_request, Request.NONE))
        match self.flow:
            case Flow.MEMORY_TO_MEMORY:
                asked = source.burst * source.width
            case Flow.MEMORY_TO_PERIPHERAL:
                asked = asked_by_destination
            case Flow.PERIPHERAL_TO_MEMORY:
                asked = asked_by_source
            case Flow.PERIPHERAL_TO_PERIPHERAL:
                asked = min(asked_by_source, asked_by_destination)
            case _:
                asked = 0
        return min(-(-asked // source.width), left)
