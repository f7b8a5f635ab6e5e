"""Goes back to earlier states of the devices again and again, copying only those that were touched since.

Most devices are plain: registers, numbers, lists of numbers. Their states are copied in microseconds. A device that
holds objects of its own (a timer's counters, to which alarms belong) is copied with all such and the alarms, as in
`hardtalk.devices.state`, and only when one of them or an alarm has changed.
"""

import copy
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hardtalk.devices.clock import Alarm, Clock
from hardtalk.devices.device import Device
from hardtalk.devices.state import SavedDevices, restore_devices, save_devices

PLAIN = (int, str, bytes, float, type(None), Alarm)
COPIED = (list, set, bytearray, dict)


def is_plain(value: object) -> bool:
    """Whether a copy of the outermost object is a copy of all that can change in it."""
    if isinstance(value, dict):
        return all(isinstance(each, PLAIN) for pair in value.items() for each in pair)
    if isinstance(value, (list, set, tuple, frozenset)):
        return all(isinstance(each, PLAIN) for each in value)
    return isinstance(value, (*PLAIN, bytearray))


@dataclass(frozen=True, eq=False)
class PlainState:
    """One device's state, and what it is compared by."""

    state: dict[str, Any]
    key: Hashable

    @classmethod
    def of_device(cls, device: Device) -> "PlainState":
        state = device.state()
        key = tuple(state["registers"].values()), state["level"], frozen(state["attributes"])
        return cls(copied(state), key)

    def give(self, device: Device) -> None:
        device.set_state(copied(self.state))


def copied(state: dict[str, Any]) -> dict[str, Any]:
    attributes = state["attributes"]
    return {
        **state,
        "attributes": {
            name: copy.copy(value) if isinstance(value, COPIED) else value for name, value in attributes.items()
        },
    }


def frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple((name, frozen(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(frozen(each) for each in value)
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    if isinstance(value, bytearray):
        return bytes(value)
    return (value.due, value.key) if isinstance(value, Alarm) else value


@dataclass(frozen=True, eq=False)
class DevicesMark:
    """A state of all devices: those that are plain one by one; the others and the alarms as they last changed."""

    plain: dict[Device, PlainState]
    others: SavedDevices
    version: int


class TouchedDevices:
    """`touched` holds what may have changed since the last mark or return; whoever changes a device adds it."""

    def __init__(self, clock: Clock, devices: Sequence[Device]) -> None:
        self.clock = clock
        self.devices = tuple(devices)
        self.touched: set[Device] = set(devices)
        self._states: dict[Device, PlainState] = {}
        self._others: SavedDevices | None = None
        self._version = self._saves = 0
        self._alarms: tuple[Alarm, ...] = ()

    def mark(self) -> DevicesMark:
        if self._others is None or self._are_others_touched():
            plain = [each for each in self.devices if all(map(is_plain, each.state()["attributes"].values()))]
            self._states = {each: PlainState.of_device(each) for each in plain}
            self._others = save_devices(self.clock, self._not_in(self._states), plain)
            self._saves += 1
            self._version = self._saves
            self._alarms = self.clock.save()[0]
        else:
            for device in self.touched:
                self._states[device] = PlainState.of_device(device)
        self.touched.clear()
        return DevicesMark(dict(self._states), self._others, self._version)

    def back(self, mark: DevicesMark) -> None:
        """Go back to a mark, which stays usable. No listener is told."""
        if mark.others is not self._others or self._are_others_touched():
            restore_devices(mark.others, self.clock, self._not_in(mark.plain), tuple(mark.plain))
            self._others, self._version = mark.others, mark.version
            self._alarms = self.clock.save()[0]
        for device, state in mark.plain.items():
            if device in self.touched or self._states.get(device) is not state:
                state.give(device)
        self._states = dict(mark.plain)
        self.touched.clear()

    def key(self) -> Hashable:
        """The same for the same states; a device that is not plain and was touched is in a state of its own."""
        others = object() if self._are_others_touched() else self._version
        return others, tuple(
            PlainState.of_device(device).key if device in self.touched else state.key
            for device, state in self._states.items()
        )

    def _not_in(self, plain: Mapping[Device, PlainState]) -> tuple[Device, ...]:
        return tuple(each for each in self.devices if each not in plain)

    def _are_others_touched(self) -> bool:
        now = self.clock.save()[0]
        if len(now) != len(self._alarms) or any(a is not b for a, b in zip(now, self._alarms, strict=True)):
            return True
        return any(each not in self._states for each in self.touched)
