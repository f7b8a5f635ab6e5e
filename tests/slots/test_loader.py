"""The boot loader on the emulated board: the slot that it starts, what it says of others, recovery over the line."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from loader_board import CAN, LoaderBoard, Program, Sender, block, firmware

from hardtalk.devices import FlashCells
from hardtalk.power_cuts.judges import torn
from hardtalk.slots import pack, read_header, slots_in, started_slot
from hardtalk.slots.layout import HEADER_BYTES, OFFSETS, PAYLOAD, slot_offset

A, B = slot_offset(0), slot_offset(1)


@pytest.fixture(scope="module")
def machine() -> LoaderBoard:
    return LoaderBoard()


@pytest.fixture
def loader(machine: LoaderBoard) -> LoaderBoard:
    """Both slots erased."""
    for start in (A, B):
        machine.cells.erase(start // machine.cells.sector_bytes)
    return machine


def test_the_newest_is_started_and_says_so(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4, confirm=True)
    assert loader.start() == 4
    header = read_header(loader.cells.read(B, HEADER_BYTES))
    assert header is not None
    assert loader.said == f"slot B: generation 2, {header.name}\n"
    newer = replace(header, generation=1203)
    loader.cells.put(B, newer.to_bytes())
    loader.install(5, confirm=True)
    assert loader.start() == 5
    assert loader.said.startswith("slot A: generation 1204, ")


def test_what_is_loaded_is_what_was_installed(loader: LoaderBoard) -> None:
    elf = firmware(7, payload_bytes=5000)
    loader.install(7, payload_bytes=5000)
    assert loader.start() == 7
    filling = pack(elf)[PAYLOAD + 32 :]
    assert loader.board.ram.read(0x11000, len(filling)) == filling


@pytest.mark.parametrize("offset", [PAYLOAD, PAYLOAD + 40, *range(0, 73, 12), 4, OFFSETS["GENERATION"]])
def test_a_bit_that_has_changed_leads_to_the_other_slot(loader: LoaderBoard, offset: int) -> None:
    loader.install(3)
    loader.install(4, confirm=True)
    old = loader.cells.read(B + offset, 1)[0]
    loader.cells.put(B + offset, bytes([old ^ 0x10]))
    assert loader.start() == 3
    what = "the firmware's checksum is " if offset >= PAYLOAD else "its header is damaged\n"
    assert loader.said.startswith(f"slot B: {what}")
    assert "\nslot A: generation 1, " in loader.said


def test_a_header_that_is_cut_short(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4, confirm=True)
    loader.cells.put(B + 24, b"\xff" * (HEADER_BYTES - 24))
    assert loader.start() == 3
    assert loader.said.startswith("slot B: its header is damaged\nslot A: ")


def test_three_starts_on_trial_and_then_the_other_slot(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4)
    assert [loader.start() for _ in range(5)] == [4, 4, 4, 3, 3]
    assert loader.said.startswith("slot B: never confirmed, and no start is left\nslot A: generation 1, ")


def test_a_slot_that_is_confirmed_stays(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4)
    assert loader.start() == 4
    loader.cells.program(B + OFFSETS["CONFIRMED"], bytes(4))
    assert [loader.start() for _ in range(4)] == [4] * 4


def test_the_only_firmware_needs_no_trial(loader: LoaderBoard) -> None:
    loader.install(3)
    assert [loader.start() for _ in range(5)] == [3] * 5


def test_a_torn_mark_counts_as_a_start_but_not_as_confirmation(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4)
    loader.cells.put(B + OFFSETS["TRIED"], b"\xff\xff\x7f\xff")
    loader.cells.put(B + OFFSETS["CONFIRMED"], b"\x00\x00\x01\x00")
    assert [loader.start() for _ in range(3)] == [4, 4, 3]


def test_what_the_firmware_finds_in_the_flags(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.install(4)
    loader.start()
    assert loader.board.device("SYSTEM").read("SYS_FLAGS") == 0xB0070001


def test_segments_that_would_overwrite_the_loader_or_leave_ram(loader: LoaderBoard) -> None:
    """A header may be whole and still be another program's."""
    loader.install(3)
    for address, size in ((0x8000, 32), (0x07FFFFE0, 64), (0x10010, 32), (0xFFFFFFE0, 64), (0x10000, 1 << 30)):
        header = read_header(pack(firmware(4))[:HEADER_BYTES])
        assert header is not None
        wrong = replace(header, segments=((address, size),), generation=9, is_confirmed=True)
        loader.cells.put(B, wrong.to_bytes())
        assert loader.start() == 3
        assert loader.said.startswith("slot B: its header is damaged\n")
        assert slots_in(loader.cells)[1].state.value == "its header is damaged"


def test_an_entry_where_no_firmware_may_be(loader: LoaderBoard) -> None:
    loader.install(3)
    header = read_header(pack(firmware(4))[:HEADER_BYTES])
    assert header is not None
    for entry in (0, 0xFFFC, 0x0800_0000):
        loader.cells.put(B, replace(header, entry=entry, generation=9, is_confirmed=True).to_bytes())
        assert loader.start() == 3
        assert loader.said.startswith("slot B: its header is damaged\n")
        assert slots_in(loader.cells)[1].state.value == "its header is damaged"


