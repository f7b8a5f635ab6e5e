"""The SVD reader: what it reads, and how it tells what is wrong."""

# ruff: noqa: E501
from pathlib import Path

import pytest

from hardtalk.chip import Chip, ChipError, chip_with, default_chip, read_svd

THERMOMETER = """<device schemaVersion="1.3"><name>Thermometer</name><peripherals><peripheral>
  <name>THERMO</name><baseAddress>0x80001000</baseAddress>
  <addressBlock><offset>0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
  <interrupt><name>THERMO</name><value>18</value></interrupt>
  <registers>
    <register><name>VALUE</name><addressOffset>0</addressOffset><access>read-only</access></register>
    <register><name>STATUS</name><addressOffset>4</addressOffset>
      <fields><field><name>READY</name><bitOffset>0</bitOffset><bitWidth>1</bitWidth></field></fields></register>
  </registers>
  <vendorExtensions><lineFollows>STATUS.READY</lineFollows></vendorExtensions>
</peripheral></peripherals></device>
"""


def with_text(folder: Path, text: str) -> Path:
    file = folder / "thermometer.svd"
    file.write_text(text)
    return file


def merged(folder: Path, text: str) -> Chip:
    return chip_with([with_text(folder, text)])


def test_a_users_device_joins_the_chip(tmp_path: Path) -> None:
    chip = merged(tmp_path, THERMOMETER)
    thermo = chip.peripheral("THERMO")
    assert (thermo.base, thermo.lines, thermo.line_follows) == (0x80001000, (18,), ("STATUS", "READY"))
    assert chip.peripheral_of_line(18) is thermo
    constants = chip.constants()
    assert constants["ThermoBase"] == 0x80001000
    assert constants["ThermoStatusOffset"] == 4
    assert constants["ThermoStatusReadyMask"] == 1
    assert "ThermoBase" not in default_chip().constants()


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "remedy"),
    [
        ("<value>18<", "<value>12<", "", "line 12 belongs to UART0", "(18, 19, 20)"),
        ("<value>18<", "<value>7<", "", "line 7 is the board's own", "18, 19, 20"),
        ("<value>18<", "<value>64<", "", "line 64 does not exist", "0 to 63"),
        ("0x80001000", "0x80000000", "", "overlaps PROBE", "0x80001000"),
        ("0x80001000", "0x00100000", "", "overlaps the memory ram", "0x80000000"),
        ("0x80001000", "0x20000000", "", "board's own range", "0x80000000"),
        ("0x80001000", "0x80001010", "", "whole number of pages", "0x1000"),
        ("<name>THERMO</name><base", "<name>UART0</name><base", "", "is described already", "another <name>"),
        ("<addressOffset>4", "<addressOffset>0", ":7:5", "registers VALUE and STATUS of THERMO overlap at 0x0", "correct"),
        ("<addressOffset>4", "<addressOffset>4096", ":7:5", "outside the peripheral's 0x1000 bytes", "enlarge"),
        ("<addressOffset>4", "<addressOffset>6", ":7:5", "not aligned", "multiple"),
        ("<bitWidth>1<", "<bitWidth>33<", ":8:15", "ends at bit 32", "bits 0 to 31"),
        ("STATUS.READY", "STATUS.BUSY", ":10:21", "register STATUS has no field BUSY; it has READY", "REGISTER.FIELD"),
        ("STATUS.READY", "STATUS", ":10:21", "has no field", "REGISTER.FIELD"),
        ("<access>read-only", "<access>readonly", ":6:5", "access 'readonly' is not supported", "read-only, write-only"),
        ("<addressOffset>0", "<addresOffset>0", "", "not well-formed XML: mismatched tag", "close every tag"),
        ("<addressOffset>4</addressOffset>", "<adress>4</adress>", ":7:34", "<adress> is not known inside <register>", "known there"),
        ("<value>18<", "<value>eighteen<", ":4:33", "<value> is not a number: eighteen", "0x10"),
        ("<baseAddress>0x80001000</baseAddress>", "", ":1:66", "<peripheral> THERMO has no <baseAddress>", "add <baseAddress>"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_place_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, message: str, remedy: str
) -> None:
    assert old in THERMOMETER
    with pytest.raises(ChipError) as caught:
        merged(tmp_path, THERMOMETER.replace(old, new))
    assert message in caught.value.message
    assert remedy in caught.value.remedy
    assert f"thermometer.svd{place}" in str(caught.value)


def test_the_caret_is_under_the_element(tmp_path: Path) -> None:
    with pytest.raises(ChipError) as caught:
        merged(tmp_path, THERMOMETER.replace("STATUS.READY", "STATUS.BUSY"))
    lines = str(caught.value).splitlines()
    assert lines[1][lines[2].index("^") :].startswith("<lineFollows>")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChipError, match="cannot read the file"):
        read_svd(tmp_path / "none.svd")
