"""How a run of the board ended."""

from dataclasses import dataclass
from enum import StrEnum

from hardtalk.board.errors import DeviceFailure


class StopReason(StrEnum):
    """Why `run` came back."""

    CYCLES = "cycles"
    INSTRUCTIONS = "instructions"
    UNTIL = "until"
    REACHED = "address reached"
    HALTED = "halted"
    IDLE = "idle"
    RESET = "reset"
    DEVICE_FAILED = "device failed"


@dataclass(frozen=True)
class Stop:
    """How a run ended: where, when, and for DEVICE_FAILED and HALTED with what.

    HALTED: the CPU waits with every interrupt masked at the controller; `code` is r0. IDLE: it waits, and neither a
    device nor an alarm will ever wake it; input from outside can.
    """

    reason: StopReason
    cycles: int
    pc: int
    instructions: int
    message: str = ""
    code: int = 0
    failure: DeviceFailure | None = None
