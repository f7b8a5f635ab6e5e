"""The whole firmware from flash: Smalltalk confirms it and updates the other slot; QEMU starts it, too."""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))
from loader_board import firmware

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.booting import flash_of
from hardtalk.bench.errors import BoardAsksForReset
from hardtalk.build import build
from hardtalk.chip import default_chip
from hardtalk.cli.main import run
from hardtalk.devices import FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import FlashFile, Volume
from hardtalk.link.plan import CODE_BASE
from hardtalk.power_cuts.judges import torn
from hardtalk.serial import Result
from hardtalk.shell.shell import Shell
from hardtalk.slots import Header, boot_loader, install, install_loader, pack, read_header, slots_in, started_slot
from hardtalk.slots.layout import (
    FIRST_SLOT_SECTOR,
    HEADER_BYTES,
    MAGIC_VALUE,
    MOST_SEGMENTS,
    OFFSETS,
    PAYLOAD,
    SEGMENT_GRAIN,
    SLOT_SECTORS,
    STARTED_FROM_FLASH,
    slot_offset,
)

if TYPE_CHECKING:
    from conftest import QemuMachine

QEMU_SECONDS = 30
UPDATE = "FileDirectory default fileNamed: '{}' do: [ :stream | FirmwareSlot install: stream binary ]"
BOTH = f"""| said |
said := Array new: 2.
#('new.slot' 'other.slot') withIndexDo: [ :name :index |
    [ said at: index put: ([ {UPDATE.replace("'{}'", "name")} ]
        on: Error do: [ :error | error messageText ]) printString ] fork.
    (Delay forMilliseconds: 5) wait ].
[ said includes: nil ] whileTrue: [ (Delay forMilliseconds: 20) wait ].
said"""
"""Two processes install at once."""
LIES = (
    {"PAYLOAD_SIZE": 12_001}, {"PAYLOAD_SIZE": 0}, {"PAYLOAD_SIZE": 12_000}, {"SEGMENT_COUNT": 99},
    {"SEGMENT_COUNT": 0}, {"ENTRY": 0}, {"ENTRY": 0x0800_0000}, {"SEGMENTS": 0x0001_0004}, {"SEGMENTS": 0},
    {"SEGMENTS": 0x0800_0000},
)  # fmt: skip


@pytest.fixture(scope="module")
def file() -> bytes:
    """The firmware as it ships, as a slot file."""
    return pack(build().elf)


@pytest.fixture
def image(tmp_path: Path, file: bytes) -> Path:
    """The firmware in slot A, confirmed, and in slot B, on trial; a small one as a file, and the same cut short."""
    path = tmp_path / "flash.bin"
    flash = FlashFile(path)
    cells = flash.cells()
    install_loader(cells, boot_loader())
    install(cells, file)
    install(cells, file)
    volume = Volume(cells, is_new=True)
    volume.write("new.slot", new_file())
    volume.write("cut.slot", new_file()[:-1])
    volume.write("other.slot", pack(firmware(9, 30_000)))
    for number, changes in enumerate(LIES):
        volume.write(f"lie{number}.slot", relabelled(new_file(), changes))
    flash.store(cells)
    return path


