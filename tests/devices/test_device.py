"""What every device gets from its base class: registers, bus, line, snapshots; and a user's device."""

from pathlib import Path

import pytest

from hardtalk.chip import Peripheral, read_svd
from hardtalk.devices import BusError, Device, DeviceMistake, milliseconds, restore_devices, save_devices

SVD = Path(__file__).with_name("thermometer.svd")


class Thermometer(Device):
    svd = "thermometer.svd"
    unmodelled = {"CONTROL": ("FAST",)}  # noqa: RUF012

    def reset(self) -> None:
        self.index = 0
        self.clock.every(milliseconds(1), self.sample)

    def sample(self) -> None:
        self.VALUE.value = 2150 + 25 * self.index
        self.index += 1
        self.STATUS.READY = True

    def on_write_COMMAND(self, value: int) -> None:
        self.index = value


def test_the_line_follows_the_field() -> None:
    thermo = Thermometer()
    thermo.clock.advance(199_999)
    assert not thermo.line.level
    thermo.clock.advance(1)
    assert thermo.line.level
    assert thermo.read("VALUE") == 2150
    thermo.write("STATUS", 0)
    assert not thermo.line.level
    thermo.clock.advance(milliseconds(1))
    assert thermo.line.level
    assert thermo.read("VALUE") == 2175


def test_the_bus_respects_access_and_says_what_is_not_modelled() -> None:
    thermo = Thermometer()
    notices: list[str] = []
    thermo.notice = notices.append
    thermo.write("VALUE", 7)
    thermo.write("VALUE", 8)
    assert thermo.read("VALUE") == 0
    thermo.write("COMMAND", 5)
    assert thermo.index == 5
    assert thermo.read("COMMAND") == 0
    thermo.write("CONTROL", 0x80000002)
    assert thermo.read("CONTROL") == 2
    assert notices == [
        "write of read-only register VALUE",
        "read of write-only register COMMAND",
        "reserved bits 0x80000000 of CONTROL set",
        "CONTROL.FAST written, which is not modelled",
    ]


def test_an_address_without_register_is_a_bus_error() -> None:
    with pytest.raises(BusError, match="THERMO has no register at offset 0x40"):
        Thermometer().read_at(0x40)


def test_narrow_accesses() -> None:
    thermo = Thermometer()
    thermo.VALUE.value = 0x11223344
    assert [thermo.read_at(offset, 1) for offset in range(4)] == [0x44, 0x33, 0x22, 0x11]
    assert thermo.read_at(2, 2) == 0x1122
    with pytest.raises(BusError):
        thermo.read_at(3, 2)


def test_mistakes_in_a_device_are_told() -> None:
    thermo = Thermometer()
    with pytest.raises(DeviceMistake, match="would hide the method state of every Device"):
        thermo.state = "busy"  # type: ignore[method-assign, assignment]  # the mistake that is told
    with pytest.raises(AttributeError, match=r"VALUE is a register: assign to self.VALUE.value"):
        thermo.VALUE = 3  # type: ignore[assignment]  # the mistake that is told
    with pytest.raises(AttributeError, match=r"register STATUS has no field REDY; it has READY"):
        thermo.STATUS.REDY = 1
    with pytest.raises(ValueError, match=r"2 does not fit field STATUS.READY of 1 bits"):
        thermo.STATUS.READY = 2
    with pytest.raises(ValueError, match="-1 does not fit register VALUE"):
        thermo.VALUE.value = -1
    with pytest.raises(AttributeError, match="Thermometer has no attribute VALEU; its registers are VALUE, STATUS"):
        thermo.VALEU.value = 1


def test_a_device_without_svd_says_so() -> None:
    class Nothing(Device):
        pass

    with pytest.raises(TypeError, match=r'svd = "FILE.svd"'):
        Nothing()


class Nested(Device):
    """Its alarm belongs to an object inside the device."""

    class Part:
        def __init__(self, device: "Nested") -> None:
            self.ticks = 0
            device.clock.every(10, self.tick)

        def tick(self) -> None:
            self.ticks += 1

    def reset(self) -> None:
        self.part = Nested.Part(self)


def peripheral() -> Peripheral:
    return read_svd(SVD)[0]


def test_a_restored_device_goes_on_as_it_would_have() -> None:
    device = Nested(peripheral())
    device.clock.advance(35)
    saved = save_devices(device.clock, [device])
    device.VALUE.value = 9
    device.clock.advance(1000)
    for _ in range(2):
        restore_devices(saved, device.clock, [device])
        assert device.part.ticks == 3
        assert device.VALUE.value == 0
        device.clock.fire_next()
        assert device.part.ticks == 4


def test_what_cannot_be_saved_is_named() -> None:
    device = Nested(peripheral())
    device.readings = (number for number in range(3))  # type: ignore[attr-defined]  # devices add what they like
    with pytest.raises(TypeError, match=r"Nested.readings cannot be put in a snapshot .*keep a list and an index"):
        save_devices(device.clock, [device])
