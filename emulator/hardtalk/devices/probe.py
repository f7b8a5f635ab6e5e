"""The measuring block: marks in the trace, the cycle and the instruction count. Boards other than the emulated lack it.

Reading or marking costs the guest one bus access; the time is the board's, stamped from outside.
"""

from collections.abc import Callable
from typing import ClassVar

from hardtalk.devices.device import Device


class Probe(Device):
    """`marked` hears each MARK; `instructions` answers the count. The board sets both."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"marked", "instructions"}
    marked: Callable[[int], None] | None = None
    instructions: Callable[[], int] | None = None

    def on_write_MARK(self, value: int) -> None:
        if self.marked is not None:
            self.marked(value)

    def on_read_CYCLES(self) -> int:
        return self.clock.cycles & 0xFFFFFFFF

    def on_read_INSTRUCTIONS(self) -> int:
        return (self.instructions() if self.instructions is not None else 0) & 0xFFFFFFFF
