"""NOR flash: commands as docs/flash.md has them, times, suspension, and what power cuts leave behind."""

import random

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import BusError, CfiFlash, microseconds, milliseconds, restore_devices, save_devices
from hardtalk.devices.cfi_flash import (
    ERASE_ERROR,
    ERASE_SUSPENDED,
    PAGE_BYTES,
    PROGRAM_ERROR,
    PROGRAM_SUSPENDED,
    READY,
    SECTOR_BYTES,
)

BUSY = 0


@pytest.fixture
def flash() -> CfiFlash:
    return CfiFlash(default_chip().peripheral("FLASH"))


def status(flash: CfiFlash) -> int:
    word = flash.read_at(0)
    assert word >> 16 == word & 0xFFFF
    return word & 0xFFFF


def array(flash: CfiFlash, offset: int) -> int:
    flash.write_at(0, 0xFF)
    return flash.read_at(offset)


def program(flash: CfiFlash, offset: int, word: int) -> None:
    flash.write_at(offset, 0x40)
    flash.write_at(offset, word)
    flash.clock.advance(microseconds(128))
    assert status(flash) == READY


def begin_buffer(flash: CfiFlash, offset: int, words: list[int]) -> None:
    flash.write_at(offset, 0xE8)
    assert status(flash) == READY
    flash.write_at(offset, len(words) - 1)
    for index, word in enumerate(words):
        flash.write_at(offset + 4 * index, word)
    flash.write_at(offset, 0xD0)


def begin_erase(flash: CfiFlash, offset: int) -> None:
    flash.write_at(offset, 0x20)
    flash.write_at(offset, 0xD0)


def test_a_new_bank_is_erased_and_identifies_itself(flash: CfiFlash) -> None:
    assert flash.read_at(0x3FFFFFC) == 0xFFFFFFFF
    flash.write_at(0, 0x90)
    assert flash.read_at(0) == 0x8918
    flash.write_at(0, 0x98)
    assert [flash.read_at(4 * word) for word in range(0x10, 0x14)] == [ord("Q"), ord("R"), ord("Y"), 1]
    assert 1 << flash.read_at(4 * 0x27) == 64 << 20
    assert 1 << flash.read_at(4 * 0x2A) == 2048
    assert flash.read_at(4 * 0x2D) + 1 == 256
    assert (flash.read_at(4 * 0x30) << 8 | flash.read_at(4 * 0x2F)) << 8 == 256 << 10


def test_the_query_tells_the_times_that_programs_and_erases_take(flash: CfiFlash) -> None:
    flash.write_at(0, 0x98)
    word, page, erase = (1 << flash.read_at(4 * each) for each in (0x1F, 0x20, 0x21))
    flash.write_at(0, 0x40)
    flash.write_at(0, 0)
    flash.clock.advance(microseconds(word - 1))
    assert status(flash) == BUSY
    flash.clock.advance(microseconds(1))
    assert status(flash) == READY
    begin_buffer(flash, 4096, [1, 2])
    flash.clock.advance(microseconds(page - 1))
    assert status(flash) == BUSY
    flash.clock.advance(microseconds(1))
    assert status(flash) == READY
    begin_erase(flash, SECTOR_BYTES)
    flash.clock.advance(milliseconds(erase - 1))
    assert status(flash) == BUSY
    flash.clock.advance(milliseconds(1))
    assert status(flash) == READY


def test_programs_only_clear_bits(flash: CfiFlash) -> None:
    program(flash, 8, 0xFF00FF0F)
    program(flash, 8, 0x0F0F0FFF)
    assert array(flash, 8) == 0x0F000F0F
    assert array(flash, 4) == array(flash, 12) == 0xFFFFFFFF


def test_a_buffer_is_programmed_and_an_erase_takes_it_away(flash: CfiFlash) -> None:
    words = [random.Random(1).getrandbits(32) for _ in range(512)]
    begin_buffer(flash, SECTOR_BYTES, words)
    flash.clock.advance(milliseconds(2))
    assert [array(flash, SECTOR_BYTES + 4 * each) for each in range(512)] == words
    program(flash, 0, 5)
    begin_erase(flash, SECTOR_BYTES + 700)
    flash.clock.advance(milliseconds(1024))
    assert array(flash, SECTOR_BYTES) == array(flash, SECTOR_BYTES + 2044) == 0xFFFFFFFF
    assert array(flash, 0) == 5
    assert (flash.contents.wear[0], flash.contents.wear[1]) == (0, 1)


@pytest.mark.parametrize("second", [0x70, 0xFF, 0x00])
def test_an_erase_that_is_not_confirmed_is_none(flash: CfiFlash, second: int) -> None:
    program(flash, 0, 1)
    flash.write_at(0, 0x20)
    flash.write_at(0, second)
    flash.clock.advance(milliseconds(2000))
    assert status(flash) == READY | ERASE_ERROR | PROGRAM_ERROR
    flash.write_at(0, 0x50)
    flash.write_at(0, 0x70)
    assert status(flash) == READY
    assert array(flash, 0) == 1


def test_buffers_that_are_too_long_or_leave_their_page_program_nothing(flash: CfiFlash) -> None:
    flash.write_at(0, 0xE8)
    flash.write_at(0, 512)
    assert status(flash) == READY | ERASE_ERROR | PROGRAM_ERROR
    flash.write_at(0, 0x50)
    flash.write_at(0, 0xE8)
    flash.write_at(0, 1)
    flash.write_at(PAGE_BYTES - 4, 1)
    flash.write_at(PAGE_BYTES, 1)
    assert status(flash) == READY | ERASE_ERROR | PROGRAM_ERROR
    flash.clock.advance(milliseconds(5))
    assert array(flash, PAGE_BYTES - 4) == array(flash, PAGE_BYTES) == 0xFFFFFFFF


