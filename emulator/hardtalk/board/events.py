"""The events of the trace. Each is a tuple of numbers, texts and booleans with the cycle first.

`cycle` is the virtual clock. An access by the CPU is stamped with the end of the block it is in (the clock advances by
blocks), so a latency is never told shorter than it was.
"""

from typing import NamedTuple


class LineRaised(NamedTuple):
    """A line became active at the interrupt controller."""

    cycle: int
    line: int


class LineLowered(NamedTuple):
    """A line became inactive."""

    cycle: int
    line: int


class InterruptEntry(NamedTuple):
    """The CPU went to its IRQ or FIQ vector. `lines` are those pending for it, one bit each; `pc` was next to run."""

    cycle: int
    kind: str
    lines: int
    pc: int
    instructions: int


class RegisterAccess(NamedTuple):
    """The guest touched a device whose line is active. `is_first` since the line rose: the interrupt is being served.

    `block` is the address of the block that the access is in.
    """

    cycle: int
    line: int
    peripheral: str
    register: str
    is_write: bool
    value: int
    block: int
    is_first: bool


class Mark(NamedTuple):
    """The guest wrote PROBE.MARK."""

    cycle: int
    value: int
    instructions: int


class UartOutput(NamedTuple):
    """A character has gone out on a serial line."""

    cycle: int
    peripheral: str
    character: int


class GuestException(NamedTuple):
    """The CPU went to a vector other than an interrupt's. `address` is what was accessed, for aborts."""

    cycle: int
    kind: str
    pc: int
    address: int
    message: str


class Unmodelled(NamedTuple):
    """The guest touched something of a device that its model leaves out."""

    cycle: int
    peripheral: str
    message: str


class DeviceFailed(NamedTuple):
    """A device's Python code raised an exception."""

    cycle: int
    peripheral: str
    message: str


class BoardReset(NamedTuple):
    """The board started again from its reset state."""

    cycle: int


Event = (
    LineRaised | LineLowered | InterruptEntry | RegisterAccess | Mark | UartOutput | GuestException | Unmodelled
    | DeviceFailed | BoardReset
)  # fmt: skip
EVENT_TYPES: tuple[type, ...] = (
    LineRaised, LineLowered, InterruptEntry, RegisterAccess, Mark, UartOutput, GuestException, Unmodelled, DeviceFailed,
    BoardReset,
)  # fmt: skip
