"""Copies of devices' states, so that a board can go back in time.

The alarms and all devices are copied in one go: an alarm whose action belongs to an object inside a device then
belongs to that object's copy. Devices themselves, their registers, lines and clock keep their identity.
"""

import copy
from collections.abc import Sequence
from typing import Any

from hardtalk.devices.clock import Clock
from hardtalk.devices.device import Device

SavedDevices = dict[str, Any]


def save_devices(clock: Clock, devices: Sequence[Device], others: Sequence[Device] = ()) -> SavedDevices:
    """The alarms, and each device's attributes, registers and line. Does not change anything.

    `others` are devices that are not saved, but may be known to those that are and to alarms.
    """
    state = {"alarms": clock.save(), "devices": [device.state() for device in devices]}
    return _copy(state, clock, devices, others)


def restore_devices(
    saved: SavedDevices, clock: Clock, devices: Sequence[Device], others: Sequence[Device] = ()
) -> None:
    """Go back to a saved state, which stays usable. No listener is told: whoever restores, restores the rest too."""
    copied = _copy(saved, clock, devices, others)
    clock.load(copied["alarms"])
    for device, state in zip(devices, copied["devices"], strict=True):
        device.set_state(state)


def _copy(state: SavedDevices, clock: Clock, devices: Sequence[Device], others: Sequence[Device]) -> SavedDevices:
    kept = _kept(clock, (*devices, *others))
    for saved in state["devices"]:
        kept[id(saved["registers"])] = saved["registers"]  # of numbers, and nobody changes it
    try:
        return copy.deepcopy(state, kept)
    except TypeError as error:
        raise TypeError(_blame(state, clock, devices) or str(error)) from error


def _kept(clock: Clock, devices: Sequence[Device]) -> dict[int, Any]:
    kept: list[Any] = [clock]
    for device in devices:
        kept += [device, device.line, *device.cells]
    return {id(each): each for each in kept}


def _blame(state: SavedDevices, clock: Clock, devices: Sequence[Device]) -> str:
    """Which attribute cannot be copied."""
    for device, saved in zip(devices, state["devices"], strict=True):
        for name, value in saved["attributes"].items():
            try:
                copy.deepcopy(value, _kept(clock, devices))
            except TypeError as error:
                return (
                    f"{type(device).__name__}.{name} cannot be put in a snapshot ({error}): "
                    "keep a list and an index instead of a generator or an open file"
                )
    return ""