def test_an_erase_is_suspended_for_reads_and_programs_elsewhere(flash: CfiFlash) -> None:
    program(flash, SECTOR_BYTES, 77)
    begin_erase(flash, 0)
    flash.clock.advance(milliseconds(500))
    flash.write_at(0, 0xB0)
    assert status(flash) == BUSY
    flash.clock.advance(microseconds(10))
    flash.write_at(0, 0xB0)
    flash.clock.advance(microseconds(10))
    assert status(flash) == READY | ERASE_SUSPENDED
    assert array(flash, SECTOR_BYTES) == 77
    program_while_suspended(flash)
    flash.write_at(0, 0xD0)
    assert status(flash) == BUSY
    flash.clock.advance(milliseconds(523))
    assert status(flash) == BUSY
    flash.clock.advance(milliseconds(1))
    assert status(flash) == READY
    assert array(flash, SECTOR_BYTES + 4) == 9


def program_while_suspended(flash: CfiFlash) -> None:
    flash.write_at(0, 0x40)
    flash.write_at(SECTOR_BYTES + 4, 9)
    flash.clock.advance(microseconds(50))
    flash.write_at(0, 0xB0)
    flash.clock.advance(microseconds(20))
    assert status(flash) == READY | ERASE_SUSPENDED | PROGRAM_SUSPENDED
    flash.write_at(0, 0xD0)
    flash.clock.advance(microseconds(58))
    assert status(flash) == READY | ERASE_SUSPENDED
    flash.write_at(0, 0x40)
    flash.write_at(8, 9)
    assert status(flash) == READY | ERASE_SUSPENDED | ERASE_ERROR | PROGRAM_ERROR
    flash.write_at(0, 0x50)


def test_suspending_what_ends_within_the_latency_lets_it_end(flash: CfiFlash) -> None:
    flash.write_at(0, 0x40)
    flash.write_at(0, 3)
    flash.clock.advance(microseconds(115))
    flash.write_at(0, 0xB0)
    flash.clock.advance(microseconds(13))
    assert status(flash) == READY
    assert array(flash, 0) == 3


def test_commands_while_busy_are_ignored_and_told(flash: CfiFlash) -> None:
    told: list[str] = []
    flash.notice = told.append
    begin_erase(flash, 0)
    flash.write_at(0, 0xFF)
    assert status(flash) == BUSY
    assert told == ["command 0xff while the flash is busy, which is ignored"]


@pytest.mark.parametrize("seed", range(20))
def test_a_program_that_power_cuts_is_torn_at_one_place(seed: int) -> None:
    flash = CfiFlash(default_chip().peripheral("FLASH"), seed=seed)
    begin_buffer(flash, 2048, [0] * 64)
    flash.clock.advance(microseconds(500))
    flash.cut_power()
    words = [flash.read_at(2048 + 4 * each) for each in range(64)]
    done = words.index(next(each for each in words if each))
    assert words[:done] == [0] * done
    assert words[done + 1 :] == [0xFFFFFFFF] * (63 - done)
    assert flash.read_at(2048) != 0xFFFFFFFF or done == 0


@pytest.mark.parametrize("seed", range(6))
def test_an_erase_that_power_cuts_leaves_neither_the_old_nor_an_erased_sector(seed: int) -> None:
    flash = CfiFlash(default_chip().peripheral("FLASH"), seed=seed)
    for offset in range(0, SECTOR_BYTES, 4096):
        flash.contents.put(offset, bytes(range(256)) * 16)
    old = flash.contents.read(0, SECTOR_BYTES)
    begin_erase(flash, 0)
    flash.clock.advance(milliseconds(100))
    flash.cut_power()
    torn = flash.contents.read(0, SECTOR_BYTES)
    assert torn not in (old, b"\xff" * SECTOR_BYTES)
    assert flash.contents.wear[0] == 1
    assert flash.read_at(0) == int.from_bytes(torn[:4], "little")


def test_a_worn_sector_fails_to_erase(flash: CfiFlash) -> None:
    flash.endurance = 2
    program(flash, 0, 6)
    for expected in (READY, READY, READY | ERASE_ERROR):
        begin_erase(flash, 0)
        flash.clock.advance(milliseconds(1024))
        assert status(flash) == expected


def test_only_whole_words_are_written_and_all_sizes_read(flash: CfiFlash) -> None:
    program(flash, 0, 0x11223344)
    flash.write_at(0, 0xFF)
    assert [flash.read_at(each, 1) for each in range(4)] == [0x44, 0x33, 0x22, 0x11]
    assert [flash.read_at(each, 2) for each in (0, 2)] == [0x3344, 0x1122]
    with pytest.raises(BusError, match="whole words"):
        flash.write_at(2, 0, 2)
    with pytest.raises(BusError, match="no 4 bytes"):
        flash.read_at(64 << 20)


def test_a_snapshot_keeps_contents_and_what_is_going_on(flash: CfiFlash) -> None:
    begin_buffer(flash, 0, [1, 2, 3])
    saved = save_devices(flash.clock, [flash])
    flash.clock.advance(milliseconds(3))
    assert array(flash, 8) == 3
    restore_devices(saved, flash.clock, [flash])
    assert status(flash) == BUSY
    assert flash.contents.word(8) == 0xFFFFFFFF
    flash.clock.advance(milliseconds(3))
    assert array(flash, 8) == 3
