"""The whole firmware from flash: Smalltalk confirms it and updates the other slot; QEMU starts it, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from loader_board import firmware

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.booting import flash_of
from hardtalk.bench.errors import BoardEnded
from hardtalk.build import build
from hardtalk.flash import FlashFile
from hardtalk.slots import Header, boot_loader, install, install_loader, pack, read_header, slots_in
from hardtalk.slots.layout import (
    FIRST_SLOT_SECTOR,
    HEADER_BYTES,
    MAGIC_VALUE,
    OFFSETS,
    PAYLOAD,
    SLOT_SECTORS,
    STARTED_FROM_FLASH,
    slot_offset,
)


@pytest.fixture(scope="module")
def file() -> bytes:
    """The firmware as it ships, as a slot file."""
    return pack(build().elf)


@pytest.fixture
def image(tmp_path: Path, file: bytes) -> Path:
    """The firmware in slot A, confirmed, and in slot B, on trial."""
    path = tmp_path / "flash.bin"
    flash = FlashFile(path)
    cells = flash.cells()
    install_loader(cells, boot_loader())
    install(cells, file)
    install(cells, file)
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

    small = pack(firmware(8))
    head, rest = spelled(small[:HEADER_BYTES]), spelled(small[PAYLOAD:])
    literal = f"(#[{head}] , (ByteArray new: {PAYLOAD - HEADER_BYTES}) , #[{rest}])"
    with pytest.raises(BenchError, match="this is no firmware for a slot"):
        evaluate("FirmwareSlot install: (ReadStream on: (ByteArray new: 4096))")
    assert slots_in(cells)[0].generation == 1
    with pytest.raises(BenchError, match="the firmware is cut short"):
        evaluate(f"FirmwareSlot install: (ReadStream on: {literal} allButLast)")
    assert [each.state.value for each in slots_in(cells)] == ["no firmware", "confirmed"]
    assert evaluate(f"FirmwareSlot install: (ReadStream on: {literal})") == "slot A"
    assert slots_in(cells)[0].state.value == "on trial"
    assert (slots_in(cells)[0].generation, header_of(cells.read(slot_offset(0), HEADER_BYTES)).name) == (
        3,
        header_of(small).name,
    )
    assert cells.read(slot_offset(0) + PAYLOAD, len(small) - PAYLOAD) == small[PAYLOAD:]
    with pytest.raises(BoardEnded, match="the firmware asked for a reset"):
        evaluate("FirmwareSlot restart")
    bench.board.uart(0).take()
    bench.board.reset()
    assert bench.board.run(20_000_000).code == 8


def spelled(data: bytes) -> str:
    return " ".join(map(str, data))


def header_of(data: bytes) -> Header:
    header = read_header(data[:HEADER_BYTES])
    assert header is not None
    return header


def test_the_board_has_the_same_numbers(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    fields = ("PAYLOAD_SIZE", "PAYLOAD_CHECKSUM", "HEADER_CHECKSUM", "GENERATION", "GENERATION_COMPLEMENT")
    names = {each: each.lower().title().replace("_", "") for each in (*fields, "CONFIRMED")}
    selectors = " ".join(f"#{name[0].lower()}{name[1:]}" for name in names.values())
    offsets = evaluate(f"#({selectors}) collect: [ :each | FirmwareSlot offsetOf: each ]")
    assert offsets == f"#({' '.join(str(OFFSETS[each]) for each in names)})"
    constants = evaluate(
        "{ FirmwareSlot firstSector. FirmwareSlot sectors. FirmwareSlot headerSize. FirmwareSlot magic }"
    )
    magic = MAGIC_VALUE.to_bytes(4, "little").decode()
    assert constants == f"#({FIRST_SLOT_SECTOR} {SLOT_SECTORS} {HEADER_BYTES} '{magic}')"
    assert evaluate("FirmwareSlot startedFromFlash") == str(STARTED_FROM_FLASH)
    assert evaluate("FirmwareSlot running") == "nil"
    with pytest.raises(BenchError, match="this firmware was not started from flash"):
        evaluate("FirmwareSlot confirm")


def test_qemu_starts_from_the_same_image(image: Path, file: bytes) -> None:
    """A bit of the newer firmware has changed, so the older one is started."""
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is not installed")
    with image.open("r+b") as flash:
        flash.seek(slot_offset(1) + PAYLOAD + 100_000)
        byte = flash.read(1)[0]
        flash.seek(-1, os.SEEK_CUR)
        flash.write(bytes([byte ^ 1]))
    process = subprocess.Popen(
        [
            *(qemu, "-M", "versatilepb", "-m", "128", "-display", "none", "-monitor", "none", "-serial", "stdio"),
            *("-drive", f"if=pflash,format=raw,file={image}", "-device", "loader,addr=0x34000000,cpu-num=0"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "QEMU_AUDIO_DRV": "none"},
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not lines or not lines[-1].startswith("Hardtalk "):
            line = process.stdout.readline().decode()
            assert line, lines
            lines.append(line.strip())
    finally:
        process.kill()
        process.wait()
    assert lines[0].startswith("slot B: the firmware's checksum is ")
    assert lines[1] == f"slot A: generation 1, {header_of(file).name}"
