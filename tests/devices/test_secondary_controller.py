"""The secondary interrupt controller: what its registers say, and its way to the PL190 on a board."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import SecondaryController


@pytest.fixture
def sic() -> SecondaryController:
    return SecondaryController(default_chip().peripheral("SIC"))


def test_inputs_are_masked_one_by_one(sic: SecondaryController) -> None:
    sic.set_input(3, True)
    sic.set_input(31, True)
    assert not sic.line.level
    assert (sic.read("SIC_RAWSTAT"), sic.read("SIC_STATUS")) == (0x80000008, 0)
    sic.write("SIC_ENABLE", 0x10)
    assert not sic.line.level
    sic.write("SIC_ENABLE", 8)
    assert sic.line.level
    assert (sic.read("SIC_ENABLE"), sic.read("SIC_STATUS")) == (0x18, 8)
    sic.set_input(3, False)
    assert not sic.line.level
    sic.write("SIC_ENABLE", 0x80000000)
    assert sic.line.level
    sic.write("SIC_ENCLR", 0x80000010)
    assert not sic.line.level
    assert sic.read("SIC_ENABLE") == 8


def test_input_0_can_be_raised_by_software(sic: SecondaryController) -> None:
    sic.write("SIC_ENABLE", 3)
    sic.write("SIC_SOFTINTSET", 1)
    assert sic.line.level
    assert (sic.read("SIC_SOFTINTSET"), sic.read("SIC_RAWSTAT")) == (1, 1)
    sic.write("SIC_SOFTINTCLR", 1)
    assert not sic.line.level


def test_passing_inputs_on_is_told_not_to_be_modelled(sic: SecondaryController) -> None:
    told: list[str] = []
    sic.notice = told.append
    sic.write("SIC_PICENABLE", 1 << 21)
    assert told == ["write of register SIC_PICENABLE, which is not modelled"]


def test_bits_written_as_zero_change_nothing(sic: SecondaryController) -> None:
    sic.write("SIC_ENABLE", 0x12)
    sic.write("SIC_ENABLE", 0)
    sic.write("SIC_ENCLR", 0)
    assert sic.read("SIC_ENABLE") == 0x12
    sic.write("SIC_SOFTINTSET", 1)
    sic.write("SIC_SOFTINTSET", 0)
    sic.write("SIC_SOFTINTCLR", 0)
    assert (sic.read("SIC_SOFTINTSET"), sic.read("SIC_RAWSTAT")) == (1, 1)


def test_only_input_0_is_raised_by_software(sic: SecondaryController) -> None:
    sic.write("SIC_SOFTINTSET", 0xFFFFFFFF)
    assert sic.read("SIC_RAWSTAT") == 1