def test_the_firmware_confirms_itself_and_updates_the_other_slot(image: Path, file: bytes) -> None:
    warnings: list[str] = []
    bench = boot(BootOptions(flash_file=image, starts_from_flash=True), warnings.append)
    assert warnings == []
    assert bench.text.startswith(f"slot B: generation 2, {header_of(file).name}\nHardtalk ")
    evaluate, cells = bench.console.evaluate, flash_of(bench.board).contents
    assert evaluate("{ FirmwareSlot running. FirmwareSlot running isConfirmed }") == "{slot B. false}"
    with pytest.raises(BenchError, match="confirm what runs first"):
        evaluate("FirmwareSlot install: (ReadStream on: #[1])")
    assert header_of(FlashFile(image).cells().read(slot_offset(1), HEADER_BYTES)).tries_left == 2
    assert evaluate("FirmwareSlot confirm. FirmwareSlot running isConfirmed") == "true"
    assert slots_in(cells)[1].state.value == "confirmed"

    shown = StringIO()
    Shell(bench, Console(file=shown)).run(StringIO("FirmwareSlot restart\nFirmwareSlot running\n"))
    assert shown.getvalue() == f"{bench.text}slot B\n"
    assert bench.text.startswith("slot B: generation 2, ")

    with pytest.raises(BenchError, match="this is no firmware for a slot"):
        evaluate("FirmwareSlot install: (ReadStream on: (ByteArray new: 4096))")
    assert slots_in(cells)[0].generation == 1
    with pytest.raises(BenchError, match="there are the slots 0 and 1, not 2"):
        evaluate("(FirmwareSlot number: 2) confirm")
    evaluate("FlashVolumeDevice mount. nil")
    for number in range(len(LIES)):
        with pytest.raises(BenchError, match="this is no firmware for a slot"):
            evaluate(UPDATE.format(f"lie{number}.slot"))
    assert slots_in(cells)[0].state.is_startable, "it has not been erased for a file that the loader would refuse"
    with pytest.raises(BenchError, match="the firmware is cut short"):
        evaluate(UPDATE.format("cut.slot"))
    assert [each.state.value for each in slots_in(cells)] == ["no firmware", "confirmed"]

    flash = flash_of(bench.board)
    operations: list[tuple[FlashCells, Operation]] = []
    flash.finishing = lambda operation: operations.append((deepcopy(flash.contents), operation))
    assert evaluate(UPDATE.format("new.slot")) == "slot A"
    flash.finishing = None
    assert len(operations) == 1 + len(new_file()[PAYLOAD:]) // 2048 + 2
    assert {started(before) for before, _ in operations} == {(1, 2)}
    chance = random.Random(11)
    assert {started(torn(*each, chance)) for each in operations[:-1]} == {(1, 2)}
    assert {started(torn(*operations[-1], chance)) for _ in range(40)} == {(1, 2), (0, 3)}, (
        "the header's last words are ones"
    )
    assert started(cells) == (0, 3)
    assert header_of(cells.read(slot_offset(0), HEADER_BYTES)).name == header_of(new_file()).name
    assert slots_in(cells)[0].state.value == "on trial"
    assert cells.read(slot_offset(0) + PAYLOAD, len(new_file()) - PAYLOAD) == new_file()[PAYLOAD:]

    assert evaluate(BOTH) == "#('slot A' 'slot A')"
    assert started(cells) == (0, 5)
    with pytest.raises(BoardAsksForReset, match="the firmware asked for a reset"):
        evaluate("FirmwareSlot restart")
    bench.board.reset()
    assert bench.board.run(20_000_000).code == 9


def new_file() -> bytes:
    return pack(firmware(8, 12_000))


def relabelled(file: bytes, changes: dict[str, int]) -> bytes:
    """Some fields of the header have other values, and its checksum is right."""
    data = bytearray(file)
    for name, value in changes.items():
        struct.pack_into("<I", data, OFFSETS[name], value)
    checksum = OFFSETS["HEADER_CHECKSUM"]
    struct.pack_into("<I", data, checksum, crc32(bytes(data[:checksum])))
    return bytes(data)


def started(cells: FlashCells) -> tuple[int, int] | None:
    """The slot that the loader would start, and its generation."""
    slot = started_slot(slots_in(cells))
    return None if slot is None else (slot.number, slot.generation)


def header_of(data: bytes) -> Header:
    header = read_header(data[:HEADER_BYTES])
    assert header is not None
    return header


