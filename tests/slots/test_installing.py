"""Putting a firmware into a slot: the power cut at every operation of the flash, and the commands of the host."""

from __future__ import annotations

import random
import sys
from copy import deepcopy
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from loader_board import LoaderBoard, firmware

from hardtalk.cli.main import run
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.flash import FlashFile
from hardtalk.slots import UnfitFirmware, install, pack, slots_in, started_slot, unpacked
from hardtalk.slots.layout import OFFSETS, slot_offset

FLASH_BYTES = 64 << 20
BIG = 300_000


def started(cells: FlashCells) -> tuple[int, int] | None:
    """The slot that the loader would start, and its generation."""
    slot = started_slot(slots_in(cells))
    return None if slot is None else (slot.number, slot.generation)


def with_both_slots() -> FlashCells:
    """Generations 1, in slot A, and 2; both confirmed."""
    cells = FlashCells(FLASH_BYTES, CfiFlash.sector_bytes)
    for code in (3, 4):
        install(cells, pack(firmware(code, BIG)), confirm=True)
    return cells


def test_power_cut_at_every_operation_of_an_update() -> None:
    """Before each operation, and torn inside it, the flash starts the slot that it started before; after the last, or
    when only ones were left to be programmed, the new one."""
    cells = with_both_slots()
    chance = random.Random(5)
    before = deepcopy(cells)
    seen: list[tuple[int, int] | None] = []

    def changed(offset: int, size: int) -> None:
        nonlocal before
        torn = deepcopy(before)
        if size == CfiFlash.sector_bytes:
            torn.tear_erase(offset // CfiFlash.sector_bytes, chance)
        else:
            torn.tear_program(offset, cells.read(offset, size), chance)
        seen.extend([started(before), started(torn)])
        before = deepcopy(cells)

    installed = install(cells, pack(firmware(5, BIG)), changed=changed)
    assert len(seen) == 2 * (2 + BIG // 2048 + 2)
    assert set(seen[:-1]) == {(1, 2)}
    assert seen[-1] in ((1, 2), (0, 3))
    assert (installed.name, started(cells)) == ("A", (0, 3))


def test_the_loader_itself_after_cuts_of_an_update() -> None:
    """What the host's reading of the slots says of cuts, the loader does."""
    machine = LoaderBoard()
    machine.install(3)
    machine.install(4, confirm=True)
    states: list[FlashCells] = []
    chance = random.Random(7)
    cells = deepcopy(machine.cells)

    def changed(offset: int, size: int) -> None:
        torn = deepcopy(states[-1])
        if size == CfiFlash.sector_bytes:
            torn.tear_erase(offset // CfiFlash.sector_bytes, chance)
        else:
            torn.tear_program(offset, cells.read(offset, size), chance)
        states.extend([torn, deepcopy(cells)])

    states.append(deepcopy(cells))
    install(cells, pack(firmware(5)), changed=changed)
    codes = []
    for state in states:
        machine.flash.contents = state
        codes.append(machine.start())
    assert codes[:-2] == [4] * (len(states) - 2)
    assert codes[-2] in (4, 5)
    assert codes[-1] == 5


def test_a_file_is_checked_before_anything_is_erased() -> None:
    cells = with_both_slots()
    file = bytearray(pack(firmware(5)))
    file[-1] ^= 1
    with pytest.raises(UnfitFirmware, match=r"checksum is [0-9a-f]{8}, not [0-9a-f]{8}\ninstall it again"):
        install(cells, bytes(file))
    assert started(cells) == (1, 2)


def test_what_is_no_firmware_is_refused() -> None:
    with pytest.raises(UnfitFirmware, match=r"^the file is no ELF file, or is damaged: .*\ngive a firmware.elf"):
        pack(b"hello")
    with pytest.raises(UnfitFirmware, match="this is no firmware for a slot, or its header is damaged"):
        unpacked(b"hello")
    with pytest.raises(UnfitFirmware, match="a slot holds 3,930,112"):
        pack(firmware(1, 4_000_000))


def test_files_that_are_none_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, text = tmp_path / "flash.bin", tmp_path / "text.elf"
    text.write_text("hello")
    for wrong, what in (
        (tmp_path / "none.elf", "there is no such file\nmake a firmware with hardtalk build"),
        (tmp_path, "that is a directory\nmake a firmware with hardtalk build"),
        (text, "the file is no ELF file, or is damaged: "),
    ):
        for command in ("install", "pack"):
            assert run(["flash", command, str(wrong), str(image)]) == 2
            assert capsys.readouterr().err.startswith(f"hardtalk: {wrong}: {what}")
    assert not image.exists()
    text.write_bytes(firmware(5))
    assert run(["flash", "install", str(text), str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {tmp_path}: that is a directory\nname a file in it")


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elf, image, file = tmp_path / "firmware.elf", tmp_path / "flash.bin", tmp_path / "firmware.slot"
    elf.write_bytes(firmware(5))
    assert run(["flash", "install", str(elf), str(image)]) == 0
    assert run(["flash", "install", str(elf), str(image)]) == 0
    assert run(["flash", "slots", str(image)]) == 0
    name = unpacked(pack(elf.read_bytes()))[0].name
    what = f"generation {{}}, {name}, 96 bytes, "
    one, two = what.format(1) + "confirmed", what.format(2) + "on trial, 3 starts left"
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        ["slot", "A:", *one.split()],
        ["slot", "B:", *two.split()],
        ["slot", "firmware"],
        ["A", *one.split()],
        ["B", *two.split(), "is", "started"],
    ]
    assert FlashFile(image).cells().wear[:18] == [1, 1] + [0] * 14 + [1, 0]
    assert run(["flash", "install", str(elf), str(image), "--slot", "C"]) == 2
    assert capsys.readouterr().err == "hardtalk: there is no slot C\nUse A or B.\n"
    assert run(["flash", "install", str(elf), str(image), "--slot", "B", "--confirm"]) == 0
    assert started(FlashFile(image).cells()) == (1, 3)
    assert run(["flash", "pack", str(elf), str(file)]) == 0
    assert file.read_bytes() == pack(elf.read_bytes())
    cells = FlashFile(image).cells()
    for number in range(2):
        cells.program(slot_offset(number) + OFFSETS["ENTRY"], bytes(4))
    FlashFile(image).store(cells)
    capsys.readouterr()
    assert run(["flash", "slots", str(image)]) == 1
    assert capsys.readouterr().out.count("its header is damaged") == 2
