"""What the identification registers of each PrimeCell answer: its number, and that it is one."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Device, Pl011, Pl050, Pl080, Pl110, Pl190, Sp804


@pytest.mark.parametrize(
    ("model", "name", "number"),
    [
        (Pl190, "VIC", [0x90, 0x11, 0x04, 0x00]),
        (Sp804, "TIMER01", [0x04, 0x18, 0x14, 0x00]),
        (Pl011, "UART0", [0x11, 0x10, 0x24, 0x00]),
        (Pl050, "KMI0", [0x50, 0x10, 0x04, 0x00]),
        (Pl110, "CLCD", [0x10, 0x11, 0x04, 0x00]),
        (Pl080, "DMAC", [0x80, 0x10, 0x04, 0x0A]),
    ],
)
def test_identification(model: type[Device], name: str, number: list[int]) -> None:
    device = model(default_chip().peripheral(name))
    assert [device.read(f"PERIPHID{index}") for index in range(4)] == number
    assert [device.read(f"PCELLID{index}") for index in range(4)] == [0x0D, 0xF0, 0x05, 0xB1]
