"""A simulated device's registers as reads would answer them, without the effects that a read may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hardtalk.board import Board
from hardtalk.chip import Register
from hardtalk.devices import BusError, Device

WRITE_ONLY: Final = "(write-only)"


def register_values(board: Board, device: Device, registers: Iterable[Register]) -> dict[str, int | str]:
    """By name, each value or why there is none."""
    with board.unchanged():
        return {each.name: value_of(device, each) for each in registers}


def value_of(device: Device, register: Register) -> int | str:
    if not register.is_readable:
        return WRITE_ONLY
    try:
        return device.read(register.name)
    except BusError as error:
        return f"({error})"


def shown_value(register: Register, value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:#0{2 + register.width // 4}x}"