def test_the_command_without_a_slot_to_start(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boot", "--from-flash"]) == 2
    assert capsys.readouterr().err == "hardtalk: --from-flash needs the flash\nGive its image with --flash IMAGE.\n"
    empty = tmp_path / "empty.bin"
    assert run(["boot", "--flash", str(empty), "--from-flash"]) == 2
    assert capsys.readouterr().err.startswith(f"hardtalk: {empty}: there is no such file\nmake it with hardtalk flash ")
    assert not empty.exists()
    FlashFile(empty)
    assert run(["boot", "--flash", str(empty), "--from-flash"]) == 2
    assert capsys.readouterr().err.startswith("hardtalk: there is no boot loader in the flash\ninstall it with ")
    cells = FlashFile(image).cells()
    for number in range(2):
        cells.put(slot_offset(number), b"\0")
    FlashFile(image).store(cells)
    assert run(["boot", "--flash", str(image), "--from-flash"]) == 1
    told = capsys.readouterr()
    assert "slot A: its header is damaged\nslot B: its header is damaged\n*** no slot can be started\n" in told.out
    assert told.out.endswith("C\n")
    assert told.err.startswith(f"hardtalk: {image}: the boot loader waits for a firmware\ninstall one with ")


def test_the_board_has_the_same_numbers(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    fields = ("PAYLOAD_SIZE", "PAYLOAD_CHECKSUM", "ENTRY", "SEGMENT_COUNT", "SEGMENTS")
    fields += ("HEADER_CHECKSUM", "GENERATION", "GENERATION_COMPLEMENT", "TAKEN", "TAKEN_COMPLEMENT")
    names = {each: each.lower().title().replace("_", "") for each in (*fields, "CONFIRMED")}
    selectors = " ".join(f"#{name[0].lower()}{name[1:]}" for name in names.values())
    offsets = evaluate(f"#({selectors}) collect: [ :each | FirmwareSlot offsetOf: each ]")
    assert offsets == f"#({' '.join(str(OFFSETS[each]) for each in names)})"
    constants = evaluate(
        "{ FirmwareSlot firstSector. FirmwareSlot sectors. FirmwareSlot headerSize. FirmwareSlot magic }"
    )
    limits = evaluate(
        "#(mostSegments segmentGrain firmwareBase ramStop) collect: [ :each | FirmwareSlot perform: each ]"
    )
    ram = default_chip().ram
    assert limits == f"#({MOST_SEGMENTS} {SEGMENT_GRAIN} {CODE_BASE} {ram.base + ram.size})"
    magic = MAGIC_VALUE.to_bytes(4, "little").decode()
    assert constants == f"#({FIRST_SLOT_SECTOR} {SLOT_SECTORS} {HEADER_BYTES} '{magic}')"
    assert evaluate("FirmwareSlot startedFromFlash") == str(STARTED_FROM_FLASH)
    assert evaluate("FirmwareSlot running") == "nil"
    with pytest.raises(BenchError, match="this firmware was not started from flash"):
        evaluate("FirmwareSlot confirm")


def test_qemu_does_the_same(start_qemu: Callable[..., QemuMachine], image: Path, file: bytes) -> None:
    """A bit of the newer firmware has changed, so the older one is started; it makes the damaged slot anew."""
    cells = FlashFile(image).cells()
    place = slot_offset(1) + PAYLOAD + 100_000
    cells.put(place, bytes([cells.read(place, 1)[0] ^ 1]))
    FlashFile(image).store(cells)
    machine = start_qemu([], image, starts_from_flash=True)
    lines = machine.boot_text().splitlines()
    assert lines[0].startswith("slot B: the firmware's checksum is ")
    assert lines[1] == f"slot A: generation 1, {header_of(file).name}"
    assert lines[2].startswith("Hardtalk ")
    assert machine.enter("FirmwareSlot running")[-1] == Result("slot A")
    machine.enter("FlashVolumeDevice mount. nil")
    assert machine.enter(UPDATE.format("new.slot"))[-1] == Result("slot B")
    machine.send("FirmwareSlot restart")
    said = ""
    while not said.endswith("\n"):
        data = machine.read(QEMU_SECONDS)
        assert data, said
        said += data.decode()
    machine.close()
    assert said.strip() == f"slot B: generation 3, {header_of(new_file()).name}"
    slot = slots_in(FlashFile(image).cells())[1]
    assert slot.header == replace(header_of(new_file()), generation=3, tries_left=2)
