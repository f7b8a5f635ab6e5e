"""The emulated board: CPU, clock, cycle model, devices wired up, trace, snapshots."""

from hardtalk.board.board import Board
from hardtalk.board.errors import BoardError, DeviceFailure
from hardtalk.board.events import (
    BoardReset,
    DeviceFailed,
    Event,
    GuestException,
    InterruptEntry,
    LineLowered,
    LineRaised,
    Mark,
    RegisterAccess,
    UartOutput,
    Unmodelled,
)
from hardtalk.board.snapshots import Snapshot
from hardtalk.board.stop import Stop, StopReason
from hardtalk.board.trace import LineCount, Trace

__all__ = [
    "Board", "BoardError", "BoardReset", "DeviceFailed", "DeviceFailure", "Event", "GuestException", "InterruptEntry",
    "LineCount", "LineLowered", "LineRaised", "Mark", "RegisterAccess", "Snapshot", "Stop", "StopReason", "Trace",
    "UartOutput", "Unmodelled",
]  # fmt: skip
