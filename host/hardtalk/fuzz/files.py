"""Descriptions and figures: SVD files, board files, baselines."""

from dataclasses import replace
from functools import cache
from typing import Final

from hardtalk.chip.board_file import BoardFile, read_board_file
from hardtalk.chip.loading import check_names, check_peripheral, default_chip, hal_folder, load_chip
from hardtalk.chip.svd import read_svd
from hardtalk.chip.users_board import read_parts
from hardtalk.fuzz.texts import file_of
from hardtalk.report.baseline import changes, read_baseline
from hardtalk.report.figures import Report

STEM: Final = "fuzzed."
"""What files of both kinds begin with: either may be at fault for what does not fit together."""
SVD_FILE: Final = "fuzzed.svd"
BOARD_FILE: Final = "fuzzed.toml"
BASELINE_FILE: Final = "fuzzed.json"
BASELINE_OPTION: Final = "--baseline"
DEVICE: Final = b"""<?xml version="1.0" encoding="utf-8"?>
<device schemaVersion="1.3">
  <name>lamps</name>
  <size>32</size>
  <access>read-write</access>
  <peripherals>
    <peripheral>
      <name>LAMP</name>
      <description>A lamp &amp; a switch</description>
      <baseAddress>0x80010000</baseAddress>
      <addressBlock><offset>0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
      <interrupt><name>LAMP</name><value>19</value></interrupt>
      <registers>
        <register>
          <name>CONTROL</name><addressOffset>0x00</addressOffset><resetValue>0x10</resetValue>
          <fields>
            <field><name>ON</name><bitRange>[0:0]</bitRange></field>
            <field><name>LEVEL</name><bitOffset>4</bitOffset><bitWidth>4</bitWidth>
              <enumeratedValues>
                <enumeratedValue><name>LOW</name><value>1</value></enumeratedValue>
                <enumeratedValue><name>HIGH</name><value>0xF</value></enumeratedValue>
              </enumeratedValues>
            </field>
            <field><name>DONE</name><lsb>8</lsb><msb>9</msb><modifiedWriteValues>oneToClear</modifiedWriteValues></field>
          </fields>
        </register>
        <register derivedFrom="CONTROL"><name>SECOND</name><addressOffset>0x04</addressOffset></register>
        <register>
          <dim>4</dim><dimIncrement>4</dimIncrement><dimIndex>A,B,C,D</dimIndex>
          <name>VALUE%s</name><addressOffset>0x20</addressOffset><access>read-only</access>
        </register>
        <cluster>
          <dim>2</dim><dimIncrement>0x10</dimIncrement>
          <name>CHANNEL[%s]</name><addressOffset>0x40</addressOffset>
          <register><name>DATA</name><addressOffset>0</addressOffset><readAction>clear</readAction></register>
        </cluster>
      </registers>
    </peripheral>
    <peripheral derivedFrom="LAMP">
      <name>LAMP2</name><baseAddress>0x80011000</baseAddress><interrupt><name>LAMP2</name><value>20</value></interrupt>
    </peripheral>
  </peripherals>
</device>
"""
FIGURES: Final = (("smalltalk.max.cycles", 4_800, "cycles"), ("smalltalk.count", 1_000, "interrupts"))


def svd_examples() -> tuple[bytes, ...]:
    """A device that uses what the format offers."""
    return (DEVICE,)


def attempt_svd(data: bytes) -> None:
    """Read as a user's device beside the board's own, which are read once: the steps of `chip_with`."""
    chip, board = default_chip(), shipped_board()
    peripherals = list(chip.peripherals)
    with file_of(data, SVD_FILE) as path:
        for peripheral in read_svd(path):
            check_peripheral(peripheral, peripherals, board, is_added=True)
            peripherals.append(peripheral)
    check_names(replace(chip, peripherals=tuple(peripherals), files=(*chip.files, path)))


@cache
def shipped_board() -> BoardFile:
    return read_board_file(hal_folder() / "board.toml")


@cache
def board_examples() -> tuple[bytes, ...]:
    return ((hal_folder() / "board.toml").read_bytes() + b'[parts]\nsvd = ["."]\n',)


def attempt_board(data: bytes) -> None:
    """With one device: as what differs from the shipped board, and what it adds to it."""
    with file_of(data, BOARD_FILE) as path, file_of(DEVICE, SVD_FILE) as svd:
        load_chip([svd], hal_folder() / "board.toml", path)
        read_parts(path)


@cache
def example_report() -> Report:
    report = Report("latency", "arm926", "idle", 1, "0123456789abcdef")
    for name, value, unit in FIGURES:
        report.add(name, value, unit)
    return report


def baseline_examples() -> tuple[bytes, ...]:
    return (example_report().text().encode("utf-8"),)


def attempt_baseline(data: bytes) -> None:
    """Read, and compared with figures of now."""
    with file_of(data, BASELINE_FILE) as path:
        changes(read_baseline(path), example_report())