def test_the_host_and_the_loader_agree_on_damaged_flash(loader: LoaderBoard) -> None:
    chance = random.Random(3)
    for _ in range(12):
        for start in (A, B):
            loader.cells.erase(start // loader.cells.sector_bytes)
        loader.install(3, 0, confirm=chance.random() < 0.5)
        loader.install(4, 1, confirm=chance.random() < 0.5)
        for _ in range(chance.randrange(4)):
            offset = chance.choice((A, B)) + 4 * chance.choice((*range(25), PAYLOAD // 4, PAYLOAD // 4 + 9))
            mask = chance.choice((0, 1 << chance.randrange(32)))
            old = int.from_bytes(loader.cells.read(offset, 4), "little")
            loader.cells.put(offset, (old ^ mask if mask else 0).to_bytes(4, "little"))
        expected = started_slot(slots_in(loader.cells))
        assert loader.start(2_000_000) == (None if expected is None else 3 + expected.number), loader.said


# Recovery


SEND = "    Send a firmware with XMODEM or YMODEM: a file made by hardtalk flash pack.\nC"
RECOVERY = f"*** no slot can be started\n{SEND}"
AGAIN = f"*** the sender gave up, or is out of step\n{SEND}"


def test_no_firmware_at_all(loader: LoaderBoard) -> None:
    assert loader.start() is None
    assert loader.said == f"slot A: no firmware\nslot B: no firmware\n{RECOVERY}"


def test_control_r_is_the_way_out_of_a_firmware_that_does_not_work(loader: LoaderBoard) -> None:
    loader.install(3)
    loader.power_on()
    loader.board.run(20_000)
    loader.board.uart(0).send(b"R\x12")
    assert loader.halted(loader.board.run(20_000_000)) is None
    assert loader.said == f"slot B: no firmware\n*** recovery was asked for\n{SEND}"
    flash, chance = loader.flash, random.Random(2)
    cuts: list[FlashCells] = []
    flash.finishing = lambda operation: cuts.append(torn(flash.contents, operation, chance))
    assert loader.run_with(Sender(pack(firmware(6)))) == 6
    flash.finishing = None
    assert [each.generation for each in slots_in(loader.cells)] == [1, 2]
    assert len(cuts) == 3
    assert {started_slot(slots_in(each)).number for each in cuts[:-1]} == {0}, "power cut while it is written"


def test_a_firmware_without_sense_ends_in_a_message(loader: LoaderBoard) -> None:
    """Its first word is an undefined instruction; until a firmware has vectors of its own the loader's are there."""
    loader.install(3)
    file = pack(firmware(4))
    header = read_header(file[:HEADER_BYTES])
    assert header is not None
    payload = (0xE7F000F0).to_bytes(4, "little") * (header.payload_size // 4)
    wrong = replace(header, payload_checksum=crc32(payload), generation=2, is_confirmed=True)
    loader.cells.put(B, wrong.to_bytes().ljust(PAYLOAD, b"\xff") + payload)
    assert loader.start() == 5
    assert loader.said.endswith("\n\n*** fault before the firmware has its own vectors, lr 00010004\n")


def spoiled(number: int, tries: int, data: bytes) -> bytes:
    """Of each block something goes wrong at first: a byte is changed, one is lost, there is noise before it."""
    if tries > 1 or len(data) <= 1:
        return data
    return (data[:30] + bytes([data[30] ^ 4]) + data[31:], data[:70] + data[71:], b"\x7f\x00" + data)[number - 1]


def test_a_firmware_over_a_disturbed_line(loader: LoaderBoard) -> None:
    """The one that is worn goes to the other slot, and has no trial: there is nothing to go back to."""
    loader.install(3)
    loader.cells.put(A + PAYLOAD, b"\0")
    loader.start()
    loader.cells.wear[B // loader.cells.sector_bytes] = loader.flash.endurance
    code = loader.run_with(Sender(pack(firmware(6, 500)), 1024, spoiled))
    assert code == 6
    loader.cells.wear[B // loader.cells.sector_bytes] = 0
    assert "slot B: is being written\nslot A: is being written\nwritten\n" in loader.said
    assert [each.state.value for each in slots_in(loader.cells)] == ["confirmed", "no firmware"]
    assert [loader.start() for _ in range(4)] == [6] * 4


def once(data: bytes) -> Callable[[bytes], bytes]:
    """A peer that sends this when it is asked, and then nothing."""
    left = [data]
    return lambda heard: left.pop() if left and heard.endswith(b"C") else b""


def test_what_is_no_firmware_changes_nothing(loader: LoaderBoard) -> None:
    loader.start()
    file = bytearray(pack(firmware(6)))
    file[PAYLOAD + 50] ^= 1
    loader.run_with(Sender(bytes(file)), 150_000_000)
    assert "what came: the firmware's checksum is " in loader.said
    assert loader.said.endswith(RECOVERY)
    loader.run_with(Sender(b"hello"), 150_000_000)
    assert "what came is no firmware, or is damaged\n" in loader.said
    loader.run_with(once(bytes([CAN, CAN])), 60_000_000)
    assert loader.said.endswith(f"C\n{AGAIN}")
    loader.run_with(once(block(5, b"out of step")), 60_000_000)
    assert loader.said.endswith(f"C\x18\x18\n{AGAIN}")
    assert loader.cells.read(A, 4096) == loader.cells.read(B, 4096) == b"\xff" * 4096


@pytest.mark.parametrize("command", [("sx", "-k"), ("sb",)], ids=" ".join)
def test_lrzsz_sends_a_firmware(loader: LoaderBoard, command: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip("lrzsz is not installed")
    path = tmp_path / "firmware.slot"
    path.write_bytes(pack(firmware(9)))
    loader.start()
    assert loader.run_with(Program(*command, "-q", str(path))) == 9
